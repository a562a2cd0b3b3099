#include "cli/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile.h"
#include "base/scope.h"
#include "cli/profile_file.h"
#include "cli/text_file.h"

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value == NULL || value[0] == '\0' ? NULL : value;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
	return a != NULL ? a : b != NULL ? b : c;
}

/* A file that is not there says nothing. */
static int read_file(const char *named, const char *usual, const char *profile_name, bool is_config,
		     struct profile *profile, struct sp_error *err)
{
	char path[4096];
	const char *home = variable("HOME");
	if (named == NULL && home == NULL)
		return 0;
	if (named != NULL)
		snprintf(path, sizeof(path), "%s", named);
	else
		snprintf(path, sizeof(path), "%s/%s", home, usual);

	SP_AUTO_BUFFER text = { .secret = true };
	struct sp_error reason = { 0 };
	if (text_file_read(path, SP_PROFILE_FILE_MAX, &text, &reason) != 0) {
		if (reason.code == SP_NOT_FOUND)
			return 0;
		return sp_fail(err, SP_INVALID, "%s", reason.message);
	}
	if (profile_file_read(sp_buffer_text(&text), text.length, profile_name, is_config, profile,
			      err) != 0)
		return sp_wrap(err, "cannot use \"%s\"", path);
	return 0;
}

static int read_profile(const struct run *run, struct profile *profile, struct sp_error *err)
{
	const char *wanted = first_of(run_option(run, OPTION_PROFILE), variable("AWS_PROFILE"),
				      variable("AWS_DEFAULT_PROFILE"));
	const char *name = wanted != NULL ? wanted : "default";
	if (read_file(variable("AWS_SHARED_CREDENTIALS_FILE"), ".aws/credentials", name, false,
		      profile, err) != 0 ||
	    read_file(variable("AWS_CONFIG_FILE"), ".aws/config", name, true, profile, err) != 0)
		return -1;
	if (wanted != NULL && !profile->is_found)
		return sp_fail(err, SP_INVALID,
			       "there is no profile \"%s\" in AWS's files of profiles "
			       "(AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)",
			       name);
	return 0;
}

/* A key comes whole from one place: half of one and half of another are no key. */
static int take_key(const struct run *run, const struct profile *profile, struct account *out,
		    struct sp_error *err)
{
	bool by_profile = run_has(run, OPTION_PROFILE) || variable("AWS_ACCESS_KEY_ID") == NULL;
	const char *id = by_profile ? profile->access_key_id : variable("AWS_ACCESS_KEY_ID");
	const char *secret =
		by_profile ? profile->secret_access_key : variable("AWS_SECRET_ACCESS_KEY");
	const char *token = by_profile ? profile->session_token : variable("AWS_SESSION_TOKEN");
	if (id == NULL && profile->has_other_login)
		return sp_fail(err, SP_INVALID,
			       "the profile gets its key in a way that sallyport does not know: it "
			       "needs aws_access_key_id and aws_secret_access_key");
	if (id == NULL)
		return sp_fail(err, SP_INVALID,
			       "there is no access key: source admin.env of the state folder, set "
			       "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a --profile");
	if (secret == NULL)
		return sp_fail(err, SP_INVALID,
			       "there is an access key id (%.20s) and no secret access key for it",
			       id);
	if (strlen(id) >= sizeof(out->key.id) || strlen(secret) >= sizeof(out->key.secret))
		return sp_fail(err, SP_INVALID, "the access key is longer than %zu characters",
			       sizeof(out->key.id) - 1);
	snprintf(out->key.id, sizeof(out->key.id), "%s", id);
	snprintf(out->key.secret, sizeof(out->key.secret), "%s", secret);
	out->session_token = sp_strdup(token);
	return 0;
}

static int take_endpoint(const struct run *run, const struct profile *profile, struct account *out,
			 struct sp_error *err)
{
	const char *url = first_of(run_option(run, OPTION_ENDPOINT), variable("AWS_ENDPOINT_URL"),
				   profile->endpoint_url);
	const char *region = first_of(run_option(run, OPTION_REGION), variable("AWS_REGION"),
				      variable("AWS_DEFAULT_REGION"));
	region = first_of(region, profile->region, NULL);
	if (url == NULL)
		return sp_fail(err, SP_INVALID,
			       "nobody says where the service is: source admin.env of the state "
			       "folder, set AWS_ENDPOINT_URL, or give --endpoint-url");
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return sp_fail(err, SP_INVALID,
			       "cannot use the endpoint \"%.200s\": it must begin with http:// or "
			       "https://",
			       url);
	if (region == NULL)
		return sp_fail(err, SP_INVALID,
			       "nobody says which Region the service is: set AWS_REGION, or give "
			       "--region");
	out->endpoint = sp_strdup(url);
	for (size_t length = strlen(url); length > 0 && out->endpoint[length - 1] == '/'; length--)
		out->endpoint[length - 1] = '\0';
	out->region = sp_strdup(region);
	return 0;
}

int account_find(const struct run *run, struct account *out, struct sp_error *err)
{
	struct profile profile = { 0 };
	*out = (struct account){ 0 };
	int result = read_profile(run, &profile, err);
	if (result == 0)
		result = take_endpoint(run, &profile, out, err);
	if (result == 0)
		result = take_key(run, &profile, out, err);
	out->ca_file = sp_strdup(first_of(variable("AWS_CA_BUNDLE"), profile.ca_bundle, NULL));
	out->role = sp_strdup(
		first_of(run_option(run, OPTION_ROLE), variable("SALLYPORT_ROLE"), profile.role));
	profile_finish(&profile);
	return result;
}

void account_finish(struct account *account)
{
	explicit_bzero(&account->key, sizeof(account->key));
	free(account->endpoint);
	free(account->region);
	free(account->session_token);
	free(account->ca_file);
	free(account->role);
	*account = (struct account){ 0 };
}
