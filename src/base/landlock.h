#pragma once
/** Landlock: what the kernel itself forbids a process, whatever its user may do. */

#include "base/error.h"

/** Which version this kernel has (landlock(7)); 0 when it has none, or was started without. Any thread. */
int sp_landlock_version(void);

/**
 * The calling thread, and those that it starts from now on, may touch no file, no port and no process outside any more,
 * as far as this kernel's version knows how to forbid that. What is open stays open. Never taken back.
 *
 * Needs no_new_privs; call it before there is a second thread. Returns 0, also when there is no Landlock, or -1.
 */
int sp_landlock_forbid_all(struct sp_error *err);
