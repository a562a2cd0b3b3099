#include "daemon/announce.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

static const char env_file[] = "admin.env", profile_file[] = "aws-config";

/* In single quotes a shell takes every character as it is, but for the quote itself. */
static void add_quoted(struct sp_buffer *out, const char *text)
{
	sp_buffer_add_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			sp_buffer_add_text(out, "'\\''");
		else
			sp_buffer_add_char(out, *text);
	}
	sp_buffer_add_char(out, '\'');
}

int announce_withdraw(const struct state *state, struct sp_error *err)
{
	if (state_remove_file(state, env_file, err) != 0)
		return -1;
	return state_remove_file(state, profile_file, err);
}

int announce(const struct state *state, const struct settings *settings,
	     const struct endpoint *endpoint, const struct admin_key *key, const char *role,
	     struct sp_error *err)
{
	const struct {
		const char *variable; /* of admin.env; NULL: not there */
		const char *member;   /* of the profile; NULL: not there */
		const char *value;    /* NULL: in neither */
	} lines[] = {
		{ "AWS_ENDPOINT_URL", "endpoint_url", endpoint->url },
		{ "AWS_REGION", "region", settings->region },
		{ "AWS_DEFAULT_REGION", NULL, settings->region },
		{ "AWS_ACCESS_KEY_ID", "aws_access_key_id", key->id },
		{ "AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", key->secret },
		{ "AWS_CA_BUNDLE", "ca_bundle", endpoint->trust },
		{ "SALLYPORT_ROLE", "sallyport_role", role },
	};
	SP_AUTO_BUFFER env = { .secret = true };
	SP_AUTO_BUFFER profile = { .secret = true };
	sp_buffer_add_text(&profile, "[profile sallyport]\n");
	for (size_t i = 0; i < SP_COUNT_OF(lines); i++) {
		if (lines[i].value == NULL)
			continue;
		sp_buffer_format(&env, "export %s=", lines[i].variable);
		add_quoted(&env, lines[i].value);
		sp_buffer_add_char(&env, '\n');
		if (lines[i].member != NULL)
			sp_buffer_format(&profile, "%s = %s\n", lines[i].member, lines[i].value);
	}
	/* Buckets are named in paths, and URLs are signed with version 4 in every region. */
	sp_buffer_add_text(&profile,
			   "s3 =\n    addressing_style = path\n    signature_version = s3v4\n");
	/* admin.env comes last: who waits for it finds the other one, too. */
	int result = state_write_file(state, profile_file, sp_buffer_text(&profile), err);
	if (result == 0)
		result = state_write_file(state, env_file, sp_buffer_text(&env), err);
	return result;
}
