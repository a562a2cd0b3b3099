#include "daemon/webhook_secret.h"

#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/secret_file.h"

enum { SECRET_MIN = 16, SECRET_SIZE = 256, DIGITS = 64 };

static const char what[] = "secret of webhooks";

static int create_secret(const char *path, struct sp_error *err)
{
	char digits[DIGITS + 1];
	sp_random_hex(digits, DIGITS);
	int result = sp_secret_file_create(path, what, digits, err);
	explicit_bzero(digits, sizeof(digits));
	return result;
}

int webhook_secret_open(const struct state *state, const char *setting, char **out,
			struct sp_error *err)
{
	SP_AUTO_BUFFER own = { 0 };
	sp_buffer_format(&own, "%s/webhook.secret", state->directory);
	const char *path = setting != NULL ? setting : sp_buffer_text(&own);
	SP_AUTO_SECRET char *secret = sp_alloc(SECRET_SIZE);
	int result = sp_secret_file_read(path, what, secret, SECRET_SIZE, err);
	if (result != 0 && setting == NULL && err->code == SP_NOT_FOUND) {
		*err = (struct sp_error){ 0 };
		result = create_secret(path, err);
		if (result == 0)
			result = sp_secret_file_read(path, what, secret, SECRET_SIZE, err);
	}
	if (result != 0)
		return -1;
	if (strlen(secret) < SECRET_MIN)
		return sp_fail(err, SP_INVALID,
			       "cannot use the %s \"%s\": it must have %d to %d bytes in one line",
			       what, path, SECRET_MIN, SECRET_SIZE - 1);
	*out = sp_take_pointer(&secret);
	return 0;
}
