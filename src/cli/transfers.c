/* sallyport transfers: what was asked for, or one of them with its files. */

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/amount.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/transfer_pages.h"

enum { MAX_USUAL = 50, MAX_MAX = 100000 };

static void print_list(const json_t *transfers)
{
	static const char *const titles[] = { "TRANSFER", "CONNECTOR", "DIRECTION", "STATE",
					      "FILES",    "BYTES",     "CREATED",   NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *transfer;
	json_array_foreach (transfers, i, transfer) {
		const json_t *counts = json_object_get(transfer, "Counts");
		char files[2 * AMOUNT_SIZE], bytes[AMOUNT_SIZE];
		snprintf(files, sizeof(files), "%lld/%lld",
			 (long long)sp_json_integer(counts, "Completed", 0),
			 (long long)sp_json_integer(counts, "Files", 0));
		amount_of_bytes(sp_json_integer(counts, "Bytes", 0), bytes);
		output_table_add(&table, sp_json_string(transfer, "TransferId"));
		output_table_add(&table, sp_json_string(transfer, "ConnectorId"));
		output_table_add(&table, sp_json_string(transfer, "Direction"));
		output_table_add(&table, sp_json_string(transfer, "State"));
		output_table_add(&table, files);
		output_table_add(&table, bytes);
		output_table_add(&table, sp_json_string(transfer, "Created"));
	}
	output_table_print(&table);
}

static void print_one(const json_t *transfer)
{
	static const char *const titles[] = { "STATUS", "SIZE", "PATH", "FAILURE", NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *file;
	json_array_foreach (json_object_get(transfer, "Files"), i, file) {
		char size[AMOUNT_SIZE] = "";
		json_int_t bytes = sp_json_integer(file, "Size", -1);
		if (bytes >= 0)
			amount_of_bytes(bytes, size);
		output_table_add(&table, sp_json_string(file, "StatusCode"));
		output_table_add(&table, size);
		output_table_add(&table, sp_json_string(file, "FilePath"));
		output_table_add(&table, sp_json_string(file, "FailureMessage"));
	}
	output_table_print(&table);
}

static int read_max(const struct run *run, size_t *out, struct sp_error *err)
{
	const char *text = run_option(run, OPTION_MAX);
	uint64_t number = MAX_USUAL;
	if (text != NULL && !sp_text_to_u64(text, 1, MAX_MAX, &number))
		return sp_fail(err, SP_INVALID, "cannot use --max %.32s: a number from 1 to %d",
			       text, MAX_MAX);
	*out = (size_t)number;
	return 0;
}

static int show_list(struct ask *ask, const struct run *run, struct sp_error *err)
{
	const struct transfer_wish wish = { .connector = run_option(run, OPTION_CONNECTOR),
					    .state = run_option(run, OPTION_STATE),
					    .direction = run_option(run, OPTION_DIRECTION),
					    .since = run_option(run, OPTION_SINCE),
					    .until = run_option(run, OPTION_UNTIL),
					    .path = run_option(run, OPTION_PATH) };
	size_t max;
	json_t *transfers = NULL;
	if (read_max(run, &max, err) != 0 ||
	    transfer_pages_read(ask, &wish, max, &transfers, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON)) {
		output_json(json_pack("{s:o}", "Transfers", transfers));
		return 0;
	}
	print_list(transfers);
	json_decref(transfers);
	return 0;
}

static int show_one(struct ask *ask, const struct run *run, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	json_t *transfer = NULL;
	sp_buffer_add_text(&target, "/v1/transfers/");
	ask_add_encoded(&target, run_word(run, 0));
	if (ask_native(ask, "GET", sp_buffer_text(&target), &transfer, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON)) {
		output_json(transfer);
		return 0;
	}
	print_one(transfer);
	json_decref(transfer);
	return 0;
}

static int show(struct ask *ask, struct run *run, struct sp_error *err)
{
	return run->word_count == 0 ? show_list(ask, run, err) : show_one(ask, run, err);
}

int transfers_show(struct run *run, struct sp_error *err)
{
	return ask_within(run, show, err);
}

/* ---- cancel, retry ----------------------------------------------------------------------------------------------- */

/* One after the other; the first that is refused ends it. */
static int post_each(struct ask *ask, const struct run *run, const char *call, struct sp_error *err)
{
	json_t *answers = json_array();
	int result = 0;
	for (size_t i = 0; result == 0 && i < run->word_count; i++) {
		SP_AUTO_BUFFER target = { 0 };
		json_t *answer = NULL;
		sp_buffer_add_text(&target, "/v1/transfers/");
		ask_add_encoded(&target, run->words[i]);
		sp_buffer_format(&target, "/%s", call);
		result = ask_native(ask, "POST", sp_buffer_text(&target), &answer, err);
		if (result == 0 && !run_has(run, OPTION_JSON))
			puts(sp_json_string(answer, "TransferId"));
		if (result == 0)
			json_array_append_new(answers, answer);
	}
	if (result == 0 && run_has(run, OPTION_JSON))
		output_json(json_pack("{s:O}", "Transfers", answers));
	json_decref(answers);
	return result;
}

static int cancel(struct ask *ask, struct run *run, struct sp_error *err)
{
	return post_each(ask, run, "cancel", err);
}

static int retry(struct ask *ask, struct run *run, struct sp_error *err)
{
	return post_each(ask, run, "retry", err);
}

int transfers_cancel(struct run *run, struct sp_error *err)
{
	return ask_within(run, cancel, err);
}

int transfers_retry(struct run *run, struct sp_error *err)
{
	return ask_within(run, retry, err);
}
