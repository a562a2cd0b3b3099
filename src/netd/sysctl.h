#pragma once
/** Settings of the kernel's network, of the namespace in which this process is. */

#include <stddef.h>

#include "base/error.h"

struct sysctl {
	const char *path; /* below /proc/sys/net/ */
	const char *value;
};

/** What is so already is left alone. IPv6 may be missing: a kernel without it sends none. */
int sysctls_set(const struct sysctl *wanted, size_t count, struct sp_error *err);
