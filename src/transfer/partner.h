#pragma once
/** What a lane knows of its partner: the breaker, kept in the store and told in the log. On the loop's thread. */

#include "transfer/breaker.h"
#include "transfer/ground.h"

struct partner {
	struct ground *ground;
	char connector_id[CONNECTOR_ID_SIZE];
	struct breaker breaker;
	bool known;     /* what the store says was read … */
	bool ask_again; /* … and whatever it says may be older than this */
};

void partner_init(struct partner *partner, struct ground *ground, const char *connector_id);

/** What the store says, once; @record is NULL when there is nothing. */
void partner_know(struct partner *partner, const struct breaker_record *record);

enum breaker_lets partner_lets(struct partner *partner);

/** How long until somebody may try; 0: now. */
int64_t partner_wait_ms(const struct partner *partner);

/** Files wait until one of them has found the partner again. */
bool partner_is_unreached(const struct partner *partner);

/** Since when (wall clock) and why they do; 0 when they do not. */
int64_t partner_unreached_since(const struct partner *partner, const char **out_reason);

/**
 * A connection could not be made. True when the file that tells it only went to look (or the others stopped trying
 * before): then that is not its own failure.
 */
bool partner_failed(struct partner *partner, const struct breaker_failure *failure);

void partner_answered(struct partner *partner);

/** The connector, its secret or its network changed, or somebody has seen that the partner answers. */
void partner_ask_again(struct partner *partner);
