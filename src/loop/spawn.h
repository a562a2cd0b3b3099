#pragma once
/** Starting another program of ours with exactly the descriptors it is meant to have. */

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * posix_spawn: descriptors 0 (/dev/null), 1 and 2 (@log_fd), and fds[i] as 3 + i; nothing else is inherited (every
 * descriptor of ours is close-on-exec). Signals are reset to their defaults, none is blocked; an own process group.
 *
 * @argv    NULL-terminated; argv[0] is the program's path
 * @log_fd  borrowed, like @fds; STDERR_FILENO: what it says is ours
 */
int spawn_program(char *const argv[], char *const envp[], int log_fd, const int *fds,
		  size_t fd_count, pid_t *out_pid, struct sp_error *err);
