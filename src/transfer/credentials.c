#include "transfer/credentials.h"

#include <string.h>

#include "base/json.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

static int take_text(const json_t *object, const char *name, size_t max, char **out,
		     struct sp_error *err)
{
	const json_t *value = json_object_get(object, name);
	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return sp_fail(err, SP_INVALID, "the secret's member \"%s\" is not a string", name);

	const char *text = json_string_value(value);
	if (strlen(text) != json_string_length(value))
		return sp_fail(err, SP_INVALID, "the secret's member \"%s\" holds a NUL character",
			       name);
	if (sp_utf8_count(text) > max)
		return sp_fail(err, SP_INVALID,
			       "the secret's member \"%s\" is longer than %zu characters", name,
			       max);
	*out = text[0] == '\0' ? NULL : sp_strdup(text);
	return 0;
}

/* Names are written exactly so; the usual slips are worth a hint. */
static int explain_missing_user(const json_t *object, struct sp_error *err)
{
	static const char *const slips[] = { "username", "user", "User", "USERNAME", "userName" };
	for (size_t i = 0; i < SP_COUNT_OF(slips); i++)
		if (json_object_get(object, slips[i]) != NULL)
			return sp_fail(err, SP_INVALID,
				       "the secret has \"%s\" where \"Username\" is expected",
				       slips[i]);
	return sp_fail(err, SP_INVALID, "the secret has no \"Username\", or an empty one");
}

int credentials_parse(const char *secret, struct credentials *out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *object = NULL; /* wiped when it goes, as the program has jansson do */
	/* jansson's own message would quote the text it stumbled over. */
	if (sp_json_parse(secret, strlen(secret), &object, NULL) != 0)
		return sp_fail(err, SP_INVALID,
			       "the secret is not a JSON object with \"Username\" and \"Password\" "
			       "or \"PrivateKey\"");
	if (!json_is_object(object))
		return sp_fail(err, SP_INVALID,
			       "the secret is JSON, but not an object with \"Username\" and "
			       "\"Password\" or \"PrivateKey\"");

	struct credentials found = { .login_count = 1 };
	struct login *login = &found.logins[0];
	if (take_text(object, "Username", CREDENTIAL_USER_MAX, &found.user, err) != 0 ||
	    take_text(object, "Password", CREDENTIAL_PASSWORD_MAX, &login->password, err) != 0 ||
	    take_text(object, "PrivateKey", CREDENTIAL_KEY_MAX, &login->private_key, err) != 0) {
		credentials_finish(&found);
		return -1;
	}
	if (found.user == NULL || (login->password == NULL && login->private_key == NULL)) {
		bool has_user = found.user != NULL;
		credentials_finish(&found);
		return has_user ? sp_fail(err, SP_INVALID,
					  "the secret has neither \"Password\" nor \"PrivateKey\"")
				: explain_missing_user(object, err);
	}
	*out = found;
	return 0;
}

static bool is_same(const struct login *a, const struct login *b)
{
	return sp_text_equal(a->password, b->password) &&
	       sp_text_equal(a->private_key, b->private_key);
}

static bool is_there(const struct credentials *credentials, const struct login *login)
{
	for (size_t i = 0; i < credentials->login_count; i++)
		if (is_same(&credentials->logins[i], login))
			return true;
	return false;
}

int credentials_add(struct credentials *credentials, struct credentials *next, struct sp_error *err)
{
	if (credentials->login_count == 0) {
		*credentials = *next;
		*next = (struct credentials){ 0 };
		return 0;
	}
	int result = 0;
	if (!sp_text_equal(credentials->user, next->user)) {
		result = sp_fail(err, SP_INVALID,
				 "its versions have different values of \"Username\", and one "
				 "connection is for one user");
	} else if (credentials->login_count < CONNECTOR_STAGES_MAX &&
		   !is_there(credentials, &next->logins[0])) {
		credentials->logins[credentials->login_count++] = next->logins[0];
		next->logins[0] = (struct login){ 0 };
	}
	credentials_finish(next);
	return result;
}

void credentials_finish(struct credentials *credentials)
{
	sp_secret_free(credentials->user);
	for (size_t i = 0; i < credentials->login_count; i++) {
		sp_secret_free(credentials->logins[i].password);
		sp_secret_free(credentials->logins[i].private_key);
	}
	*credentials = (struct credentials){ 0 };
}
