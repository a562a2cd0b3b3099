#pragma once
/**
 * The cage of a worker. Its server is an enemy until proven otherwise: should one ever take a worker over, it is left with
 * the descriptors that the worker was given, and with calls that work on these and on the worker's own memory.
 *
 * Three walls, each of which stands alone: no capability and no new privileges; Landlock (no file, no port, no signal to
 * others), where the kernel has it; and a list of system calls. What a sound worker never does and an attacker would
 * (a socket, a program, a look into another process, code that was not in the program) ends the process with SIGSYS;
 * everything else that is not on the list fails, so that a library which only tries something goes on: with EACCES where a
 * file is named, with ENOSYS otherwise.
 */

#include "base/error.h"

/* The sanitizers need a few calls more, and more memory than can be limited. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif

/**
 * For good, for this thread and all that follow. Whatever a library reads from files must have been read.
 *
 * @control_fd      the only descriptor by which others can come and go
 * @first_free_fd   those below stay open until the process ends, the lock among them
 *
 * Returns 0, or -1: SP_UNSUPPORTED when the kernel cannot filter system calls.
 */
int sandbox_enter(int control_fd, int first_free_fd, struct sp_error *err);
