#include "base/token_table.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/token_bucket.h"

enum { PLACES = 8 /* where one key may be */ };

struct place {
	char key[TOKEN_TABLE_KEY_SIZE];
	struct token_bucket bucket;
};

struct token_table {
	int64_t rate_per_s, burst;
	pthread_mutex_t lock;
	struct place *places; /* owned; NULL without a limit */
};

struct token_table *token_table_create(int64_t rate_per_s, int64_t burst_s)
{
	struct token_table *table = sp_alloc(sizeof(*table));
	table->rate_per_s = rate_per_s;
	table->burst = rate_per_s * burst_s;
	if (rate_per_s > 0)
		table->places = sp_alloc(TOKEN_TABLE_KEYS_MAX * sizeof(*table->places));
	pthread_mutex_init(&table->lock, NULL);
	return table;
}

void token_table_destroy(struct token_table *table)
{
	if (table == NULL)
		return;
	pthread_mutex_destroy(&table->lock);
	free(table->places);
	free(table);
}

static size_t first_place(const char *key)
{
	uint64_t hash = 1469598103934665603U;
	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211U;
	return hash % TOKEN_TABLE_KEYS_MAX;
}

/* Its own place, or that of the key that has rested longest: nothing is lost with one that is rested. */
static struct place *place_of(struct token_table *table, const char *key)
{
	struct place *rested = NULL;
	size_t first = first_place(key);
	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &table->places[(first + i) % TOKEN_TABLE_KEYS_MAX];
		if (strcmp(place->key, key) == 0)
			return place;
		if (rested == NULL || place->bucket.rested_us < rested->bucket.rested_us)
			rested = place;
	}
	*rested = (struct place){ 0 };
	snprintf(rested->key, sizeof(rested->key), "%s", key);
	return rested;
}

bool token_table_take(struct token_table *table, const char *key, int64_t now_us,
		      int64_t *out_wait_us)
{
	char known[TOKEN_TABLE_KEY_SIZE];
	if (table->places == NULL)
		return true;
	snprintf(known, sizeof(known), "%s", key);
	pthread_mutex_lock(&table->lock);
	bool taken = token_bucket_take(&place_of(table, known)->bucket, table->rate_per_s,
				       table->burst, now_us, out_wait_us);
	pthread_mutex_unlock(&table->lock);
	return taken;
}
