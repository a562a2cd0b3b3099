#include "service/transfer/remote_path.h"

#include <stdbool.h>
#include <string.h>

#include "base/name.h"
#include "base/scope.h"

const char *remote_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static bool has_part(const char *path, const char *part)
{
	size_t part_length = strlen(part);
	for (const char *at = path;; at++) {
		size_t length = strcspn(at, "/");
		if (length == part_length && memcmp(at, part, length) == 0)
			return true;
		at += length;
		if (*at == '\0')
			return false;
	}
}

/* The bytes of a path at the partner, owned by the caller. */
static int read_remote_path(const char *text, char **out, struct sp_error *err)
{
	SP_AUTO_FREE char *path = NULL;
	if (sp_name_unescape(text, &path, err) != 0)
		return -1;
	if (strchr(path, '\n') != NULL)
		return sp_fail(err, SP_INVALID, "a path cannot hold a line break");
	if (has_part(path, ".."))
		return sp_fail(err, SP_INVALID, "\"..\" is not taken in a path");
	*out = sp_take_pointer(&path);
	return 0;
}

static int fail_path(struct sp_error *err, const char *what, const char *text)
{
	SP_AUTO_FREE char *bytes = NULL;
	sp_name_unescape(text, &bytes, NULL);
	SP_AUTO_FREE char *shown = sp_name_shown(bytes != NULL ? bytes : text);
	return sp_wrap(err, "cannot use the %s \"%s\"", what, shown);
}

int remote_read_directory(const char *text, char **out, struct sp_error *err)
{
	if (text == NULL)
		return 0;
	if (read_remote_path(text, out, err) != 0)
		return fail_path(err, "remote directory", text);
	size_t length = strlen(*out);
	while (length > 1 && (*out)[length - 1] == '/')
		(*out)[--length] = '\0';
	return 0;
}

int remote_read_file(const char *text, char **out, struct sp_error *err)
{
	if (read_remote_path(text, out, err) != 0)
		return fail_path(err, "remote path", text);
	const char *name = remote_base_name(*out);
	if (name[0] != '\0' && strcmp(name, ".") != 0)
		return 0;
	sp_fail(err, SP_INVALID, "it names a folder, and files are retrieved one by one");
	return fail_path(err, "remote path", text);
}

/* Whoever gives the path of what is to go away means neither the root nor where they are. */
int remote_read_entry(const char *text, char **out, struct sp_error *err)
{
	SP_AUTO_FREE char *path = NULL;
	if (remote_read_directory(text, &path, err) != 0)
		return -1;
	if (path == NULL)
		return sp_fail(err, SP_INVALID, "a path is missing");
	const char *name = remote_base_name(path);
	if (name[0] != '\0' && strcmp(name, ".") != 0) {
		*out = sp_take_pointer(&path);
		return 0;
	}
	sp_fail(err, SP_INVALID, "it names no file or directory in another one");
	return fail_path(err, "remote path", text);
}
