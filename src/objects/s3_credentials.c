#include "objects/s3_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

enum {
	FILE_MAX = 16384, /* bytes */
	SECRET_MAX = 128, /* what the signer takes */
};

static const struct {
	const char *name;
	size_t offset;
} members[] = {
	{ "aws_access_key_id", offsetof(struct s3_credentials, access_key_id) },
	{ "aws_secret_access_key", offsetof(struct s3_credentials, secret) },
	{ "aws_session_token", offsetof(struct s3_credentials, session_token) },
};

void s3_credentials_finish(struct s3_credentials *credentials)
{
	sp_secret_free(credentials->access_key_id);
	sp_secret_free(credentials->secret);
	sp_secret_free(credentials->session_token);
	*credentials = (struct s3_credentials){ 0 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text)
{
	while (is_blank(*text))
		text++;
	size_t length = strlen(text);
	while (length > 0 && is_blank(text[length - 1]))
		text[--length] = '\0';
	return text;
}

static void note(struct s3_credentials *out, char *line)
{
	char *equals = strchr(line, '=');
	if (equals == NULL)
		return;
	*equals = '\0';
	const char *name = trim(line), *value = trim(equals + 1);
	for (size_t i = 0; i < SP_COUNT_OF(members); i++) {
		if (strcmp(members[i].name, name) != 0 || value[0] == '\0')
			continue;
		char **place = (char **)((char *)out + members[i].offset);
		sp_secret_free(*place);
		*place = sp_strdup(value);
	}
}

static void parse(char *text, struct s3_credentials *out)
{
	bool ours = true;
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		line = trim(line);
		if (line[0] == '[')
			ours = sp_text_starts_with(line, "[default]");
		else if (ours && line[0] != '#' && line[0] != ';')
			note(out, line);
	}
}

static int read_file(const char *path, char *out, struct sp_error *err)
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
	out[length] = '\0';
	return 0;
}

int s3_credentials_read(const char *path, struct s3_credentials *out, struct sp_error *err)
{
	char text[FILE_MAX];
	*out = (struct s3_credentials){ 0 };
	int result = read_file(path, text, err);
	if (result == 0)
		parse(text, out);
	explicit_bzero(text, sizeof(text));
	if (result != 0)
		return -1;
	if (out->access_key_id != NULL && out->secret != NULL && strlen(out->secret) <= SECRET_MAX)
		return 0;
	s3_credentials_finish(out);
	return sp_fail(err, SP_INVALID,
		       "cannot use the credentials \"%s\": needed are lines aws_access_key_id = … "
		       "and aws_secret_access_key = …, in the section [default] or in none",
		       path);
}
