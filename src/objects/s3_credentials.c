#include "objects/s3_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/profile.h"
#include "base/scope.h"
#include "base/secret.h"

enum {
	FILE_MAX = 16384, /* bytes */
	SECRET_MAX = 128, /* what the signer takes */
};

void s3_credentials_finish(struct s3_credentials *credentials)
{
	sp_secret_free(credentials->access_key_id);
	sp_secret_free(credentials->secret);
	sp_secret_free(credentials->session_token);
	*credentials = (struct s3_credentials){ 0 };
}

static int read_file(const char *path, char *out, size_t *out_length, struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return sp_fail_errno(err, "could not open the storage's credentials \"%s\"", path);
	size_t length = 0;
	ssize_t got;
	while ((got = read(fd, out + length, FILE_MAX - length)) > 0)
		length += (size_t)got;
	if (got == -1)
		return sp_fail_errno(err, "could not read the storage's credentials \"%s\"", path);
	if (length == FILE_MAX)
		return sp_fail(err, SP_LIMIT,
			       "cannot use the credentials \"%s\": a file of more "
			       "than %d bytes",
			       path, FILE_MAX - 1);
	*out_length = length;
	return 0;
}

static int parse(const char *text, size_t length, struct s3_credentials *out, struct sp_error *err)
{
	static const char *const names[] = { "aws_access_key_id", "aws_secret_access_key",
					     "aws_session_token" };
	const struct sp_profile_wanted wanted = { .name = "default", .takes_front = true };
	char *values[3];
	if (sp_profile_read(text, length, &wanted, names, 3, values, err) < 0)
		return -1;
	*out = (struct s3_credentials){ .access_key_id = values[0],
					.secret = values[1],
					.session_token = values[2] };
	return 0;
}

int s3_credentials_read(const char *path, struct s3_credentials *out, struct sp_error *err)
{
	char text[FILE_MAX];
	size_t length;
	*out = (struct s3_credentials){ 0 };
	int result = read_file(path, text, &length, err);
	if (result == 0 && parse(text, length, out, err) != 0)
		result = sp_wrap(err, "cannot use the credentials \"%s\"", path);
	explicit_bzero(text, sizeof(text));
	if (result != 0)
		return -1;
	bool too_long = out->secret != NULL && strlen(out->secret) > SECRET_MAX;
	if (out->access_key_id != NULL && out->secret != NULL && !too_long)
		return 0;
	s3_credentials_finish(out);
	if (too_long)
		return sp_fail(err, SP_LIMIT,
			       "cannot use the credentials \"%s\": aws_secret_access_key has more "
			       "than %d bytes",
			       path, SECRET_MAX);
	return sp_fail(err, SP_INVALID,
		       "cannot use the credentials \"%s\": needed are lines aws_access_key_id = … "
		       "and aws_secret_access_key = …, in the section [default] or in none",
		       path);
}
