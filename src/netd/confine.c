#include "netd/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

/* Interfaces, addresses, rules; and entering and mounting namespaces. */
static const int needed[] = { CAP_NET_ADMIN, CAP_SYS_ADMIN };

enum { WORD_BITS = 32 };

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static bool is_needed(int capability)
{
	for (size_t i = 0; i < SP_COUNT_OF(needed); i++)
		if (needed[i] == capability)
			return true;
	return false;
}

bool confine_may_make_networks(void)
{
	struct capabilities have = { .header = { .version = _LINUX_CAPABILITY_VERSION_3 } };
	if (syscall(SYS_capget, &have.header, have.data) == -1)
		return false;
	for (size_t i = 0; i < SP_COUNT_OF(needed); i++)
		if ((have.data[needed[i] / WORD_BITS].effective & 1u << needed[i] % WORD_BITS) == 0)
			return false;
	return true;
}

/* What a process may never get again. Without CAP_SETPCAP somebody has seen to it already, or nobody can. */
static int bound(struct sp_error *err)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) != -1; capability++)
		if (!is_needed(capability) && prctl(PR_CAPBSET_DROP, capability) == -1 &&
		    errno != EPERM)
			return sp_fail_errno(err, "could not give up a capability");
	return 0;
}

int confine(struct sp_error *err)
{
	const struct rlimit none = { 0, 0 };
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (chdir("/") == -1)
		return sp_fail_errno(err, "could not go to \"/\"");
	if (bound(err) != 0)
		return -1;

	struct capabilities keep = { .header = { .version = _LINUX_CAPABILITY_VERSION_3 } };
	for (size_t i = 0; i < SP_COUNT_OF(needed); i++) {
		struct __user_cap_data_struct *word = &keep.data[needed[i] / WORD_BITS];
		word->effective |= 1u << needed[i] % WORD_BITS;
		word->permitted |= 1u << needed[i] % WORD_BITS;
	}
	if (syscall(SYS_capset, &keep.header, keep.data) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1)
		return sp_fail_errno(err, "could not give up privileges");
	return 0;
}
