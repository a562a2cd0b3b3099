#include "base/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

/* The kernel's headers here may be older than the kernel: what it takes is written down by number and by version. */
struct ruleset {
	uint64_t files, ports, scopes;
};

enum { ASK_VERSION = 1 };

static const struct {
	int version; /* the first that knows these rights */
	struct ruleset rights;
} known[] = {
	{ 1,
	  { .files = (1 << 13) - 1 } }, /* execute, write, read, list, remove and make all kinds */
	{ 2, { .files = 1 << 13 } },    /* link and rename to another folder */
	{ 3, { .files = 1 << 14 } },    /* truncate */
	{ 4, { .ports = 1 << 0 | 1 << 1 } },  /* TCP: bind, connect */
	{ 5, { .files = 1 << 15 } },          /* ioctl of devices */
	{ 6, { .scopes = 1 << 0 | 1 << 1 } }, /* abstract sockets and signals to others */
};

int sp_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ASK_VERSION);
	return version < 0 ? 0 : (int)version;
}

int sp_landlock_forbid_all(struct sp_error *err)
{
	int version = sp_landlock_version();
	if (version == 0)
		return 0;
	struct ruleset all = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(known) && known[i].version <= version; i++) {
		all.files |= known[i].rights.files;
		all.ports |= known[i].rights.ports;
		all.scopes |= known[i].rights.scopes;
	}
	/* An older kernel takes the longer struct as long as what it does not know is zero. No rule follows: nothing is
	 * allowed. */
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not make a Landlock ruleset");
	long result = syscall(SYS_landlock_restrict_self, fd, 0);
	int number = errno;
	close(fd);
	errno = number;
	return result == 0 ? 0 : sp_fail_errno(err, "could not enter a Landlock domain");
}
