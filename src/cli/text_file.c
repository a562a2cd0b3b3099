#include "cli/text_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"

enum { CHUNK = 4096 };

static int read_all(int fd, const char *path, size_t max, struct sp_buffer *out,
		    struct sp_error *err)
{
	char chunk[CHUNK];
	ssize_t got;
	size_t before = out->length;
	while ((got = read(fd, chunk, sizeof(chunk))) > 0) {
		sp_buffer_add(out, chunk, (size_t)got);
		if (out->length - before > max)
			return sp_fail(err, SP_INVALID,
				       "cannot use \"%s\": it has more than %zu bytes", path, max);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return got == 0 ? 0 : sp_fail_errno(err, "could not read \"%s\"", path);
}

int text_file_read(const char *path, size_t max, struct sp_buffer *out, struct sp_error *err)
{
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", max, out, err);
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return sp_fail_errno(err, "could not open \"%s\"", path);
	return read_all(fd, path, max, out, err);
}
