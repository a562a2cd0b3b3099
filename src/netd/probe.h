#pragma once
/** Whether networks can be made here at all. */

#include "base/error.h"
#include "netd/namespaces.h"

/**
 * Makes one of everything in a namespace without a name, which goes at once: a bridge, a cable on it, rules.
 * Fails with what stands in the way.
 */
int probe(const struct namespaces *namespaces, struct sp_error *err);
