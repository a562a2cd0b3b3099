#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"

/* Written under another name first. */
int sp_secret_file_create(const char *path, const char *what, const char *text,
			  struct sp_error *err)
{
	char suffix[17];
	sp_random_hex(suffix, sizeof(suffix) - 1);
	SP_AUTO_BUFFER part = { 0 };
	sp_buffer_format(&part, "%s.%s", path, suffix);
	SP_AUTO_FREE char *copy = sp_strdup(path);
	SP_AUTO_FD folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SP_AUTO_FD fd = open(sp_buffer_text(&part), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (folder == -1 || fd == -1)
		return sp_fail_errno(err, "could not create the %s \"%s\"", what, path);

	const struct iovec line[] = { { (void *)(uintptr_t)text, strlen(text) },
				      { (char[]){ "\n" }, 1 } };
	bool good = writev(fd, line, 2) == (ssize_t)strlen(text) + 1 && fsync(fd) == 0 &&
		    (link(sp_buffer_text(&part), path) == 0 || errno == EEXIST);
	if (!good)
		sp_fail_errno(err, "could not write the %s \"%s\"", what, path);
	unlink(sp_buffer_text(&part));
	if (good && fsync(folder) == -1)
		return sp_fail_errno(err, "could not sync the folder of \"%s\"", path);
	return good ? 0 : -1;
}

/*
 * Ours alone, or root's: a service manager hands a secret over as a file of root's that an access list opens for us,
 * which shows as a group's permission to read.
 */
static int check(int fd, const char *path, const char *what, struct sp_error *err)
{
	struct stat status;
	if (fstat(fd, &status) == -1)
		return sp_fail_errno(err, "could not look at the %s \"%s\"", what, path);
	if (!S_ISREG(status.st_mode))
		return sp_fail(err, SP_DENIED, "cannot use the %s \"%s\": it is no file", what,
			       path);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return sp_fail(err, SP_DENIED,
			       "cannot use the %s \"%s\": it belongs to user %u, who could change "
			       "it",
			       what, path, (unsigned)status.st_uid);
	mode_t others = status.st_uid == 0 && status.st_gid == 0 && geteuid() != 0 ? 037 : 077;
	if ((status.st_mode & others) != 0)
		return sp_fail(err, SP_DENIED,
			       "cannot use the %s \"%s\": others may use it, too (mode %04o): set "
			       "its mode to 0600",
			       what, path, (unsigned)status.st_mode & 07777);
	return 0;
}

static int read_line(int fd, const char *path, const char *what, char *out, size_t size,
		     struct sp_error *err)
{
	size_t length = 0;
	ssize_t got = 1;
	char more;
	while (length < size && (got = read(fd, out + length, size - length)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return sp_fail_errno(err, "could not read the %s \"%s\"", what, path);
		length += (size_t)got;
	}
	bool is_whole = length < size || read(fd, &more, 1) == 0;
	if (length > 0 && out[length - 1] == '\n')
		length--;
	if (!is_whole || length == size)
		return sp_fail(err, SP_INVALID,
			       "cannot use the %s \"%s\": it holds more than %zu bytes", what, path,
			       size - 1);
	out[length] = '\0';
	return 0;
}

int sp_secret_file_read(const char *path, const char *what, char *out, size_t size,
			struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 && errno == ELOOP)
		return sp_fail(err, SP_DENIED, "cannot use the %s \"%s\": it is a symbolic link",
			       what, path);
	if (fd == -1)
		return sp_fail_errno(err, "could not open the %s \"%s\"", what, path);
	if (check(fd, path, what, err) != 0)
		return -1;
	return read_line(fd, path, what, out, size, err);
}
