#include "worker/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/sandbox.h"

enum { CONDITIONS_MAX = 2 };

/* A call, and what must hold of its arguments: all that is said. */
struct rule {
	int call;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

/* clang-format off */
#define CALL(name)                { .call = SCMP_SYS(name) }
#define CALL_IF(name, ...)        { .call = SCMP_SYS(name), .conditions = { __VA_ARGS__ } }
#define IS(argument, value)       { argument, SCMP_CMP_EQ, (scmp_datum_t)(value), 0 }
#define IS_NOT(argument, value)   { argument, SCMP_CMP_NE, (scmp_datum_t)(value), 0 }
#define BITS(argument, among, are) { argument, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(among), (scmp_datum_t)(are) }
/* clang-format on */

enum {
	NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		     CLONE_NEWPID | CLONE_NEWNET,
	SHARED_BY_THREADS = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND,
};

/* ---- what a worker does ---------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct rule allowed[] = {
	/* Bytes in and out of objects, sockets and eventfds that are open. What is called most often is not looked at
	 * further: for a call that is always allowed the kernel need not run the filter. */
	CALL(read), CALL(readv), CALL(pread64), CALL(preadv),
	CALL(write), CALL(writev), CALL(pwrite64), CALL(pwritev),
	CALL(recvfrom), CALL(shutdown),

	/* Without an address: with one, a socket that lost its connection might get another (MSG_FASTOPEN). */
	CALL_IF(sendto, IS(4, 0)),

	/* What the engine sets; SO_BINDTODEVICE, SO_MARK, filters of packets and the like are none of it. */
	CALL_IF(setsockopt, IS(1, IPPROTO_TCP), IS(2, TCP_NODELAY)),
	CALL_IF(setsockopt, IS(1, IPPROTO_TCP), IS(2, TCP_QUICKACK)),

	/* Not F_SETOWN with F_SETSIG, which send signals to others, nor locks and leases; see also allow_from(). */
	CALL_IF(fcntl, IS(1, F_GETFD)), CALL_IF(fcntl, IS(1, F_SETFD)), CALL_IF(fcntl, IS(1, F_GETFL)),

	/* Waiting. What SIGSTOP and SIGCONT interrupt may go on as restart_syscall. */
	CALL(poll), CALL(ppoll), CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait),
	CALL(eventfd2), CALL(futex), CALL(nanosleep), CALL(clock_nanosleep), CALL(sched_yield), CALL(restart_syscall),

	/* Memory. What can be written to can never be run. */
	CALL_IF(mmap, BITS(2, PROT_EXEC, 0)), CALL_IF(mprotect, BITS(2, PROT_EXEC, 0)),
	CALL(munmap), CALL(mremap), CALL(brk),
	CALL_IF(madvise, IS(2, MADV_DONTNEED)), CALL_IF(madvise, IS(2, MADV_FREE)),
	CALL_IF(madvise, IS(2, MADV_DONTDUMP)),

	/* Threads, which share all that we have. clone3 hides its flags from us; without it glibc takes clone. */
	CALL_IF(clone, BITS(0, SHARED_BY_THREADS | NAMESPACES, SHARED_BY_THREADS)),
	CALL(set_robust_list), CALL(rseq), CALL(gettid), CALL(exit), CALL(exit_group),
	CALL_IF(prctl, IS(0, PR_SET_NAME)),

	/* Masks and handlers of signals; fibers take theirs along. */
	CALL(rt_sigprocmask), CALL(rt_sigaction), CALL(rt_sigreturn), CALL(sigaltstack),

	/* Questions whose answers tell nothing of others. */
	CALL(getpid), CALL(getrandom), CALL(clock_gettime), CALL(clock_getres), CALL(gettimeofday), CALL(time),
	CALL(getcpu), CALL(sched_getaffinity), CALL(sysinfo), CALL(getrusage),
	CALL_IF(prlimit64, IS(0, 0), IS(2, 0)),
};

#ifdef SANDBOX_SANITIZED
/* What the sanitizers do besides: they mark memory of their own, and ask for the names of threads. */
static const struct rule allowed_to_sanitizers[] = {
	CALL_IF(madvise, IS(2, MADV_NOHUGEPAGE)),
	CALL_IF(prctl, IS(0, PR_GET_NAME)),
};
#endif

/* ---- what an attacker does, and ends the process ----------------------------------------------------------------- */

static const struct rule deadly[] = {
	/* Talking to somebody else. */
	CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen), CALL(accept), CALL(accept4),

	/* Another program, another process, code that was not in the program. */
	CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL_IF(clone, BITS(0, CLONE_THREAD, 0)),
	CALL_IF(mmap, BITS(2, PROT_EXEC, PROT_EXEC)), CALL_IF(mprotect, BITS(2, PROT_EXEC, PROT_EXEC)),
	CALL(pkey_mprotect), CALL(personality), CALL(memfd_create), CALL(modify_ldt),

	/* Others of our user: their memory, their descriptors, their lives. */
	CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(process_madvise), CALL(kcmp),
	CALL(pidfd_open), CALL(pidfd_getfd), CALL(pidfd_send_signal),
	CALL(kill), CALL(tkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo),

	/* Another place: mounts, namespaces, roots. */
	CALL(mount), CALL(umount2), CALL(pivot_root), CALL(chroot), CALL(setns), CALL(unshare),
	CALL(open_tree), CALL(move_mount), CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick),
	CALL(mount_setattr), CALL(name_to_handle_at), CALL(open_by_handle_at),

	/* Another user, or more power. */
	CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid), CALL(setresgid),
	CALL(setfsuid), CALL(setfsgid), CALL(setgroups), CALL(capset),

	/* Doors into the kernel through which many have come. */
	CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup), CALL(io_uring_enter),
	CALL(io_uring_register), CALL(io_setup), CALL(io_submit), CALL(keyctl), CALL(add_key), CALL(request_key),
	CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(kexec_file_load),
	CALL(iopl), CALL(ioperm), CALL(vmsplice), CALL(move_pages), CALL(migrate_pages), CALL(mbind), CALL(quotactl),
	CALL(shmget), CALL(shmat), CALL(shmctl), CALL(msgget), CALL(semget), CALL(mq_open), CALL(syslog), CALL(reboot),
	CALL(swapon), CALL(swapoff), CALL(acct), CALL(settimeofday), CALL(clock_settime), CALL(adjtimex),
	CALL(sethostname), CALL(setdomainname),
};

/* ---- what libraries may try, and is not there for them ----------------------------------------------------------- */

/* Names of files: locales, time zones, modules. Landlock does not hide what stat tells. */
static const struct rule no_files[] = {
	CALL(open), CALL(openat), CALL(openat2), CALL(creat), CALL(access), CALL(faccessat), CALL(faccessat2),
	CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx), CALL(readlink), CALL(readlinkat),
};
/* clang-format on */

/* ---- the filter ------------------------------------------------------------------------------------------------ */

static int add(scmp_filter_ctx filter, uint32_t action, const struct rule *rule)
{
	unsigned count = 0;
	while (count < CONDITIONS_MAX && rule->conditions[count].op != _SCMP_CMP_MIN)
		count++;
	return seccomp_rule_add_array(filter, action, rule->call, count, rule->conditions);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = add(filter, action, &rules[i]);
		if (result != 0)
			return result;
	}
	return 0;
}

/* What may be done to any descriptor from @first on. The kernel takes the lower half of the argument, and so do we: a
 * comparison of the whole would be got round by a bit in the upper half. */
static int allow_from(scmp_filter_ctx filter, int first)
{
	enum { BIT_FIRST = 3, BIT_END = 31 };
	const struct {
		int call;
		struct scmp_arg_cmp besides;
	} calls[] = {
		{ .call = SCMP_SYS(close) },
		{ SCMP_SYS(fcntl), IS(1, F_DUPFD_CLOEXEC) },
		{ SCMP_SYS(fcntl), IS(1, F_SETFL) }, /* not of what it was handed */
	};
	int result = 0;
	for (size_t i = 0; i < SP_COUNT_OF(calls); i++) {
		struct rule rule = { .call = calls[i].call, .conditions[1] = calls[i].besides };
		for (int fd = first; result == 0 && fd < 1 << BIT_FIRST; fd++) {
			rule.conditions[0] = (struct scmp_arg_cmp)BITS(0, UINT32_MAX, fd);
			result = add(filter, SCMP_ACT_ALLOW, &rule);
		}
		for (int bit = BIT_FIRST; result == 0 && bit < BIT_END; bit++) {
			rule.conditions[0] = (struct scmp_arg_cmp)BITS(0, 1u << bit, 1u << bit);
			result = add(filter, SCMP_ACT_ALLOW, &rule);
		}
	}
	return result;
}

/* What depends on the process: messages with descriptors go to the daemon and to nobody else, signals to ourselves. */
static int add_own(scmp_filter_ctx filter, int control_fd)
{
	const pid_t self = getpid();
	const struct {
		uint32_t action;
		struct rule rule;
	} own[] = {
		{ SCMP_ACT_ALLOW, CALL_IF(sendmsg, IS(0, control_fd)) },
		{ SCMP_ACT_ALLOW, CALL_IF(recvmsg, IS(0, control_fd)) },
		{ SCMP_ACT_ALLOW, CALL_IF(tgkill, IS(0, self)) },
		{ SCMP_ACT_KILL_PROCESS, CALL_IF(tgkill, IS_NOT(0, self)) },
	};
	for (size_t i = 0; i < SP_COUNT_OF(own); i++) {
		int result = add(filter, own[i].action, &own[i].rule);
		if (result != 0)
			return result;
	}
	return 0;
}

/* The first failure is returned: a negative errno, 0 when all is well. */
static int fill(scmp_filter_ctx filter, int control_fd, int first_free_fd)
{
	const struct {
		uint32_t action;
		const struct rule *rules;
		size_t count;
	} groups[] = {
		{ SCMP_ACT_ALLOW, allowed, SP_COUNT_OF(allowed) },
#ifdef SANDBOX_SANITIZED
		{ SCMP_ACT_ALLOW, allowed_to_sanitizers, SP_COUNT_OF(allowed_to_sanitizers) },
#endif
		{ SCMP_ACT_KILL_PROCESS, deadly, SP_COUNT_OF(deadly) },
		{ SCMP_ACT_ERRNO(EACCES), no_files, SP_COUNT_OF(no_files) },
	};
	int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (result ==
	    0) /* calls of another architecture's numbering have no other use than to get round this */
		result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; result == 0 && i < SP_COUNT_OF(groups); i++)
		result = add_all(filter, groups[i].action, groups[i].rules, groups[i].count);
	if (result == 0)
		result = add_own(filter, control_fd);
	return result != 0 ? result : allow_from(filter, first_free_fd);
}

int system_calls_limit(int control_fd, int first_free_fd, struct sp_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (filter == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not make a filter of system calls");
	int result = fill(filter, control_fd, first_free_fd);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result != 0)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot limit the worker's system calls: %s (the kernel needs "
			       "CONFIG_SECCOMP_FILTER)",
			       strerror(-result));
	return 0;
}
