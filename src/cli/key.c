/* sallyport key: access keys, by the calls of IAM. */

#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/xml_texts.h"
#include "cli/ask.h"
#include "cli/handlers.h"
#include "cli/output.h"

enum { PARAMETERS_MAX = 4 };

/* A call about a user's keys; without a user, about those of who asks. */
static int ask_iam(struct ask *ask, const char *action, const char *user, const char *key_id,
		   const char *status, struct sp_buffer *out, struct sp_error *err)
{
	const struct ask_parameter all[] = { { "UserName", user },
					     { "AccessKeyId", key_id },
					     { "Status", status } };
	struct ask_parameter given[PARAMETERS_MAX] = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < SP_COUNT_OF(all); i++)
		if (all[i].value != NULL)
			given[count++] = all[i];
	return ask_query(ask, "iam", action, given, out, err);
}

static struct xml_piece piece_of(const struct sp_buffer *answer)
{
	return (struct xml_piece){ sp_buffer_text(answer), answer->length };
}

static void add_text(json_t *out, struct xml_piece piece, const char *name)
{
	SP_AUTO_FREE char *text = xml_text(piece, name);
	sp_json_set_text(out, name, text);
}

static json_t *view_of(struct xml_piece piece)
{
	json_t *out = json_object();
	add_text(out, piece, "UserName");
	add_text(out, piece, "AccessKeyId");
	add_text(out, piece, "Status");
	add_text(out, piece, "CreateDate");
	return out;
}

/* ---- create ------------------------------------------------------------------------------------------------------ */

static int create(struct ask *ask, struct run *run, struct sp_error *err)
{
	SP_AUTO_BUFFER answer = { .secret = true };
	if (ask_iam(ask, "CreateAccessKey", run_word(run, 0), NULL, NULL, &answer, err) != 0)
		return -1;
	json_t *key = view_of(piece_of(&answer));
	add_text(key, piece_of(&answer), "SecretAccessKey");
	if (run_has(run, OPTION_JSON)) {
		output_json(key);
		return 0;
	}
	/* As a shell takes it, and shown this once. */
	printf("export AWS_ACCESS_KEY_ID='%s'\nexport AWS_SECRET_ACCESS_KEY='%s'\n",
	       sp_json_string(key, "AccessKeyId"), sp_json_string(key, "SecretAccessKey"));
	json_decref(key);
	return 0;
}

int key_create(struct run *run, struct sp_error *err)
{
	return ask_within(run, create, err);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

static void print_list(const json_t *keys)
{
	static const char *const titles[] = { "KEY", "USER", "STATUS", "CREATED", NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *key;
	json_array_foreach (keys, i, key) {
		output_table_add(&table, sp_json_string(key, "AccessKeyId"));
		output_table_add(&table, sp_json_string(key, "UserName"));
		output_table_add(&table, sp_json_string(key, "Status"));
		output_table_add(&table, sp_json_string(key, "CreateDate"));
	}
	output_table_print(&table);
}

static int list(struct ask *ask, struct run *run, struct sp_error *err)
{
	SP_AUTO_BUFFER answer = { 0 };
	if (ask_iam(ask, "ListAccessKeys", run_word(run, 0), NULL, NULL, &answer, err) != 0)
		return -1;
	json_t *keys = json_array();
	struct xml_piece rest = piece_of(&answer), piece;
	while (xml_next(&rest, "member", &piece))
		json_array_append_new(keys, view_of(piece));
	if (run_has(run, OPTION_JSON)) {
		output_json(json_pack("{s:o}", "Keys", keys));
		return 0;
	}
	print_list(keys);
	json_decref(keys);
	return 0;
}

int key_list(struct run *run, struct sp_error *err)
{
	return ask_within(run, list, err);
}

/* ---- disable, enable, delete ------------------------------------------------------------------------------------- */

/* Whose key it is, which IAM's calls want to know. NULL: the account's own, or nobody says; owned by the caller. */
static int find_user(struct ask *ask, const char *key_id, char **out, struct sp_error *err)
{
	SP_AUTO_BUFFER answer = { 0 };
	if (ask_iam(ask, "GetAccessKeyLastUsed", NULL, key_id, NULL, &answer, err) != 0)
		return -1;
	*out = xml_text(piece_of(&answer), "UserName");
	if (sp_text_equal(*out, "root"))
		free(sp_take_pointer(out));
	return 0;
}

static int change(struct ask *ask, const struct run *run, const char *action, const char *status,
		  const char *done, struct sp_error *err)
{
	const char *key_id = run_word(run, 0);
	SP_AUTO_BUFFER answer = { 0 };
	SP_AUTO_FREE char *user = NULL;
	if (find_user(ask, key_id, &user, err) != 0 ||
	    ask_iam(ask, action, user, key_id, status, &answer, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON))
		output_json(json_pack("{s:s, s:s}", "AccessKeyId", key_id, "Done", done));
	else if (!run_has(run, OPTION_QUIET))
		printf("%s %s\n", done, key_id);
	return 0;
}

static int disable(struct ask *ask, struct run *run, struct sp_error *err)
{
	return change(ask, run, "UpdateAccessKey", "Inactive", "disabled", err);
}

static int enable(struct ask *ask, struct run *run, struct sp_error *err)
{
	return change(ask, run, "UpdateAccessKey", "Active", "enabled", err);
}

static int delete_key(struct ask *ask, struct run *run, struct sp_error *err)
{
	return change(ask, run, "DeleteAccessKey", NULL, "deleted", err);
}

int key_disable(struct run *run, struct sp_error *err)
{
	return ask_within(run, disable, err);
}

int key_enable(struct run *run, struct sp_error *err)
{
	return ask_within(run, enable, err);
}

int key_delete(struct run *run, struct sp_error *err)
{
	return ask_within(run, delete_key, err);
}
