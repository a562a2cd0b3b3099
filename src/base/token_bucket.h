#pragma once
/**
 * How often something may be done: so many times a second in the long run, so many at once after a rest. Plain storage; { 0 }
 * is rested. Not locked: who shares one between threads locks it.
 */

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
	int64_t rested_us; /* when it will be (monotonic) */
};

enum { TOKEN_BUCKET_RATE_MAX = 1000000 };

/**
 * @rate_per_s   1 to TOKEN_BUCKET_RATE_MAX
 * @burst        at least 1
 * @out_wait_us  of a refusal: when the next may be done. NULL is fine
 * False when it may not be done now, and then it was not counted.
 */
bool token_bucket_take(struct token_bucket *bucket, int64_t rate_per_s, int64_t burst,
		       int64_t now_us, int64_t *out_wait_us);
