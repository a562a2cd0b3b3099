#include "cli/requests.h"

#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "cli/interrupt.h"

enum { FULL_WAIT_MS = 500 };

/* Some of what was asked for has to end before there is room for more. */
static int wait_for_room(struct requests *requests, struct sp_error *err)
{
	if (requests->follow != NULL)
		return follow_step(requests->follow, FULL_WAIT_MS, err);
	const struct timespec time = { .tv_nsec = FULL_WAIT_MS * 1000000L };
	nanosleep(&time, NULL);
	return 0;
}

/* @input is kept. SP_CANCELLED: it was interrupted while it waited. */
static int ask_until_taken(struct requests *requests, const char *operation, json_t *input,
			   json_t **out, struct sp_error *err)
{
	for (;;) {
		struct sp_error reason = { 0 };
		if (ask_json(requests->ask, ASK_TRANSFER, operation, json_incref(input), out,
			     &reason) == 0)
			return 0;
		if (reason.code != SP_LIMIT)
			return sp_fail(err, reason.code, "%s", reason.message);
		if (wait_for_room(requests, err) != 0)
			return -1;
		if (interrupt_came())
			return sp_fail(err, SP_CANCELLED, "it was interrupted");
	}
}

static int note(struct requests *requests, const json_t *answer, const char *member,
		const char **out_id, struct sp_error *err)
{
	*out_id = sp_json_string(answer, member);
	if (*out_id == NULL)
		return sp_fail(err, SP_PROTOCOL, "the service does not tell the transfer's id");
	json_array_append_new(requests->transfer_ids, json_string(*out_id));
	return 0;
}

/* How many entries from @first on go into one request: those of one folder. */
static size_t count_alike(const struct path_list *list, size_t first)
{
	size_t count = 1;
	while (count < PATHS_PER_REQUEST && first + count < list->count &&
	       strcmp(list->entries[first].folder, list->entries[first + count].folder) == 0)
		count++;
	return count;
}

static json_t *make_input(const struct requests *requests, const struct path_entry *entries,
			  size_t count)
{
	SP_AUTO_FREE char *folder =
		path_join(requests->to == NULL ? "" : requests->to, entries[0].folder);
	json_t *paths = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(paths, json_string(entries[i].path));
	json_t *input =
		json_pack("{s:s, s:o}", "ConnectorId", requests->connector_id,
			  requests->is_retrieve ? "RetrieveFilePaths" : "SendFilePaths", paths);
	if (folder[0] != '\0')
		sp_json_set_text(
			input, requests->is_retrieve ? "LocalDirectoryPath" : "RemoteDirectoryPath",
			folder);
	return input;
}

static int transfer_some(struct requests *requests, const struct path_entry *entries, size_t count,
			 struct sp_error *err)
{
	SP_AUTO_JSON json_t *input = make_input(requests, entries, count);
	SP_AUTO_JSON json_t *answer = NULL;
	const char *id;
	if (ask_until_taken(requests, "StartFileTransfer", input, &answer, err) != 0 ||
	    note(requests, answer, "TransferId", &id, err) != 0)
		return -1;
	for (size_t i = 0; i < count && requests->follow != NULL; i++)
		follow_add(requests->follow, id, entries[i].path, entries[i].size, false);
	requests->asked += count;
	return requests->follow == NULL ? 0 : follow_step(requests->follow, 0, err);
}

int requests_transfer(struct requests *requests, const struct path_list *list, struct sp_error *err)
{
	for (size_t at = 0; at < list->count && !interrupt_came();) {
		size_t count = count_alike(list, at);
		struct sp_error reason = { 0 };
		if (transfer_some(requests, &list->entries[at], count, &reason) != 0)
			return reason.code == SP_CANCELLED
				       ? 0
				       : sp_fail(err, reason.code, "%s", reason.message);
		at += count;
	}
	return 0;
}

int requests_errand(struct requests *requests, const char *path, const char *target,
		    struct sp_error *err)
{
	bool is_move = target != NULL;
	SP_AUTO_JSON json_t *input = json_pack("{s:s, s:s}", "ConnectorId", requests->connector_id,
					       is_move ? "SourcePath" : "DeletePath", path);
	SP_AUTO_JSON json_t *answer = NULL;
	const char *id;
	sp_json_set_text(input, "TargetPath", target);
	if (ask_until_taken(requests, is_move ? "StartRemoteMove" : "StartRemoteDelete", input,
			    &answer, err) != 0 ||
	    note(requests, answer, is_move ? "MoveId" : "DeleteId", &id, err) != 0)
		return -1;
	if (requests->follow != NULL)
		follow_add(requests->follow, id, path, -1, true);
	requests->asked++;
	return 0;
}
