/* sallyport watch: what is under way, until it has ended. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/follow.h"
#include "cli/handlers.h"
#include "cli/interrupt.h"
#include "cli/names.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/transfer_pages.h"

enum { STEP_MS = 1000, UNDER_WAY_MAX = 100000, TRANSFER_ID_LENGTH = 36 };

struct watching {
	struct run *run;
	struct follow *follow;
	bool is_begun; /* what had ended before is not told */
};

static void tell_ended(void *ctx, const struct follow_file *file)
{
	struct watching *watching = ctx;
	if (!watching->is_begun)
		return;
	follow_clear_bar(watching->follow);
	if (run_has(watching->run, OPTION_JSON))
		output_json_line(outcome_file(file));
	else if (!file->has_failed)
		printf("COMPLETED %s\n", file->path);
	else
		printf("FAILED %s: %s\n", file->path, file->failure == NULL ? "" : file->failure);
	fflush(stdout);
}

/* A UUID is a transfer's id; whatever else is a connector. */
static bool is_transfer_id(const char *text)
{
	return strlen(text) == TRANSFER_ID_LENGTH &&
	       strspn(text, "0123456789abcdef-") == TRANSFER_ID_LENGTH;
}

static int add_under_way(struct ask *ask, struct follow *follow, const char *connector_id,
			 struct sp_error *err)
{
	static const char *const states[] = { "IN_PROGRESS", "QUEUED" };
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct transfer_wish wish = { .connector = connector_id, .state = states[i] };
		SP_AUTO_JSON json_t *transfers = NULL;
		if (transfer_pages_read(ask, &wish, UNDER_WAY_MAX, &transfers, err) != 0)
			return -1;
		size_t j;
		json_t *transfer;
		json_array_foreach (transfers, j, transfer) {
			const char *id = sp_json_string(transfer, "TransferId");
			if (follow_add_begun(follow, id == NULL ? "" : id, err) != 0)
				return -1;
		}
	}
	return 0;
}

static int begin(struct ask *ask, struct watching *watching, struct sp_error *err)
{
	const char *word = run_word(watching->run, 0);
	bool by_transfers = word != NULL && is_transfer_id(word);
	char connector_id[CONNECTOR_ID_ROOM] = "";
	if (word != NULL && !by_transfers &&
	    names_find_connector(ask, word, connector_id, err) != 0)
		return -1;
	if (!by_transfers && watching->run->word_count > 1)
		return sp_fail(err, SP_INVALID,
			       "cannot watch more than one connector: name none to "
			       "watch them all");
	const struct follow_options options = { .ask = ask,
						.connector_id = connector_id[0] == '\0'
									? NULL
									: connector_id,
						.takes_all = !by_transfers,
						.is_quiet = run_has(watching->run, OPTION_QUIET),
						.ended = tell_ended,
						.ctx = watching };
	if (follow_open(&options, &watching->follow, err) != 0)
		return -1;
	for (size_t i = 0; by_transfers && i < watching->run->word_count; i++)
		if (follow_add_begun(watching->follow, watching->run->words[i], err) != 0)
			return -1;
	return by_transfers ? 0 : add_under_way(ask, watching->follow, options.connector_id, err);
}

static int watch_all(struct watching *watching, struct sp_error *err)
{
	bool for_ever = run_has(watching->run, OPTION_FOLLOW);
	watching->is_begun = true;
	while ((for_ever || follow_pending(watching->follow) > 0) && !interrupt_came())
		if (follow_step(watching->follow, STEP_MS, err) != 0)
			return -1;
	bool any_failed = false;
	for (size_t i = 0; i < follow_count(watching->follow); i++)
		any_failed = any_failed || follow_at(watching->follow, i)->has_failed;
	watching->run->status = interrupt_came() ? STATUS_INTERRUPTED
				: any_failed     ? STATUS_FILES_FAILED
						 : STATUS_OK;
	return 0;
}

static int watch_with(struct ask *ask, struct run *run, struct sp_error *err)
{
	struct watching watching = { .run = run };
	interrupt_note();
	int result = begin(ask, &watching, err);
	if (result == 0)
		result = watch_all(&watching, err);
	follow_close(watching.follow);
	return result;
}

int watch(struct run *run, struct sp_error *err)
{
	return ask_within(run, watch_with, err);
}
