#include "base/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORD_BITS = 32 };

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static int read_own(struct capabilities *out)
{
	*out = (struct capabilities){ .header = { .version = _LINUX_CAPABILITY_VERSION_3 } };
	return (int)syscall(SYS_capget, &out->header, out->words);
}

static bool is_among(int capability, const int *capabilities, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (capabilities[i] == capability)
			return true;
	return false;
}

bool sp_capabilities_have(const int *capabilities, size_t count)
{
	struct capabilities own;
	if (read_own(&own) == -1)
		return false;
	for (size_t i = 0; i < count; i++)
		if ((own.words[capabilities[i] / WORD_BITS].effective &
		     1u << capabilities[i] % WORD_BITS) == 0)
			return false;
	return true;
}

/* What a process may never get again. Without CAP_SETPCAP somebody has seen to it already, or nobody can. */
static int bound(const int *capabilities, size_t count, struct sp_error *err)
{
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) != -1; capability++)
		if (!is_among(capability, capabilities, count) &&
		    prctl(PR_CAPBSET_DROP, capability) == -1 && errno != EPERM)
			return sp_fail_errno(err, "could not give up a capability");
	return 0;
}

int sp_capabilities_keep(const int *capabilities, size_t count, struct sp_error *err)
{
	struct capabilities own;
	if (bound(capabilities, count, err) != 0)
		return -1;
	if (read_own(&own) == -1)
		return sp_fail_errno(err, "could not read the capabilities");
	for (size_t word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
		uint32_t kept = 0;
		for (size_t i = 0; i < count; i++)
			if (capabilities[i] / WORD_BITS == (int)word)
				kept |= 1u << capabilities[i] % WORD_BITS;
		own.words[word].permitted &= kept;
		own.words[word].effective = own.words[word].permitted;
		own.words[word].inheritable = 0;
	}
	if (syscall(SYS_capset, &own.header, own.words) == -1)
		return sp_fail_errno(err, "could not give up capabilities");
	return 0;
}
