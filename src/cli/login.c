#include "cli/login.h"

#include <ctype.h>
#include <string.h>

#include "base/scope.h"
#include "base/secret.h"
#include "cli/text_file.h"

enum { PASSWORD_FILE_MAX = 4096, KEY_FILE_MAX = 16384 };

char *login_text(const char *user, const char *password, const char *key)
{
	SP_AUTO_JSON json_t *login = json_object();
	sp_json_set_text(login, "Username", user);
	sp_json_set_text(login, "Password", password);
	sp_json_set_text(login, "PrivateKey", key);
	return sp_json_text(login);
}

static int read_secret_file(const char *path, size_t max, bool first_line, char **out,
			    struct sp_error *err)
{
	SP_AUTO_BUFFER text = { .secret = true };
	if (path == NULL)
		return 0;
	if (text_file_read(path, max, &text, err) != 0)
		return -1;
	*out = sp_strdup(sp_buffer_text(&text));
	if (first_line)
		(*out)[strcspn(*out, "\r\n")] = '\0';
	if ((*out)[0] == '\0')
		return sp_fail(err, SP_INVALID, "there is nothing in \"%.200s\"", path);
	return 0;
}

int login_read(const struct run *run, const char *user, char **out, struct sp_error *err)
{
	SP_AUTO_SECRET char *password = NULL;
	SP_AUTO_SECRET char *key = NULL;
	const char *given = run_option(run, OPTION_USER);
	const char *name = given != NULL ? given : user;
	bool has_one = run_has(run, OPTION_PASSWORD_FILE) || run_has(run, OPTION_KEY_FILE);
	*out = NULL;
	if (!has_one && given == NULL)
		return 0;
	if (!has_one)
		return sp_fail(err, SP_INVALID,
			       "\"%.64s\" logs in with what? Give --password-file or --key-file",
			       given);
	if (name == NULL || name[0] == '\0')
		return sp_fail(err, SP_INVALID, "who logs in at the partner? Give --user");
	if (read_secret_file(run_option(run, OPTION_PASSWORD_FILE), PASSWORD_FILE_MAX, true,
			     &password, err) != 0 ||
	    read_secret_file(run_option(run, OPTION_KEY_FILE), KEY_FILE_MAX, false, &key, err) != 0)
		return -1;
	*out = login_text(name, password, key);
	return 0;
}

/* A secret's name has fewer characters than a connector's may have. */
static void add_secret_name(struct sp_buffer *out, const char *name)
{
	sp_buffer_add_text(out, "aws/transfer/");
	for (; *name != '\0'; name++) {
		bool is_allowed = isalnum((unsigned char)*name) || strchr("/_+=.@-", *name) != NULL;
		sp_buffer_add_char(out, is_allowed ? *name : '-');
	}
}

int login_keep(struct ask *ask, const char *name, const char *text, char **out_id,
	       struct sp_error *err)
{
	SP_AUTO_BUFFER secret_name = { 0 };
	SP_AUTO_JSON json_t *answer = NULL;
	add_secret_name(&secret_name, name);
	json_t *input =
		json_pack("{s:s, s:s}", "Name", sp_buffer_text(&secret_name), "SecretString", text);
	if (ask_json(ask, ASK_SECRETS, "CreateSecret", input, &answer, err) != 0)
		return -1;
	*out_id = sp_strdup(sp_json_string(answer, "ARN"));
	return *out_id != NULL
		       ? 0
		       : sp_fail(err, SP_PROTOCOL, "the service does not tell the secret's ARN");
}

int login_change(struct ask *ask, const char *secret_id, const char *text, struct sp_error *err)
{
	json_t *input = json_pack("{s:s, s:s}", "SecretId", secret_id, "SecretString", text);
	return ask_json(ask, ASK_SECRETS, "PutSecretValue", input, NULL, err);
}

int login_forget(struct ask *ask, const char *secret_id, struct sp_error *err)
{
	json_t *input =
		json_pack("{s:s, s:b}", "SecretId", secret_id, "ForceDeleteWithoutRecovery", true);
	return ask_json(ask, ASK_SECRETS, "DeleteSecret", input, NULL, err);
}

int login_user(struct ask *ask, const char *secret_id, char **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *answer = NULL;
	SP_AUTO_JSON json_t *login = NULL;
	if (ask_json(ask, ASK_SECRETS, "GetSecretValue", json_pack("{s:s}", "SecretId", secret_id),
		     &answer, err) != 0)
		return -1;
	const char *text = sp_json_string(answer, "SecretString");
	if (text != NULL)
		sp_json_parse(text, strlen(text), &login, NULL);
	*out = sp_strdup(sp_json_string(login, "Username"));
	return *out != NULL ? 0
			    : sp_fail(err, SP_CONFLICT, "the secret names no user: give --user");
}
