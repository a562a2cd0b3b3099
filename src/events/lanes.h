#pragma once
/**
 * Within events/: a webhook's connectors, each with its own place in the outbox and its own patience, so that none waits
 * for another.
 *
 *   nothing to tell ◄──► ready ──► under way ──► delivered: the next one
 *                          ▲            └──────► failed: waits, ever longer; after so many times in a row it is parked
 *                          └── its time has come, or lanes_go_on() ◄──┘
 *
 * Times are monotonic milliseconds. One thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "model/transfer.h"

struct lane {
	struct lane *next;
	char connector_id[CONNECTOR_ID_SIZE];
	int64_t delivered; /* its events up to this number were */
	int64_t newest;    /* its newest event that is known of */
	int tries;         /* in a row that failed */
	int64_t ready_ms;
	bool under_way, parked;
	bool is_noted; /* @delivered is in the store */
	char *failure; /* of the last try; NULL: it did not fail; owned */
};

struct lanes {
	struct lane *first;
	struct lane *turn; /* whose turn is next; NULL: the first one's */
	int64_t seen;      /* events up to this number were looked at */
};

/** How long one waits, and how often. */
struct lane_patience {
	int64_t delay_ms, delay_max_ms;
	int attempts;
};

struct lane *lanes_find(const struct lanes *lanes,
			const char *connector_id); /* NULL: there is none */

/** A connector whose events up to @delivered were delivered. It stays with the lanes. */
struct lane *lanes_add(struct lanes *lanes, const char *connector_id, int64_t delivered);

/** The next one that has something to tell now, each in its turn; NULL: there is none. */
struct lane *lanes_take_ready(struct lanes *lanes, int64_t now_ms);

/** When the first that waits is ready; INT64_MAX: none waits. */
int64_t lanes_next_ready_ms(const struct lanes *lanes);

/** The event is told, or nobody wants to tell it any more. */
void lane_succeeded(struct lane *lane, int64_t number);

/** There is nothing left of what it has to tell. */
void lane_passed(struct lane *lane);

/** Returns how long it waits; 0: it is parked. @why: copied */
int64_t lane_failed(struct lane *lane, const struct lane_patience *patience, int64_t now_ms,
		    uint32_t random, const char *why);

/** Whoever waits or is parked is ready. Returns how many were parked. @connector_id: only this one; NULL: all */
size_t lanes_go_on(struct lanes *lanes, const char *connector_id);

/** All events up to this number were delivered. */
int64_t lanes_delivered(const struct lanes *lanes);

/** Those that have nothing to tell and are no further than @delivered go. */
void lanes_forget_idle(struct lanes *lanes, int64_t delivered);

void lanes_finish(struct lanes *lanes);
