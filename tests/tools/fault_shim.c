/**
 * Makes calls to the operating system fail, for a program that is started with LD_PRELOAD=…/libfault_shim.so. For builds
 * without sanitizers, whose own library has to come first.
 *
 *   SALLYPORT_FAULT_PROGRAM  the name of the program that it is for: others (children) are left alone
 *   SALLYPORT_FAULT          "CALL FIRST COUNT HOW": of the calls named CALL (see the table) those from number FIRST on,
 *                            COUNT of them (0: all), do not happen. HOW is an errno's number, or "drop" (a message that
 *                            is sent goes nowhere), or "cut" (half of it arrives), or "die" (SIGKILL in its place).
 *   SALLYPORT_FAULT_COUNTS   a file that gets a line "CALL NUMBER" for each call of the table when the program ends, and
 *                            at the first one that fails, with a line "struck 1" before
 *   SALLYPORT_FAULT_CLOCK    a file with a number of seconds that CLOCK_REALTIME is ahead; it may change at any time
 */
#undef _FILE_OFFSET_BITS /* both names of each call are ours */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum call {
	ALLOC,
	OPEN,
	READ,
	WRITE,
	FSYNC,
	RENAME,
	UNLINK,
	TRUNCATE,
	LOCK,
	MAP,
	SOCKET,
	SEND,
	RECEIVE,
	CALLS
};

static const char *const names[CALLS] = {
	[ALLOC] = "alloc",     [OPEN] = "open",     [READ] = "read",     [WRITE] = "write",
	[FSYNC] = "fsync",     [RENAME] = "rename", [UNLINK] = "unlink", [TRUNCATE] = "truncate",
	[LOCK] = "lock",       [MAP] = "map",       [SOCKET] = "socket", [SEND] = "send",
	[RECEIVE] = "receive",
};

enum how { AS_ERRNO, DROP, CUT, DIE };

static struct {
	bool on;
	enum call call;
	long first, count;
	enum how how;
	int number; /* errno */
	atomic_bool struck;
	int counts_fd, clock_fd; /* opened before the program shuts itself off; -1: not asked for */
} fault = { .call = CALLS, .counts_fd = -1, .clock_fd = -1 };

static atomic_long counts[CALLS];

/* ---- beginning and end -------------------------------------------------------------------------------------------- */

/* Whatever it does may be one of the calls that it is about, and there may be no memory: the stack, and plain system
 * calls. */
static void write_counts(void)
{
	off_t at = 0;
	if (fault.counts_fd >= 0 && atomic_load(&fault.struck))
		at = syscall(SYS_pwrite64, fault.counts_fd, "struck 1\n", (size_t)9, at);
	for (size_t i = 0; fault.counts_fd >= 0 && i < CALLS; i++) {
		char line[64];
		int length =
			snprintf(line, sizeof(line), "%s %ld\n", names[i], atomic_load(&counts[i]));
		at += syscall(SYS_pwrite64, fault.counts_fd, line, (size_t)length, at);
	}
}

static void read_wish(const char *wish)
{
	char name[32], how[32];
	if (sscanf(wish, "%31s %ld %ld %31s", name, &fault.first, &fault.count, how) != 4)
		abort();
	for (size_t i = 0; i < CALLS; i++)
		if (strcmp(name, names[i]) == 0)
			fault.call = (enum call)i;
	fault.how = strcmp(how, "drop") == 0  ? DROP
		    : strcmp(how, "cut") == 0 ? CUT
		    : strcmp(how, "die") == 0 ? DIE
					      : AS_ERRNO;
	fault.number = atoi(how);
	if (fault.call == CALLS || (fault.how == AS_ERRNO && fault.number == 0))
		abort();
}

__attribute__((constructor)) static void begin(void)
{
	const char *program = getenv("SALLYPORT_FAULT_PROGRAM");
	const char *wish = getenv("SALLYPORT_FAULT");
	const char *counts_path = getenv("SALLYPORT_FAULT_COUNTS");
	const char *clock_path = getenv("SALLYPORT_FAULT_CLOCK");
	if (program == NULL || strcmp(program, program_invocation_short_name) != 0)
		return;
	if (wish != NULL)
		read_wish(wish);
	if (counts_path != NULL)
		fault.counts_fd = (int)syscall(SYS_openat, AT_FDCWD, counts_path,
					       O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (clock_path != NULL)
		fault.clock_fd =
			(int)syscall(SYS_openat, AT_FDCWD, clock_path, O_RDONLY | O_CLOEXEC, 0);
	fault.on = true;
}

__attribute__((destructor)) static void finish(void)
{
	write_counts();
}

void _exit(int status)
{
	write_counts();
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}

/** Counts a call. True when it shall not happen; errno is set. */
static bool fails(enum call call)
{
	if (!fault.on)
		return false;
	long number = atomic_fetch_add(&counts[call], 1) + 1;
	if (call != fault.call || number < fault.first ||
	    (fault.count > 0 && number >= fault.first + fault.count))
		return false;
	if (number == fault.first) {
		atomic_store(&fault.struck, true);
		write_counts();
	}
	if (fault.how == DIE)
		syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	errno = fault.number;
	return true;
}

/* The real one, looked up once. Before that is done dlsym() itself may ask for memory: see calloc(). */
#define REAL(name)                                                                                 \
	static __typeof__(name) *real;                                                             \
	if (real == NULL)                                                                          \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* ---- memory ------------------------------------------------------------------------------------------------------- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails(ALLOC) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(ALLOC) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(ALLOC) ? NULL : __libc_realloc(old, size);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static mode_t mode_of(int flags, va_list more)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t)
									  : 0;
}

#define OPEN_AT(name)                                                                              \
	int name(int directory, const char *path, int flags, ...)                                  \
	{                                                                                          \
		va_list more;                                                                      \
		va_start(more, flags);                                                             \
		mode_t mode = mode_of(flags, more);                                                \
		va_end(more);                                                                      \
		return fails(OPEN) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);  \
	}

#define OPEN_IT(name)                                                                              \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list more;                                                                      \
		va_start(more, flags);                                                             \
		mode_t mode = mode_of(flags, more);                                                \
		va_end(more);                                                                      \
		return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);   \
	}

OPEN_IT(open)
OPEN_IT(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

#define ONE_CALL(call, result, name, parameters, arguments)                                        \
	result name parameters                                                                     \
	{                                                                                          \
		REAL(name);                                                                        \
		return fails(call) ? (result)-1 : real arguments;                                  \
	}

/* No disk is full for an eventfd: reads and writes are those of files. */
static bool is_file(int fd)
{
	struct stat status;
	return fault.on && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

ssize_t read(int fd, void *data, size_t size)
{
	REAL(read);
	return is_file(fd) && fails(READ) ? -1 : real(fd, data, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	REAL(write);
	/* The log is spared, or nobody could be told of the others. */
	return fd != STDERR_FILENO && is_file(fd) && fails(WRITE) ? -1 : real(fd, data, size);
}

/* clang-format off */
ONE_CALL(READ, ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
ONE_CALL(READ, ssize_t, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
ONE_CALL(WRITE, ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
ONE_CALL(WRITE, ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
ONE_CALL(FSYNC, int, fsync, (int fd), (fd))
ONE_CALL(FSYNC, int, fdatasync, (int fd), (fd))
ONE_CALL(FSYNC, int, syncfs, (int fd), (fd))
ONE_CALL(RENAME, int, rename, (const char *from, const char *to), (from, to))
ONE_CALL(RENAME, int, renameat, (int from_fd, const char *from, int to_fd, const char *to),
	 (from_fd, from, to_fd, to))
ONE_CALL(RENAME, int, renameat2,
	 (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
	 (from_fd, from, to_fd, to, flags))
ONE_CALL(UNLINK, int, unlink, (const char *path), (path))
ONE_CALL(UNLINK, int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
ONE_CALL(TRUNCATE, int, ftruncate, (int fd, off_t size), (fd, size))
ONE_CALL(TRUNCATE, int, ftruncate64, (int fd, off64_t size), (fd, size))
/* clang-format on */

/* Locks are what SQLite asks for; the rest of fcntl() is left alone. To give one back never fails. */
static int lock_or_not(int fd, int command, void *argument)
{
	bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK;
	locks = locks && ((struct flock *)argument)->l_type != F_UNLCK;
	return locks && fails(LOCK) ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
	va_list more;
	va_start(more, command);
	void *argument = va_arg(more, void *);
	va_end(more);
	return lock_or_not(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
	va_list more;
	va_start(more, command);
	void *argument = va_arg(more, void *);
	va_end(more);
	return lock_or_not(fd, command, argument);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	/* What backs memory is ALLOC's; here it is about files. */
	if (fd >= 0 && fails(MAP))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	return mmap(address, length, protection, flags, fd, offset);
}

/* ---- sockets ------------------------------------------------------------------------------------------------------ */

ONE_CALL(SOCKET, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
ONE_CALL(SOCKET, int, socketpair, (int domain, int type, int protocol, int pair[2]),
	 (domain, type, protocol, pair))
ONE_CALL(SOCKET, int, accept4, (int fd, struct sockaddr *address, socklen_t *length, int flags),
	 (fd, address, length, flags))
ONE_CALL(RECEIVE, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags),
	 (fd, message, flags))
ONE_CALL(RECEIVE, ssize_t, recv, (int fd, void *data, size_t size, int flags),
	 (fd, data, size, flags))
ONE_CALL(SEND, ssize_t, send, (int fd, const void *data, size_t size, int flags),
	 (fd, data, size, flags))

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	REAL(sendmsg);
	if (!fails(SEND))
		return real(fd, message, flags);
	size_t length = 0;
	for (size_t i = 0; i < message->msg_iovlen; i++)
		length += message->msg_iov[i].iov_len;
	if (fault.how == DROP)
		return (ssize_t)length;
	if (fault.how != CUT)
		return -1;
	struct msghdr half = *message;
	struct iovec first = message->msg_iov[0];
	first.iov_len = length / 2 < first.iov_len ? length / 2 : first.iov_len;
	half.msg_iov = &first;
	half.msg_iovlen = 1;
	return real(fd, &half, flags) < 0 ? -1 : (ssize_t)length;
}

/* ---- the clock ---------------------------------------------------------------------------------------------------- */

static long ahead_seconds(void)
{
	char text[32] = "";
	if (fault.clock_fd < 0 ||
	    syscall(SYS_pread64, fault.clock_fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	int result = (int)syscall(SYS_clock_gettime, clock, out);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		out->tv_sec += ahead_seconds();
	return result;
}

int gettimeofday(struct timeval *out, void *zone)
{
	(void)zone;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
