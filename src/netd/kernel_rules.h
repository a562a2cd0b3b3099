#pragma once
/** Brings rules (netd/rules.h) into the kernel. */

#include "base/error.h"

/**
 * All of @text or nothing, in one transaction. A child does it: the library ends its process when it cannot talk to the
 * kernel, and what it opens belongs to the namespace it is in.
 *
 * SP_UNSUPPORTED: this kernel has no nftables.
 */
int kernel_rules_apply(int namespace_fd, const char *text, struct sp_error *err);
