#include "netd/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

enum { VALUE_MAX = 32 };

static bool has_value(const char *path, const char *value)
{
	char text[VALUE_MAX + 1] = "";
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, VALUE_MAX);
	if (length <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, value) == 0;
}

static int set(const struct sysctl *wanted, struct sp_error *err)
{
	SP_AUTO_BUFFER path = { 0 };
	sp_buffer_format(&path, "/proc/sys/net/%s", wanted->path);
	if (has_value(sp_buffer_text(&path), wanted->value))
		return 0;

	SP_AUTO_FD fd = open(sp_buffer_text(&path), O_WRONLY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && sp_text_starts_with(wanted->path, "ipv6/"))
		return 0;
	ssize_t length = (ssize_t)strlen(wanted->value);
	if (fd == -1 || write(fd, wanted->value, (size_t)length) != length)
		return sp_fail_errno(err, "could not set \"%s\" to %s", sp_buffer_text(&path),
				     wanted->value);
	return 0;
}

int sysctls_set(const struct sysctl *wanted, size_t count, struct sp_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (set(&wanted[i], err) != 0)
			return -1;
	return 0;
}
