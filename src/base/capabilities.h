#pragma once
/** What of root's power a process has (capabilities(7)). */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** Whether this thread may use all of them now: CAP_… numbers. */
bool sp_capabilities_have(const int *capabilities, size_t count);

/**
 * Gives up all but these, for good: no program that this process starts can get others back either, unless it is set-uid
 * and nobody forbade that. Keeps no more than was there. Acts on the calling thread: call it before there is a second one.
 */
int sp_capabilities_keep(const int *capabilities, size_t count, struct sp_error *err);
