#include "cli/outcome.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/output.h"

void outcome_tell_file(struct follow *follow, const struct follow_file *file)
{
	if (!file->has_failed)
		return;
	follow_clear_bar(follow);
	output_note("%s: %s", file->path, file->failure == NULL ? "FAILED" : file->failure);
}

json_t *outcome_file(const struct follow_file *file)
{
	json_t *out = json_pack("{s:s, s:s, s:s}", "TransferId", file->transfer_id, "FilePath",
				file->path, "StatusCode",
				!file->has_ended   ? "IN_PROGRESS"
				: file->has_failed ? "FAILED"
						   : "COMPLETED");
	if (file->file_id[0] != '\0')
		sp_json_set_text(out, "FileId", file->file_id);
	if (file->size >= 0)
		json_object_set_new(out, "Size", json_integer(file->size));
	sp_json_set_text(out, "FailureCode", file->failure_code);
	sp_json_set_text(out, "FailureMessage", file->failure);
	return out;
}

static json_t *all_of_it(const struct outcome *outcome, const struct follow *follow, bool was_cut)
{
	const struct amount_done done = follow_done(follow);
	json_t *files = json_array();
	int64_t completed = 0, failed = 0;
	for (size_t i = 0; i < follow_count(follow); i++) {
		const struct follow_file *file = follow_at(follow, i);
		json_array_append_new(files, outcome_file(file));
		completed += file->has_ended && !file->has_failed;
		failed += file->has_failed;
	}
	return json_pack("{s:s, s:O, s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:o}", "Connector",
			 outcome->connector, "TransferIds", outcome->transfer_ids, "Planned",
			 (json_int_t)outcome->planned, "Asked", (json_int_t)outcome->asked,
			 "Completed", (json_int_t)completed, "Failed", (json_int_t)failed, "Bytes",
			 (json_int_t)done.bytes_done, "Seconds",
			 (double)(sp_monotonic_ms() - outcome->began_ms) / 1000, "Interrupted",
			 was_cut, "Files", files);
}

static void tell_interruption(const struct outcome *outcome, const struct follow *follow)
{
	size_t count = json_array_size(outcome->transfer_ids);
	if (outcome->asked < outcome->planned)
		output_note("%zu of %zu files had been asked for, the others were not",
			    outcome->asked, outcome->planned);
	if (outcome->asked == 0 || follow_pending(follow) == 0)
		return;
	output_note("%zu files are under way and go on; watch them with: sallyport watch %s",
		    follow_pending(follow),
		    count == 1 ? json_string_value(json_array_get(outcome->transfer_ids, 0))
			       : outcome->connector);
}

static void tell_summary(const struct outcome *outcome, const struct follow *follow)
{
	const struct amount_done done = follow_done(follow);
	int64_t elapsed_ms = sp_monotonic_ms() - outcome->began_ms;
	char ended[AMOUNT_SIZE], files[AMOUNT_SIZE], bytes[AMOUNT_SIZE], rate[AMOUNT_SIZE],
		time[AMOUNT_SIZE];
	amount_of_things(done.files_ended - done.files_failed, ended);
	amount_of_things((int64_t)outcome->planned, files);
	amount_of_bytes(done.bytes_done, bytes);
	amount_of_bytes(elapsed_ms > 0 ? done.bytes_done * 1000 / elapsed_ms : 0, rate);
	amount_of_seconds((elapsed_ms + 500) / 1000, time);
	fprintf(stderr, "%s of %s files COMPLETED, %s in %s (%s/s)\n", ended, files, bytes, time,
		rate);
}

static bool any_failed(const struct follow *follow)
{
	for (size_t i = 0; i < follow_count(follow); i++)
		if (follow_at(follow, i)->has_failed)
			return true;
	return false;
}

static void tell_ids(const struct outcome *outcome, const struct run *run)
{
	if (run_has(run, OPTION_JSON)) {
		output_json(json_pack("{s:s, s:O, s:I, s:I}", "Connector", outcome->connector,
				      "TransferIds", outcome->transfer_ids, "Planned",
				      (json_int_t)outcome->planned, "Asked",
				      (json_int_t)outcome->asked));
		return;
	}
	for (size_t i = 0; i < json_array_size(outcome->transfer_ids); i++)
		puts(json_string_value(json_array_get(outcome->transfer_ids, i)));
}

void outcome_tell(const struct outcome *outcome, struct follow *follow, struct run *run)
{
	if (follow == NULL) {
		tell_ids(outcome, run);
		return;
	}
	bool was_cut = interrupt_came() &&
		       (outcome->asked < outcome->planned || follow_pending(follow) > 0);
	follow_clear_bar(follow);
	if (was_cut)
		tell_interruption(outcome, follow);
	else if (!outcome->is_errand && isatty(STDERR_FILENO) && !run_has(run, OPTION_QUIET))
		tell_summary(outcome, follow);
	if (run_has(run, OPTION_JSON))
		output_json(all_of_it(outcome, follow, was_cut));
	run->status = was_cut              ? STATUS_INTERRUPTED
		      : any_failed(follow) ? STATUS_FILES_FAILED
					   : STATUS_OK;
}
