#pragma once
/** What is known of a webhook's connectors: for who looks on, and interferes. */

#include <stddef.h>
#include <stdint.h>

#include "events/webhook_list.h"
#include "model/transfer.h"

enum webhook_lane_state {
	WEBHOOK_DELIVERING, /* it has something to tell, and nothing is in its way */
	WEBHOOK_RETRYING,   /* the last try failed */
	WEBHOOK_PARKED,     /* so many did that it waits for somebody to look after it */
};

/** A connector with events that the webhook has not taken. */
struct webhook_lane {
	char connector_id[CONNECTOR_ID_SIZE];
	enum webhook_lane_state state;
	int tries;         /* in a row that failed */
	int64_t next_ms;   /* RETRYING: when the next one is (wall clock) */
	int64_t delivered; /* its events up to this number were */
	char *failure;     /* why the last try failed; NULL: it did not; owned */
};

void webhook_lanes_finish(struct webhook_lane *lanes, size_t count); /* frees the array, too */

/** "PARKED" */
const char *webhook_lane_state_name(enum webhook_lane_state state);

/** Scheme, host and port of a URL: the rest may be secret. Owned by the caller. */
char *webhook_origin(const char *url);
