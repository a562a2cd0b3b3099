#include "base/token_bucket.h"

#include <assert.h>
#include <stddef.h>

enum { SECOND_US = 1000 * 1000 };

/* What was done is a debt of time: each costs its share of a second, and no more than a burst may be owed. */
bool token_bucket_take(struct token_bucket *bucket, int64_t rate_per_s, int64_t burst,
		       int64_t now_us, int64_t *out_wait_us)
{
	assert(rate_per_s >= 1 && rate_per_s <= TOKEN_BUCKET_RATE_MAX && burst >= 1);
	int64_t cost = SECOND_US / rate_per_s;
	int64_t rested = bucket->rested_us > now_us ? bucket->rested_us : now_us;
	int64_t over = rested + cost - now_us - burst * cost;
	if (over > 0) {
		if (out_wait_us != NULL)
			*out_wait_us = over;
		return false;
	}
	bucket->rested_us = rested + cost;
	return true;
}
