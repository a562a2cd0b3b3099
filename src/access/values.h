#pragma once
/** Values of conditions that are more than text: blocks of addresses, and times. */

#include <stdbool.h>
#include <stdint.h>

struct access_network {
	int family; /* AF_INET, AF_INET6 */
	unsigned char address[16];
	unsigned bits;
};

/** "192.0.2.0/24", "192.0.2.7", "2001:db8::/32" */
bool access_network_read(const char *text, struct access_network *out);

/** False also for what is no address. */
bool access_network_has(const struct access_network *network, const char *address);

/** "2026-11-30T12:00:00Z", with or without a fraction; "2026-11-30"; seconds since 1970. */
bool access_time_read(const char *text, int64_t *out_ms);
