#include "test.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "worker/limits.h"
#include "worker/sandbox.h"

/* Each case runs in a process of its own, that enters the sandbox as the worker does. */

enum {
	CONTROL = 3, /* the descriptors have the worker's numbers … */
	LOCK,
	FREE,
	DAEMON = FREE, /* … and these are what it may have been given later */
	OBJECT,
	SOCKET,
	PEER,
	STRANGER_PID = 1,
	EXIT_GOOD = 17, /* so that nobody takes a process that ends otherwise for a good one */
	EXIT_BAD = 18,
	EXIT_OUTSIDE = 19,
	STACK_SIZE = 64 * 1024,
};

#define ABOVE (1LL << 32) /* the kernel does not see it where it takes an int */

static void place(int fd, int number)
{
	if (dup2(fd, number + 100) != number + 100)
		_exit(EXIT_OUTSIDE);
}

/* Opens all, in two steps, for what is open already may have one of the numbers. */
static void hand_over(void)
{
	int pair[2], line[2];
	struct sp_error err;
	if (ipc_pair(pair, &err) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, line) != 0)
		_exit(EXIT_OUTSIDE);
	place(pair[0], CONTROL);
	place(pair[1], DAEMON);
	place(line[0], SOCKET);
	place(line[1], PEER);
	place(open("/dev/null", O_RDONLY), LOCK);
	place(memfd_create("object", 0), OBJECT);
	for (int number = CONTROL; number <= PEER; number++)
		if (dup2(number + 100, number) != number)
			_exit(EXIT_OUTSIDE);
	if (ipc_send(DAEMON, "x", 1, &(int){ OBJECT }, 1, &err) != IPC_DONE)
		_exit(EXIT_OUTSIDE);
}

static void enter(void)
{
	struct sp_error err;
	if (sandbox_enter(CONTROL, FREE, &err) != 0) {
		fprintf(stderr, "%s\n", err.message);
		_exit(EXIT_OUTSIDE);
	}
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

enum which { MAIN_THREAD, LATER_THREAD, EARLIER_THREAD, WHICH_COUNT };

typedef int body_fn(const void *ctx); /* an exit status */

struct order {
	body_fn *body;
	const void *ctx;
	pthread_barrier_t *entered; /* NULL: at once */
};

static void *obey(void *ctx)
{
	const struct order *order = ctx;
	if (order->entered != NULL)
		pthread_barrier_wait(order->entered);
	_exit(order->body(order->ctx));
}

/* The wait status of a process in whose sandbox @body ran. */
static int run(enum which which, body_fn *body, const void *ctx)
{
	pid_t child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		pthread_t thread;
		pthread_barrier_t entered;
		struct order order = { body, ctx, NULL };
		prctl(PR_SET_DUMPABLE, 0); /* nor does a death by signal leave a core here */
		hand_over();
		if (which == EARLIER_THREAD) {
			pthread_barrier_init(&entered, NULL, 2);
			order.entered = &entered;
			pthread_create(&thread, NULL, obey, &order);
		}
		enter();
		if (which == MAIN_THREAD)
			obey(&order);
		if (which == LATER_THREAD && pthread_create(&thread, NULL, obey, &order) != 0)
			_exit(EXIT_OUTSIDE);
		if (which == EARLIER_THREAD)
			pthread_barrier_wait(&entered);
		pthread_join(thread, NULL);
		_exit(EXIT_OUTSIDE);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* ---- what ends the process --------------------------------------------------------------------------------------- */

struct attempt {
	const char *what;
	long call;
	long long arguments[6];
	int expected; /* errno of what is only refused */
};

static long make(const struct attempt *attempt)
{
	const long long *a = attempt->arguments;
	return syscall(attempt->call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int survive(const void *ctx)
{
	make(ctx);
	return EXIT_BAD;
}

#define DEADLY(name, ...)                                                                          \
	{                                                                                          \
#name, SYS_##name, { __VA_ARGS__ }, 0                                              \
	}

static const struct attempt deadly[] = {
	DEADLY(socket, AF_INET, SOCK_STREAM, 0),
	DEADLY(socket, AF_UNIX, SOCK_STREAM, 0),
	DEADLY(socket, AF_NETLINK, SOCK_RAW, 0),
	DEADLY(socketpair, AF_UNIX, SOCK_STREAM, 0, 0),
	DEADLY(connect, SOCKET, 0, 0),
	DEADLY(bind, SOCKET, 0, 0),
	DEADLY(listen, SOCKET, 1),
	DEADLY(accept, SOCKET, 0, 0),
	DEADLY(accept4, SOCKET, 0, 0, 0),
	DEADLY(execve, 0, 0, 0),
	DEADLY(execveat, OBJECT, 0, 0, 0, 0x1000 /* AT_EMPTY_PATH: of the object itself */),
	DEADLY(clone, SIGCHLD),
	DEADLY(clone, SIGCHLD | CLONE_VM),
	DEADLY(clone, CLONE_NEWUSER | SIGCHLD),
	DEADLY(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	DEADLY(mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	       0),
	DEADLY(mmap, 0, 4096, PROT_EXEC, MAP_PRIVATE, OBJECT, 0),
	DEADLY(mprotect, 0, 0, PROT_EXEC),
	DEADLY(pkey_mprotect, 0, 0, PROT_EXEC, 0),
	DEADLY(personality, 0x0400000 /* READ_IMPLIES_EXEC */),
	DEADLY(memfd_create, 0, 0),
	DEADLY(ptrace, 16 /* PTRACE_ATTACH */, STRANGER_PID, 0, 0),
	DEADLY(ptrace, 0 /* PTRACE_TRACEME */, 0, 0, 0),
	DEADLY(process_vm_readv, STRANGER_PID, 0, 0, 0, 0, 0),
	DEADLY(process_vm_writev, STRANGER_PID, 0, 0, 0, 0, 0),
	DEADLY(process_madvise, 0, 0, 0, 0, 0),
	DEADLY(kcmp, 0, 0, 0, 0, 0),
	DEADLY(pidfd_open, STRANGER_PID, 0),
	DEADLY(pidfd_getfd, 0, 0, 0),
	DEADLY(pidfd_send_signal, 0, 0, 0, 0),
	DEADLY(kill, STRANGER_PID, 0),
	DEADLY(kill, -1, SIGKILL),
	DEADLY(tkill, STRANGER_PID, 0),
	DEADLY(tgkill, STRANGER_PID, STRANGER_PID, 0),
	DEADLY(rt_sigqueueinfo, STRANGER_PID, 0, 0),
	DEADLY(rt_tgsigqueueinfo, STRANGER_PID, STRANGER_PID, 0, 0),
	DEADLY(mount, 0, 0, 0, 0, 0),
	DEADLY(umount2, 0, 0),
	DEADLY(pivot_root, 0, 0),
	DEADLY(chroot, 0),
	DEADLY(setns, 0, 0),
	DEADLY(unshare, CLONE_NEWUSER),
	DEADLY(open_tree, 0, 0, 0),
	DEADLY(fsopen, 0, 0),
	DEADLY(name_to_handle_at, 0, 0, 0, 0, 0),
	DEADLY(open_by_handle_at, 0, 0, 0),
	DEADLY(setuid, 0),
	DEADLY(setresuid, 0, 0, 0),
	DEADLY(setgroups, 0, 0),
	DEADLY(capset, 0, 0),
	DEADLY(bpf, 0, 0, 0),
	DEADLY(perf_event_open, 0, 0, 0, 0, 0),
	DEADLY(userfaultfd, 0),
	DEADLY(io_uring_setup, 1, 0),
	DEADLY(io_setup, 1, 0),
	DEADLY(keyctl, 0, 0, 0, 0, 0),
	DEADLY(add_key, 0, 0, 0, 0, 0),
	DEADLY(request_key, 0, 0, 0, 0),
	DEADLY(init_module, 0, 0, 0),
	DEADLY(kexec_load, 0, 0, 0, 0),
	DEADLY(shmget, 0, 4096, 0),
	DEADLY(msgget, 0, 0),
	DEADLY(semget, 0, 0, 0),
	DEADLY(mq_open, 0, 0, 0, 0),
	DEADLY(syslog, 0, 0, 0),
#ifdef SYS_fork /* newer architectures never had it */
	DEADLY(fork),
	DEADLY(vfork),
#endif
};

static void ends_a_process_that_tries_what_an_attacker_would_from_any_thread(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(deadly); i++)
		for (enum which which = 0; which < WHICH_COUNT; which++) {
			int status = run(which, survive, &deadly[i]);
			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s (%zu) in thread %d: wait status %d", deadly[i].what, i,
					 which, status);
		}
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

#define REFUSED(number, name, ...)                                                                 \
	{                                                                                          \
#name, SYS_##name, { __VA_ARGS__ }, number                                         \
	}
#define TEXT(text) (intptr_t)(text)

static const struct attempt refused[] = {
	REFUSED(EACCES, openat, AT_FDCWD, TEXT("/etc/passwd"), O_RDONLY),
	REFUSED(EACCES, openat, AT_FDCWD, TEXT("/proc/self/mem"), O_RDWR),
	REFUSED(EACCES, openat, AT_FDCWD, TEXT("/proc/self/fd/4"), O_RDWR),
	REFUSED(EACCES, readlinkat, AT_FDCWD, TEXT("/proc/self/exe"), 0, 0),
	REFUSED(EACCES, faccessat2, AT_FDCWD, TEXT("/etc/passwd"), R_OK, 0),
	REFUSED(EACCES, openat2, AT_FDCWD, TEXT("/etc/passwd"), 0, 0),
	REFUSED(EACCES, newfstatat, AT_FDCWD, TEXT("/etc/passwd"), 0, 0x1000 /* AT_EMPTY_PATH */),
	REFUSED(EACCES, statx, AT_FDCWD, TEXT("/etc/passwd"), 0, 0, 0),
	REFUSED(ENOSYS, mkdirat, AT_FDCWD, TEXT("/tmp/never"), 0700),
	REFUSED(ENOSYS, unlinkat, AT_FDCWD, TEXT("/tmp/never"), 0),
	REFUSED(ENOSYS, renameat2, AT_FDCWD, TEXT("/tmp/a"), AT_FDCWD, TEXT("/tmp/b"), 0),
	REFUSED(ENOSYS, linkat, OBJECT, TEXT(""), AT_FDCWD, TEXT("/tmp/never"), 0x1000),
	REFUSED(ENOSYS, symlinkat, TEXT("a"), AT_FDCWD, TEXT("/tmp/never")),
	REFUSED(ENOSYS, mknodat, AT_FDCWD, TEXT("/tmp/never"), S_IFIFO, 0),
	REFUSED(ENOSYS, chdir, TEXT("/tmp")),
	REFUSED(ENOSYS, getdents64, OBJECT, 0, 0),
	REFUSED(ENOSYS, fchmod, OBJECT, 0777),
	REFUSED(ENOSYS, fchown, OBJECT, 0, 0),
	REFUSED(ENOSYS, ftruncate, OBJECT, 0),
	REFUSED(ENOSYS, fallocate, OBJECT, 0, 0, 1),
	REFUSED(ENOSYS, fsetxattr, OBJECT, TEXT("user.a"), TEXT("b"), 1, 0),
	REFUSED(ENOSYS, utimensat, OBJECT, 0, 0, 0),
	REFUSED(ENOSYS, flock, LOCK, 8 /* LOCK_UN */),
	REFUSED(ENOSYS, close, LOCK),
	REFUSED(ENOSYS, close, ABOVE | LOCK),
	REFUSED(ENOSYS, close, CONTROL),
	REFUSED(ENOSYS, close, STDERR_FILENO),
	REFUSED(ENOSYS, close_range, 0, 100, 0),
	REFUSED(ENOSYS, dup, STDERR_FILENO),
	REFUSED(ENOSYS, dup3, OBJECT, LOCK, 0),
	REFUSED(ENOSYS, fcntl, SOCKET, F_SETOWN, STRANGER_PID),
	REFUSED(ENOSYS, fcntl, SOCKET, F_SETSIG, SIGKILL),
	REFUSED(ENOSYS, fcntl, OBJECT, F_SETLK, 0),
	REFUSED(ENOSYS, fcntl, OBJECT, F_SETLEASE, F_WRLCK),
	REFUSED(ENOSYS, fcntl, OBJECT, F_DUPFD, 0),
	REFUSED(ENOSYS, fcntl, STDERR_FILENO, F_SETFL, 0),
	REFUSED(ENOSYS, fcntl, ABOVE | STDERR_FILENO, F_SETFL, 0),
	REFUSED(ENOSYS, fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, 0),
	REFUSED(ENOSYS, fcntl, CONTROL, F_DUPFD_CLOEXEC, 0),
	REFUSED(ENOSYS, ioctl, STDERR_FILENO, TIOCSTI, TEXT("x")),
	REFUSED(ENOSYS, ioctl, SOCKET, FIONREAD, 0),
	REFUSED(ENOSYS, sendmsg, SOCKET, 0, 0),
	REFUSED(ENOSYS, sendmsg, ABOVE | CONTROL, 0, 0),
	REFUSED(ENOSYS, recvmsg, SOCKET, 0, 0),
	REFUSED(ENOSYS, sendmmsg, CONTROL, 0, 0, 0),
	REFUSED(ENOSYS, recvmmsg, CONTROL, 0, 0, 0, 0),
	REFUSED(ENOSYS, sendto, SOCKET, TEXT("x"), 1, MSG_FASTOPEN, TEXT("\2\0\0\26\177\0\0\1"),
		16),
	REFUSED(ENOSYS, setsockopt, SOCKET, SOL_SOCKET, SO_BINDTODEVICE, TEXT("lo"), 3),
	REFUSED(ENOSYS, setsockopt, SOCKET, SOL_SOCKET, SO_MARK, TEXT("\0\0\0"), 4),
	REFUSED(ENOSYS, setsockopt, SOCKET, SOL_SOCKET, SO_ATTACH_FILTER, 0, 0),
	REFUSED(ENOSYS, setsockopt, SOCKET, IPPROTO_TCP, 31 /* TCP_ULP */, TEXT("tls"), 4),
	REFUSED(ENOSYS, setsockopt, SOCKET, IPPROTO_IP, 4 /* IP_OPTIONS */, 0, 0),
	REFUSED(ENOSYS, splice, OBJECT, 0, SOCKET, 0, 1, 0),
	REFUSED(ENOSYS, sendfile, SOCKET, OBJECT, 0, 1),
	REFUSED(ENOSYS, prctl, PR_SET_PDEATHSIG, 0),
	REFUSED(ENOSYS, prctl, PR_SET_DUMPABLE, 1),
	REFUSED(ENOSYS, prctl, PR_SET_SECCOMP, 1),
	REFUSED(ENOSYS, prctl, PR_SET_MM, 0),
	REFUSED(ENOSYS, seccomp, 0, 0, 0),
	REFUSED(ENOSYS, prlimit64, 0, RLIMIT_NOFILE, TEXT("0123456789abcdef"), 0),
	REFUSED(ENOSYS, prlimit64, STRANGER_PID, RLIMIT_NOFILE, 0, 0),
	REFUSED(ENOSYS, setrlimit, RLIMIT_CORE, TEXT("0123456789abcdef")),
	REFUSED(ENOSYS, clone3, 0, 0),
	REFUSED(ENOSYS, clone, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWUSER),
	REFUSED(ENOSYS, madvise, 0, 0, 9 /* MADV_REMOVE */),
	REFUSED(ENOSYS, remap_file_pages, 0, 0, 0, 0, 0),
	REFUSED(ENOSYS, setpriority, PRIO_PROCESS, STRANGER_PID, 0),
	REFUSED(ENOSYS, sched_setaffinity, STRANGER_PID, 0, 0),
	REFUSED(ENOSYS, setsid),
	REFUSED(ENOSYS, setpgid, 0, 0),
	REFUSED(ENOSYS, inotify_init1, 0),
	REFUSED(ENOSYS, pipe2, 0, 0),
	REFUSED(ENOSYS, timer_create, 0, 0, 0),
	REFUSED(ENOSYS, landlock_create_ruleset, 0, 0, 1),
#ifdef SYS_open /* newer architectures never had it */
	REFUSED(EACCES, open, TEXT("/etc/passwd"), O_RDONLY),
	REFUSED(EACCES, creat, TEXT("/tmp/never"), 0600),
	REFUSED(EACCES, access, TEXT("/etc/passwd"), R_OK),
	REFUSED(EACCES, stat, TEXT("/etc/passwd"), 0),
	REFUSED(EACCES, readlink, TEXT("/proc/self/exe"), 0, 0),
	REFUSED(ENOSYS, dup2, OBJECT, LOCK),
#endif
};

static int be_refused(const void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < SP_COUNT_OF(refused); i++) {
		errno = 0;
		long result = make(&refused[i]);
		if (result == -1 && errno == refused[i].expected)
			continue;
		fprintf(stderr, "%s (%zu): %ld, errno %d\n", refused[i].what, i, result, errno);
		return EXIT_BAD;
	}
	return EXIT_GOOD;
}

static void refuses_what_a_library_may_try_without_an_end(void **state)
{
	(void)state;
	for (enum which which = 0; which < WHICH_COUNT; which++)
		assert_int_equal(run(which, be_refused, NULL), W_EXITCODE(EXIT_GOOD, 0));
}

/* ---- what works -------------------------------------------------------------------------------------------------- */

static bool memory_works(void)
{
	char *pages =
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages, 4096, PROT_NONE) != 0)
		return false;
	pages[STACK_SIZE - 1] = 'x';
	void *large = realloc(malloc(1 << 20), 8 << 20);
	free(large);
	return large != NULL && munmap(pages, STACK_SIZE) == 0;
}

static bool descriptors_work(void)
{
	char byte = 'x';
	int fd = eventfd(0, EFD_CLOEXEC), loop = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int copy = fcntl(OBJECT, F_DUPFD_CLOEXEC, 0);
	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0 && eventfd_write(fd, 1) == 0 &&
	       poll(&wait, 1, 0) == 1 && epoll_wait(loop, &event, 1, 0) == 1 &&
	       pwrite(copy, &byte, 1, 5) == 1 && pread(OBJECT, &byte, 1, 5) == 1 &&
	       close(copy) == 0 && close(fd) == 0 && close(loop) == 0;
}

static bool sockets_work(void)
{
	char byte = 'x';
	return fcntl(SOCKET, F_SETFL, O_NONBLOCK) == 0 &&
	       send(SOCKET, &byte, 1, MSG_NOSIGNAL) == 1 && recv(PEER, &byte, 1, 0) == 1 &&
	       recv(SOCKET, &byte, 1, 0) == -1 && errno == EAGAIN;
}

/* A message of the daemon's with a descriptor, and an answer. */
static bool control_works(void)
{
	char message[IPC_MESSAGE_MAX];
	size_t length, count;
	int fds[IPC_FDS_MAX];
	struct sp_error err;
	return ipc_receive(CONTROL, message, &length, fds, &count, &err) == IPC_DONE &&
	       count == 1 && close(fds[0]) == 0 &&
	       ipc_send(CONTROL, message, length, NULL, 0, &err) == IPC_DONE;
}

static ucontext_t here, fiber;

static void hop(void)
{
	swapcontext(&fiber, &here);
}

static bool fibers_work(void)
{
	char *stack =
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED || getcontext(&fiber) != 0)
		return false;
	fiber.uc_stack.ss_sp = stack;
	fiber.uc_stack.ss_size = STACK_SIZE;
	makecontext(&fiber, hop, 0);
	return swapcontext(&here, &fiber) == 0 && munmap(stack, STACK_SIZE) == 0;
}

static void *come_and_go(void *ctx)
{
	return ctx;
}

static bool threads_work(void)
{
	enum { AT_ONCE = 12 };
	pthread_t threads[AT_ONCE];
	bool good = true;
	for (size_t i = 0; i < AT_ONCE; i++)
		good = good && pthread_create(&threads[i], NULL, come_and_go, &here) == 0;
	for (size_t i = 0; good && i < AT_ONCE; i++)
		good = pthread_join(threads[i], NULL) == 0;
	return good;
}

static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
	signalled = number;
}

static bool signals_to_ourselves_work(void)
{
	signal(SIGUSR1, note_signal);
	return raise(SIGUSR1) == 0 && signalled == SIGUSR1;
}

static bool questions_work(void)
{
	char bytes[16];
	const struct timespec moment = { .tv_nsec = 1 };
	sp_random_bytes(bytes, sizeof(bytes));
	return nanosleep(&moment, NULL) == 0 && sp_now_ms() > 0 && sp_monotonic_ms() > 0 &&
	       getpid() > 0 && sysconf(_SC_NPROCESSORS_ONLN) > 0;
}

/* They look for files, find none, and make do. */
static bool libraries_make_do(void)
{
	time_t now = time(NULL);
	struct tm parts;
	sp_log(SP_LOG_INFO, "a line from the sandbox");
	return localtime_r(&now, &parts) != NULL && fopen("/etc/hosts", "r") == NULL &&
	       dlopen("libz.so.1", RTLD_NOW) == NULL;
}

static int do_work(const void *ctx)
{
	(void)ctx;
	static const struct {
		const char *what;
		bool (*works)(void);
	} parts[] = {
		{ "memory", memory_works },
		{ "descriptors", descriptors_work },
		{ "sockets", sockets_work },
		{ "the control socket", control_works },
		{ "fibers", fibers_work },
		{ "threads", threads_work },
		{ "signals to ourselves", signals_to_ourselves_work },
		{ "questions", questions_work },
		{ "libraries", libraries_make_do },
	};
	for (size_t i = 0; i < SP_COUNT_OF(parts); i++)
		if (!parts[i].works()) {
			fprintf(stderr, "%s: %s\n", parts[i].what, strerror(errno));
			return EXIT_BAD;
		}
	return EXIT_GOOD;
}

static void lets_a_worker_work_in_every_thread(void **state)
{
	(void)state;
	for (enum which which = 0; which < WHICH_COUNT; which++)
		assert_int_equal(run(which, do_work, NULL), W_EXITCODE(EXIT_GOOD, 0));
}

static int break_down(const void *ctx)
{
	(void)ctx;
	abort();
}

static void tells_our_own_breakdown_from_an_attack(void **state)
{
	(void)state;
	int status = run(LATER_THREAD, break_down, NULL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static int open_many(const void *ctx)
{
	(void)ctx;
	enum { ENOUGH = 512, TOO_MANY = 4096 };
	int count = 0;
	while (count < TOO_MANY && eventfd(0, EFD_CLOEXEC) != -1)
		count++;
	return count > ENOUGH && count < TOO_MANY ? EXIT_GOOD : EXIT_BAD;
}

static int run_limited(body_fn *body)
{
	pid_t child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		struct sp_error err;
		struct rlimit core;
		if (limits_set(&err) != 0 || getrlimit(RLIMIT_CORE, &core) != 0 ||
		    core.rlim_max != 0)
			_exit(EXIT_BAD);
		_exit(body(NULL));
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

#ifndef SANDBOX_SANITIZED /* the sanitizers map terabytes */
static int fill_up(const void *ctx)
{
	(void)ctx;
	enum { PIECE = 64 << 20, PIECES = 64 };
	size_t pieces = 0;
	while (pieces < PIECES && mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		pieces++;
	return pieces > 0 && pieces < PIECES ? EXIT_GOOD : EXIT_BAD;
}

static void bounds_the_memory_of_a_worker(void **state)
{
	(void)state;
	assert_int_equal(run_limited(fill_up), W_EXITCODE(EXIT_GOOD, 0));
}
#endif

static void bounds_the_descriptors_of_a_worker(void **state)
{
	(void)state;
	assert_int_equal(run_limited(open_many), W_EXITCODE(EXIT_GOOD, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_a_process_that_tries_what_an_attacker_would_from_any_thread),
		cmocka_unit_test(refuses_what_a_library_may_try_without_an_end),
		cmocka_unit_test(lets_a_worker_work_in_every_thread),
		cmocka_unit_test(tells_our_own_breakdown_from_an_attack),
#ifndef SANDBOX_SANITIZED
		cmocka_unit_test(bounds_the_memory_of_a_worker),
#endif
		cmocka_unit_test(bounds_the_descriptors_of_a_worker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
