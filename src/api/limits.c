#include "api/limits.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/token_bucket.h"

enum { PLACES = 8 /* where one key may be */ };

struct key {
	char id[sizeof(((struct sign_identity *)NULL)->access_key_id)];
	struct token_bucket bucket;
};

struct api_limits {
	int64_t requests_per_s;
	pthread_mutex_t lock;
	struct token_bucket lines;
	uint64_t left_out; /* refusals that the log does not have */
	struct key keys[LIMITS_KEYS_MAX];
};

struct api_limits *api_limits_create(int64_t requests_per_s)
{
	struct api_limits *limits = sp_alloc(sizeof(*limits));
	limits->requests_per_s = requests_per_s;
	pthread_mutex_init(&limits->lock, NULL);
	return limits;
}

void api_limits_destroy(struct api_limits *limits)
{
	if (limits == NULL)
		return;
	pthread_mutex_destroy(&limits->lock);
	free(limits);
}

static size_t first_place(const char *id)
{
	uint64_t hash = 1469598103934665603U;
	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 1099511628211U;
	return hash % LIMITS_KEYS_MAX;
}

/* Its own place, or that of the key that has rested longest: nothing is lost with one that is rested. */
static struct key *place_of(struct api_limits *limits, const char *id)
{
	struct key *rested = NULL;
	size_t first = first_place(id);
	for (size_t i = 0; i < PLACES; i++) {
		struct key *key = &limits->keys[(first + i) % LIMITS_KEYS_MAX];
		if (strcmp(key->id, id) == 0)
			return key;
		if (rested == NULL || key->bucket.rested_us < rested->bucket.rested_us)
			rested = key;
	}
	*rested = (struct key){ 0 };
	snprintf(rested->id, sizeof(rested->id), "%s", id);
	return rested;
}

bool api_limits_let(struct api_limits *limits, const char *key_id, int64_t now_us)
{
	if (limits->requests_per_s == 0)
		return true;
	pthread_mutex_lock(&limits->lock);
	bool lets = token_bucket_take(&place_of(limits, key_id)->bucket, limits->requests_per_s,
				      limits->requests_per_s * LIMITS_BURST_S, now_us, NULL);
	pthread_mutex_unlock(&limits->lock);
	return lets;
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
