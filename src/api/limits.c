#include "api/limits.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/token_bucket.h"
#include "base/token_table.h"

struct api_limits {
	struct token_table *keys; /* owned */
	pthread_mutex_t lock;
	struct token_bucket lines;
	uint64_t left_out; /* refusals that the log does not have */
};

struct api_limits *api_limits_create(int64_t requests_per_s)
{
	struct api_limits *limits = sp_alloc(sizeof(*limits));
	limits->keys = token_table_create(requests_per_s, LIMITS_BURST_S);
	pthread_mutex_init(&limits->lock, NULL);
	return limits;
}

void api_limits_destroy(struct api_limits *limits)
{
	if (limits == NULL)
		return;
	token_table_destroy(limits->keys);
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

bool api_limits_let(struct api_limits *limits, const char *key_id, int64_t now_us,
		    int64_t *out_wait_us)
{
	return token_table_take(limits->keys, key_id, now_us, out_wait_us);
}

void api_limits_tell(struct api_limits *limits, const struct sign_identity *who, const char *source,
		     const char *why, int64_t now_us)
{
	pthread_mutex_lock(&limits->lock);
	bool tells = token_bucket_take(&limits->lines, LIMITS_LINES_PER_S, LIMITS_LINES_AT_ONCE,
				       now_us, NULL);
	uint64_t left_out = tells ? limits->left_out : 0;
	limits->left_out = tells ? 0 : limits->left_out + 1;
	pthread_mutex_unlock(&limits->lock);
	if (!tells)
		return;
	sp_log(SP_LOG_WARNING,
	       "the signature of a request from %s with the key \"%.128s\" was refused: %.300s",
	       source, who->access_key_id, why);
	if (left_out > 0)
		sp_log(SP_LOG_WARNING, "%" PRIu64 " more were refused that the log does not have",
		       left_out);
}
