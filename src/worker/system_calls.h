#pragma once
/** Which system calls a worker may make, and with which arguments (seccomp(2)). */

#include "base/error.h"

/** As sandbox_enter(), of which it is a part: holds for all threads of the process, also for those that there are. */
int system_calls_limit(int control_fd, int first_free_fd, struct sp_error *err);
