#pragma once
/** How much of the machine a worker may use, whatever its server makes it do: what the kernel enforces (setrlimit(2)). */

#include "base/error.h"

/**
 * For this process and for good: descriptors, memory that it can write to, no core file; and it is the first to go when
 * the machine runs out of memory. Call it while the process is still dumpable.
 */
int limits_set(struct sp_error *err);
