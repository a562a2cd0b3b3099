#include "worker/sandbox.h"

#include <sys/prctl.h>

#include "base/capabilities.h"
#include "base/landlock.h"
#include "worker/system_calls.h"

int sandbox_enter(int control_fd, int first_free_fd, struct sp_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return sp_fail_errno(err, "could not give up new privileges");
	if (sp_capabilities_keep(NULL, 0, err) != 0 || sp_landlock_forbid_all(err) != 0)
		return -1;
	return system_calls_limit(control_fd, first_free_fd, err);
}
