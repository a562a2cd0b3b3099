#include "cli/profile_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "base/text.h"

static const struct {
	const char *name;
	size_t member;
} known[] = {
	{ "aws_access_key_id", offsetof(struct profile, access_key_id) },
	{ "aws_secret_access_key", offsetof(struct profile, secret_access_key) },
	{ "aws_session_token", offsetof(struct profile, session_token) },
	{ "endpoint_url", offsetof(struct profile, endpoint_url) },
	{ "region", offsetof(struct profile, region) },
	{ "ca_bundle", offsetof(struct profile, ca_bundle) },
	{ "sallyport_role", offsetof(struct profile, role) },
};

static const char *const other_logins[] = { "role_arn", "credential_process", "sso_session",
					    "sso_start_url", "web_identity_token_file" };

/* A part of the text, borrowed. */
struct piece {
	const char *at;
	size_t length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct piece trim(struct piece piece)
{
	while (piece.length > 0 && is_blank(piece.at[0])) {
		piece.at++;
		piece.length--;
	}
	while (piece.length > 0 && is_blank(piece.at[piece.length - 1]))
		piece.length--;
	return piece;
}

static bool piece_is(struct piece piece, const char *text)
{
	return piece.length == strlen(text) && memcmp(piece.at, text, piece.length) == 0;
}

static bool is_our_section(struct piece section, const char *name, bool is_config)
{
	static const char word[] = "profile";
	size_t length = strlen(word);
	if (!is_config || strcmp(name, "default") == 0)
		if (piece_is(section, name))
			return true;
	if (!is_config || section.length <= length || memcmp(section.at, word, length) != 0 ||
	    !is_blank(section.at[length]))
		return false;
	return piece_is(trim((struct piece){ section.at + length, section.length - length }), name);
}

static void take(struct profile *profile, struct piece name, struct piece value)
{
	for (size_t i = 0; i < SP_COUNT_OF(known); i++) {
		char **member = (char **)(void *)((char *)profile + known[i].member);
		if (piece_is(name, known[i].name) && *member == NULL && value.length > 0)
			*member = sp_strndup(value.at, value.length);
	}
	for (size_t i = 0; i < SP_COUNT_OF(other_logins); i++)
		profile->has_other_login |= piece_is(name, other_logins[i]);
}

static struct piece next_line(struct piece *rest)
{
	const char *end = memchr(rest->at, '\n', rest->length);
	struct piece line = { rest->at, end == NULL ? rest->length : (size_t)(end - rest->at) };
	size_t used = line.length + (end != NULL);
	rest->at += used;
	rest->length -= used;
	return line;
}

int profile_file_read(const char *text, size_t length, const char *name, bool is_config,
		      struct profile *profile, struct sp_error *err)
{
	if (length > PROFILE_FILE_MAX || memchr(text, '\0', length) != NULL)
		return sp_fail(err, SP_INVALID,
			       "it is no file of profiles: those are text of at most %d bytes",
			       PROFILE_FILE_MAX);
	struct piece rest = { text, length };
	bool is_ours = false;
	for (int number = 1; rest.length > 0; number++) {
		struct piece line = next_line(&rest), bare = trim(line);
		if (bare.length == 0 || bare.at[0] == '#' || bare.at[0] == ';')
			continue;
		if (bare.at[0] == '[') {
			const char *end = memchr(bare.at, ']', bare.length);
			if (end == NULL)
				return sp_fail(err, SP_INVALID,
					       "line %d begins a section and lacks its \"]\"",
					       number);
			is_ours = is_our_section(
				trim((struct piece){ bare.at + 1, (size_t)(end - bare.at) - 1 }),
				name, is_config);
			profile->is_found |= is_ours;
			continue;
		}
		if (is_blank(line.at[0]))
			continue; /* of the line above */
		const char *equals = memchr(bare.at, '=', bare.length);
		if (equals == NULL)
			return sp_fail(err, SP_INVALID,
				       "line %d is no \"name = value\", no \"[section]\" and no "
				       "comment after #",
				       number);
		size_t name_length = (size_t)(equals - bare.at);
		if (is_ours)
			take(profile, trim((struct piece){ bare.at, name_length }),
			     trim((struct piece){ equals + 1, bare.length - name_length - 1 }));
	}
	return 0;
}

void profile_finish(struct profile *profile)
{
	for (size_t i = 0; i < SP_COUNT_OF(known); i++) {
		char **member = (char **)(void *)((char *)profile + known[i].member);
		if (*member != NULL)
			explicit_bzero(*member, strlen(*member));
		free(*member);
		*member = NULL;
	}
}
