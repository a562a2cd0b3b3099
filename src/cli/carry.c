#include "cli/carry.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cli/interrupt.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/requests.h"

enum { STEP_MS = 1000 };

struct carrying {
	const struct carry *carry;
	struct follow *follow; /* NULL: detached */
	struct requests requests;
	struct outcome outcome;
	const struct follow_file **fetched; /* COMPLETED, of which something is to become */
	size_t fetched_count, settled_count;
};

static void take_ended(void *ctx, const struct follow_file *file)
{
	struct carrying *carrying = ctx;
	outcome_tell_file(carrying->follow, file);
	if (carrying->carry->then != THEN_NOTHING && !file->is_errand && !file->has_failed)
		carrying->fetched[carrying->fetched_count++] = file;
}

/* A file that is safely here leaves the partner's folder. */
static int settle(struct carrying *carrying, struct sp_error *err)
{
	const struct carry *carry = carrying->carry;
	while (carrying->settled_count < carrying->fetched_count && !interrupt_came()) {
		const char *path = carrying->fetched[carrying->settled_count]->path;
		SP_AUTO_FREE char *target = carry->then == THEN_MOVE
						    ? path_join(carry->then_folder, path_base(path))
						    : NULL;
		if (requests_errand(&carrying->requests, path, target, err) != 0)
			return -1;
		carrying->settled_count++;
	}
	return 0;
}

static int follow_all(struct carrying *carrying, struct sp_error *err)
{
	while ((follow_pending(carrying->follow) > 0 ||
		carrying->settled_count < carrying->fetched_count) &&
	       !interrupt_came())
		if (follow_step(carrying->follow, STEP_MS, err) != 0 || settle(carrying, err) != 0)
			return -1;
	return 0;
}

static int open_follow(struct carrying *carrying, struct sp_error *err)
{
	const struct carry *carry = carrying->carry;
	const struct follow_options options = { .ask = carry->ask,
						.connector_id = carry->connector_id,
						.is_quiet = run_has(carry->run, OPTION_QUIET),
						.ended = take_ended,
						.ctx = carrying };
	int64_t bytes;
	bool are_known = path_list_bytes(carry->paths, &bytes);
	interrupt_note();
	if (follow_open(&options, &carrying->follow, err) != 0)
		return -1;
	follow_expect(carrying->follow, (int64_t)carry->paths->count, bytes, are_known);
	carrying->requests.follow = carrying->follow;
	return 0;
}

static int carry_all(struct carrying *carrying, struct sp_error *err)
{
	const struct carry *carry = carrying->carry;
	if (!run_has(carry->run, OPTION_DETACH) && open_follow(carrying, err) != 0)
		return -1;
	int result = requests_transfer(&carrying->requests, carry->paths, err);
	size_t asked = carrying->outcome.asked = carrying->requests.asked;
	if (result == 0 && carrying->follow != NULL)
		result = follow_all(carrying, err);
	if (result != 0)
		return asked == 0 ? -1
				  : sp_wrap(err, "%zu of %zu files were asked for and go on", asked,
					    carry->paths->count);
	outcome_tell(&carrying->outcome, carrying->follow, carry->run);
	if (carrying->settled_count < carrying->fetched_count)
		output_note("%zu files that were fetched are still where they were at the partner",
			    carrying->fetched_count - carrying->settled_count);
	return 0;
}

int carry_files(const struct carry *carry, struct sp_error *err)
{
	SP_AUTO_JSON json_t *ids = json_array();
	struct carrying carrying = {
		.carry = carry,
		.requests = { .ask = carry->ask,
			      .connector_id = carry->connector_id,
			      .to = carry->to,
			      .is_retrieve = carry->is_retrieve,
			      .transfer_ids = ids },
		.outcome = { .connector = run_word(carry->run, 0),
			     .transfer_ids = ids,
			     .planned = carry->paths->count,
			     .began_ms = sp_monotonic_ms() },
		.fetched = sp_alloc((carry->paths->count + 1) * sizeof(struct follow_file *)),
	};
	int result = carry_all(&carrying, err);
	follow_close(carrying.follow);
	free(carrying.fetched);
	return result;
}
