#pragma once
/**
 * A connector's circuit breaker: whether files may try to reach its partner. Pure; the time and chance are given.
 *
 *   CLOSED ──► OPEN ──► HALF_OPEN ──► CLOSED      (the partner answered)
 *     ▲          ▲          │  │
 *     └──────────┼──────────┼──┘
 *                └──────────┘                     (it did not: longer than before)
 *
 * It opens when a file was given up for want of a connection, so that somebody is told, and at once where a partner
 * counts who comes: those behind it wait, whatever their number. While it is OPEN nobody tries; HALF_OPEN lets one file
 * try, whose failure is not counted against it. While it is CLOSED a failed connection is followed by a pause that
 * grows with each one in a row.
 *
 * Times are of the monotonic clock, so that a wall clock that jumps neither hammers a partner nor forgets it; only what
 * is told and kept is of the wall clock.
 */

#include <stdbool.h>

#include "model/breaker.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

enum breaker_lets { BREAKER_LETS_NONE, BREAKER_LETS_ONE, BREAKER_LETS_ALL };

struct breaker_options {
	int64_t pause_ms, pause_max_ms; /* CLOSED: after a failed connection */
	int64_t probe_ms, probe_max_ms; /* OPEN: partners that cannot be reached */
	int64_t refused_ms;             /* OPEN: partners that do not accept who we are */
};

struct breaker {
	enum breaker_state state;
	int failures;    /* connections in a row */
	int64_t next_ms; /* nobody tries before; 0: at any time */
	/* OPEN, HALF_OPEN: what is told, but for next_ms. CLOSED: the last failure, if there are any. */
	struct breaker_record record;
};

/** A connection that could not be made. */
struct breaker_failure {
	enum failure_step step;
	enum sp_code code;
	const char *reason;
	bool gave_up; /* a file FAILS because of it */
};

/** Both clocks, and a number drawn at random. */
struct breaker_moment {
	int64_t now_ms; /* monotonic */
	int64_t wall_ms;
	uint32_t random;
};

/**
 * All files that waited for the same connection tell of its failure: the first one counts. True when it is OPEN by
 * that, or OPEN again.
 */
bool breaker_failed(struct breaker *breaker, const struct breaker_options *options,
		    const struct breaker_failure *failure, const struct breaker_moment *moment);

/** The partner let us in. True when it was not CLOSED before. */
bool breaker_answered(struct breaker *breaker);

/** Something may be different now (another secret, say): who waits need not wait any longer, but one goes first. */
void breaker_ask_again(struct breaker *breaker);

enum breaker_lets breaker_lets(struct breaker *breaker, int64_t now_ms);

/** How long until somebody may try; 0: now. */
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);

/** As it is to be kept. */
void breaker_record(const struct breaker *breaker, const struct breaker_moment *moment,
		    struct breaker_record *out);

/** As it was kept: OPEN, for no longer than it could have been told to stay so. */
void breaker_restore(struct breaker *breaker, const struct breaker_options *options,
		     const struct breaker_record *record, const struct breaker_moment *moment);
