#pragma once
/** How long to wait before something is tried again: doubling, with a bound and jitter. Pure. */

#include <stdint.h>

/**
 * @first_ms  before the second try; doubles with each of @tries, up to @max_ms
 * @random    a quarter of the time either way is drawn with it, so that what failed together does not return together
 */
int64_t sp_backoff_ms(int64_t first_ms, int64_t max_ms, int tries, uint32_t random);
