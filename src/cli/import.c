/* sallyport import: remotes of rclone's of the type sftp become connectors with their secrets. */

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "cli/connector_make.h"
#include "cli/handlers.h"
#include "cli/host_key.h"
#include "cli/output.h"
#include "cli/rclone_remote.h"
#include "cli/text_file.h"

/* What became of a remote, as --json has it. @reason may be NULL. */
static json_t *result_of(const struct rclone_remote *remote, const char *result, const char *reason)
{
	json_t *out = json_pack("{s:s, s:s}", "Remote", remote->name, "Result", result);
	sp_json_set_text(out, "Type", rclone_option(remote, "type"));
	sp_json_set_words(out, "Reason", reason);
	return out;
}

static bool is_wanted(const struct run *run, const char *name)
{
	bool any = false;
	for (size_t i = 0; i < run->given_count; i++) {
		if (run->given[i].id != OPTION_ONLY)
			continue;
		any = true;
		if (strcmp(run->given[i].value, name) == 0)
			return true;
	}
	return !any;
}

/* Tests it; a key that no file of known hosts has said is learnt then. */
static int test(struct ask *ask, const char *id, const struct rclone_taken *taken, json_t *result,
		struct sp_error *err)
{
	SP_AUTO_JSON json_t *answer = NULL;
	char fingerprint[HOST_KEY_FINGERPRINT_SIZE];
	bool is_known = json_array_size(taken->keys) > 0;
	if ((is_known ? host_key_test(ask, id, &answer, err)
		      : connector_learn(ask, id, &answer, err)) != 0)
		return -1;
	const char *key = sp_json_string(answer, "HostKey");
	sp_json_set_text(result, "TrustedBy", is_known ? "KNOWN_HOSTS" : "LEARNT");
	if (key != NULL && host_key_fingerprint(key, fingerprint))
		sp_json_set_text(result, "Fingerprint", fingerprint);
	return host_key_test_is_ok(answer)
		       ? 0
		       : sp_fail(err, SP_CONFLICT, "%s", sp_json_string(answer, "StatusMessage"));
}

static json_t *make(struct ask *ask, const struct run *run, const struct rclone_remote *remote,
		    const struct rclone_taken *taken)
{
	const char *prefix = run_option(run, OPTION_PREFIX);
	SP_AUTO_BUFFER name = { 0 };
	char id[CONNECTOR_ID_ROOM];
	struct sp_error reason = { 0 };
	sp_buffer_format(&name, "%s%s", prefix == NULL ? "" : prefix, remote->name);
	const struct connector_plan plan = { .name = sp_buffer_text(&name),
					     .url = taken->server.url,
					     .login = taken->login,
					     .role = ask->account.role,
					     .trusted_keys = taken->keys };
	if (run_has(run, OPTION_DRY_RUN))
		return result_of(remote, "WOULD_BE_MADE", NULL);
	if (connector_make(ask, &plan, id, &reason) != 0)
		return result_of(remote, "LEFT_OUT", reason.message);
	json_t *result = result_of(remote, "MADE", NULL);
	sp_json_set_text(result, "Name", plan.name);
	sp_json_set_text(result, "ConnectorId", id);
	if (test(ask, id, taken, result, &reason) != 0) {
		sp_json_set_text(result, "Result", "TEST_FAILED");
		sp_json_set_words(result, "Reason", reason.message);
	}
	return result;
}

static json_t *take(struct ask *ask, const struct run *run, const struct rclone_remote *remote)
{
	struct rclone_taken taken = { 0 };
	struct sp_error reason = { 0 };
	json_t *result;
	if (!sp_text_equal(rclone_option(remote, "type"), "sftp"))
		return result_of(remote, "SKIPPED", "it is not of the type sftp");
	if (rclone_remote_take(remote, &taken, &reason) != 0)
		result = result_of(remote, "LEFT_OUT", reason.message);
	else
		result = make(ask, run, remote, &taken);
	if (json_array_size(taken.notes) > 0)
		json_object_set(result, "Notes", taken.notes);
	rclone_taken_finish(&taken);
	return result;
}

/* ---- what is told ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *result;
	enum exit_status status;
	const char *words;
} results[] = {
	{ "MADE", STATUS_OK, "is the connector" },
	{ "WOULD_BE_MADE", STATUS_OK, "would be a connector" },
	{ "SKIPPED", STATUS_OK, "was passed over" },
	{ "TEST_FAILED", STATUS_TEST_FAILED, "is the connector" },
	{ "LEFT_OUT", STATUS_LEFT_OUT, "was left out" },
};

static void print_one(const json_t *result, const char *words)
{
	const char *id = sp_json_string(result, "ConnectorId");
	const char *reason = sp_json_string(result, "Reason");
	const char *fingerprint = sp_json_string(result, "Fingerprint");
	bool is_learnt = sp_text_equal(sp_json_string(result, "TrustedBy"), "LEARNT");
	printf("%s %s%s%s%s%s\n", sp_json_string(result, "Remote"), words, id == NULL ? "" : " ",
	       id == NULL ? "" : id, reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
	if (is_learnt && fingerprint != NULL)
		printf("  its host key %s was learnt: compare it with what the partner tells you "
		       "on "
		       "another way\n",
		       fingerprint);
	size_t i;
	json_t *note;
	json_array_foreach (json_object_get(result, "Notes"), i, note)
		printf("  %s\n", json_string_value(note));
}

/* The gravest one is what the program ends with. */
static void tell(struct run *run, json_t *list)
{
	size_t i;
	json_t *result;
	json_array_foreach (list, i, result) {
		for (size_t j = 0; j < SP_COUNT_OF(results); j++) {
			if (!sp_text_equal(sp_json_string(result, "Result"), results[j].result))
				continue;
			if (results[j].status > run->status)
				run->status = results[j].status;
			if (!run_has(run, OPTION_JSON))
				print_one(result, results[j].words);
		}
	}
	if (run_has(run, OPTION_JSON))
		output_json(json_pack("{s:O}", "Remotes", list));
}

static int import_all(struct ask *ask, struct run *run, struct sp_error *err)
{
	const char *path = run_word(run, 0);
	SP_AUTO_BUFFER text = { .secret = true };
	struct rclone_conf conf = { 0 };
	SP_AUTO_JSON json_t *list = json_array();
	int result = text_file_read(path, RCLONE_CONF_MAX, &text, err);
	if (result == 0 && rclone_conf_read(sp_buffer_text(&text), text.length, &conf, err) != 0)
		result = sp_wrap(err, "cannot use \"%.200s\"", path);
	for (size_t i = 0; result == 0 && i < conf.count; i++)
		if (is_wanted(run, conf.remotes[i].name))
			json_array_append_new(list, take(ask, run, &conf.remotes[i]));
	if (result == 0 && json_array_size(list) == 0)
		result = sp_fail(err, SP_NOT_FOUND, "there is no such remote in \"%.200s\"", path);
	if (result == 0)
		tell(run, list);
	rclone_conf_finish(&conf);
	return result;
}

int import_remotes(struct run *run, struct sp_error *err)
{
	return ask_within(run, import_all, err);
}
