#include "netd/confine.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capabilities.h"
#include "base/text.h"

/* Interfaces, addresses, rules; and entering and mounting namespaces. */
static const int needed[] = { CAP_NET_ADMIN, CAP_SYS_ADMIN };

bool confine_may_make_networks(void)
{
	return sp_capabilities_have(needed, SP_COUNT_OF(needed));
}

int confine(struct sp_error *err)
{
	const struct rlimit none = { 0, 0 };
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (chdir("/") == -1)
		return sp_fail_errno(err, "could not go to \"/\"");
	if (sp_capabilities_keep(needed, SP_COUNT_OF(needed), err) != 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1)
		return sp_fail_errno(err, "could not give up privileges");
	return 0;
}
