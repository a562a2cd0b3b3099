#pragma once
/**
 * How often something may be done, for each of many keys (a connector, an access key): a token bucket for each, all of one rate.
 * Any thread.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
	TOKEN_TABLE_KEYS_MAX =
		4096, /* that are told apart; of more, those go that have rested longest */
	TOKEN_TABLE_KEY_SIZE = 129, /* with the NUL; of longer ones only the beginning counts */
};

struct token_table;

/**
 * @rate_per_s  as token_bucket_take() has it; 0: as often as one likes
 * @burst_s     so many seconds' worth may be done at once after a rest; at least 1
 */
struct token_table *token_table_create(int64_t rate_per_s, int64_t burst_s);
void token_table_destroy(struct token_table *table); /* NULL is fine */

/** False when @key may not do it now; see token_bucket_take(). */
bool token_table_take(struct token_table *table, const char *key, int64_t now_us,
		      int64_t *out_wait_us);
