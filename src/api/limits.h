#pragma once
/** How often a key may ask, and how often the log tells of signatures that were refused. Any thread. */

#include <stddef.h>
#include <stdint.h>

#include "sign/verify.h"

struct api_limits;

enum {
	LIMITS_BURST_S = 2,        /* so many seconds' worth of requests may come at once */
	LIMITS_LINES_PER_S = 1,    /* of refused signatures … */
	LIMITS_LINES_AT_ONCE = 10, /* … in the log */
};

/** @requests_per_s  of one key; 0: as many as come */
struct api_limits *api_limits_create(int64_t requests_per_s);
void api_limits_destroy(struct api_limits *limits); /* NULL is fine */

/**
 * False when this key has asked too often.
 * @out_wait_us  then: when it may ask again. NULL is fine
 */
bool api_limits_let(struct api_limits *limits, const char *key_id, int64_t now_us,
		    int64_t *out_wait_us);

/**
 * Tells the log of a request whose signature was refused, unless that was told too often already; the next line then says
 * how many were left out.
 */
void api_limits_tell(struct api_limits *limits, const struct sign_identity *who, const char *source,
		     const char *why, int64_t now_us);
