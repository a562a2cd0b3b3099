#pragma once
/** The privileges that are needed here, and no others. */

#include <stdbool.h>

#include "base/error.h"

/** Whether this process may change the networks of the user namespace that it is in. */
bool confine_may_make_networks(void);

/** Keeps CAP_NET_ADMIN and CAP_SYS_ADMIN, and gives up the rest for good, also for programs that it would start. */
int confine(struct sp_error *err);
