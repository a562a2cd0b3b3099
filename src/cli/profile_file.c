#include "cli/profile_file.h"

#include "base/profile.h"
#include "base/scope.h"
#include "base/secret.h"
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

enum { KNOWN = SP_COUNT_OF(known), ASKED = KNOWN + SP_COUNT_OF(other_logins) };

static char **member_of(struct profile *profile, size_t i)
{
	return (char **)(void *)((char *)profile + known[i].member);
}

int profile_file_read(const char *text, size_t length, const char *name, bool is_config,
		      struct profile *profile, struct sp_error *err)
{
	const struct sp_profile_wanted wanted = { .name = name, .is_config = is_config };
	const char *names[ASKED];
	char *values[ASKED];
	for (size_t i = 0; i < ASKED; i++)
		names[i] = i < KNOWN ? known[i].name : other_logins[i - KNOWN];
	int found = sp_profile_read(text, length, &wanted, names, ASKED, values, err);
	if (found < 0)
		return -1;
	profile->is_found |= found == 1;
	for (size_t i = 0; i < ASKED; i++) {
		if (i >= KNOWN)
			profile->has_other_login |= values[i] != NULL;
		else if (*member_of(profile, i) == NULL)
			*member_of(profile, i) = sp_take_pointer(&values[i]);
		sp_secret_free(values[i]);
	}
	return 0;
}

void profile_finish(struct profile *profile)
{
	for (size_t i = 0; i < KNOWN; i++)
		sp_secret_free(sp_take_pointer(member_of(profile, i)));
}
