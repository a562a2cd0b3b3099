#include "cli/errands.h"

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cli/interrupt.h"
#include "cli/outcome.h"
#include "cli/requests.h"

enum { STEP_MS = 1000 };

struct errand_run {
	const struct errands *errands;
	struct follow *follow;
	struct requests requests;
};

static void take_ended(void *ctx, const struct follow_file *file)
{
	struct errand_run *errand_run = ctx;
	outcome_tell_file(errand_run->follow, file);
}

static int wait_for_all(struct errand_run *errand_run, struct sp_error *err)
{
	while (follow_pending(errand_run->follow) > 0 && !interrupt_came())
		if (follow_step(errand_run->follow, STEP_MS, err) != 0)
			return -1;
	return 0;
}

static int ask_for(struct errand_run *errand_run, const char *path, struct sp_error *err)
{
	const struct errands *errands = errand_run->errands;
	SP_AUTO_FREE char *target = NULL;
	if (errands->target != NULL)
		target = errands->is_name ? sp_strdup(errands->target)
					  : path_join(errands->target, path_base(path));
	struct sp_error reason = { 0 };
	if (requests_errand(&errand_run->requests, path, target, &reason) == 0)
		return follow_step(errand_run->follow, 0, err);
	return reason.code == SP_CANCELLED ? 0 : sp_fail(err, reason.code, "%s", reason.message);
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

/* Those that lie @depth folders deep; the depth below it that is the next, 0 when there is none. */
static int ask_for_folders(struct errand_run *errand_run, const struct path_list *list,
			   size_t depth, size_t *out_next, struct sp_error *err)
{
	*out_next = 0;
	for (size_t i = 0; i < list->count && !interrupt_came(); i++) {
		if (!list->entries[i].is_folder)
			continue;
		size_t here = depth_of(list->entries[i].path) + 1;
		if (here == depth && ask_for(errand_run, list->entries[i].path, err) != 0)
			return -1;
		if (here < depth && here > *out_next)
			*out_next = here;
	}
	return 0;
}

static int carry_out(struct errand_run *errand_run, const struct path_list *list,
		     struct sp_error *err)
{
	for (size_t i = 0; i < list->count && !interrupt_came(); i++)
		if (!list->entries[i].is_folder &&
		    ask_for(errand_run, list->entries[i].path, err) != 0)
			return -1;
	if (wait_for_all(errand_run, err) != 0)
		return -1;
	for (size_t depth = SIZE_MAX, next; depth > 0 && !interrupt_came(); depth = next)
		if (ask_for_folders(errand_run, list, depth, &next, err) != 0 ||
		    wait_for_all(errand_run, err) != 0)
			return -1;
	return 0;
}

int errands_carry_out(const struct errands *errands, const struct path_list *list,
		      struct sp_error *err)
{
	SP_AUTO_JSON json_t *ids = json_array();
	struct errand_run errand_run = { .errands = errands,
					 .requests = { .ask = errands->ask,
						       .connector_id = errands->connector_id,
						       .transfer_ids = ids } };
	const struct follow_options options = { .ask = errands->ask,
						.connector_id = errands->connector_id,
						.is_quiet = true,
						.ended = take_ended,
						.ctx = &errand_run };
	struct outcome outcome = { .connector = run_word(errands->run, 0),
				   .transfer_ids = ids,
				   .planned = list->count,
				   .is_errand = true,
				   .began_ms = sp_monotonic_ms() };
	interrupt_note();
	if (follow_open(&options, &errand_run.follow, err) != 0)
		return -1;
	errand_run.requests.follow = errand_run.follow;
	int result = carry_out(&errand_run, list, err);
	outcome.asked = errand_run.requests.asked;
	if (result == 0)
		outcome_tell(&outcome, errand_run.follow, errands->run);
	else if (outcome.asked > 0)
		sp_wrap(err, "%zu of %zu were asked for and go on", outcome.asked, list->count);
	follow_close(errand_run.follow);
	return result;
}
