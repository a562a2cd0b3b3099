#pragma once
/**
 * How many bytes of a job may be on the way at once. The one place where that is decided, so that a rule that follows
 * bandwidth and delay changes nothing else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/session.h"

struct flight {
	size_t max; /* bytes */
	size_t out;
};

/* Eight of OpenSSH's big requests (2 MiB, what its own sftp has under way) fill a line without delay and stay in the
 * processor's caches: sixteen cost a sixth more of its time. With small requests it takes more of them. */
enum { FLIGHT_BIG_REQUESTS = 8, FLIGHT_SMALL_REQUESTS = 64 };

/** @max: as the plan says; 0: the default for requests of @request_bytes. */
static inline struct flight flight_of(size_t max, uint32_t request_bytes)
{
	size_t requests =
		request_bytes > REMOTE_BLOCK_DEFAULT ? FLIGHT_BIG_REQUESTS : FLIGHT_SMALL_REQUESTS;
	return (struct flight){ .max = max != 0 ? max : requests * request_bytes };
}

/** One request may always be on the way, however small the limit. */
static inline bool flight_allows(const struct flight *flight, size_t bytes)
{
	return flight->out == 0 || flight->out + bytes <= flight->max;
}
