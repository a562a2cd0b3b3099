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

/* Sixteen of OpenSSH's big requests fill a line without delay; with small ones it takes more of them. */
enum { FLIGHT_BIG_REQUESTS = 16, FLIGHT_SMALL_REQUESTS = 64 };

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
