#pragma once
/**
 * How many branches (remote/branches.h) an upload wishes for. OpenSSH's server grants 2 MiB a channel, and each channel
 * has a process of its own there: on a long line one moves so much in a round trip, and on a short one it is those two
 * that wait for one another. Whether more channels help is measured, and those that do not are closed.
 *
 *   far    WATCHING ─────────────────► OPENING ──► WARMING ──► MEASURING ──► SETTLED
 *   near   WATCHING ──► TIMING ──────────┘
 *   known  WATCHING ──► (TIMING) ──────────────────────────────────────────► SETTLED
 *   given  ────────────────────────────────────────────────────────────────► SETTLED
 *
 * Known: an earlier upload of this connection has measured it, and the trunk remembers (branches_worth()). Given: the
 * caller of growth_begin() has said how many.
 *
 * How long a far line is depends on what is asked. From 2 ms on (LINE_IS_LONG_US) one channel's window may be too small,
 * so an upload that is held up gets branches. From 10 ms on (FLIGHT_FAR_US, remote/flight.h) it surely is, so they are
 * opened at once and the flight begins larger. How many small files share a connection grows up to 50 ms (FAR_US in
 * worker/connection_session.c).
 */

#include "remote/branches.h"

enum growth_state {
	GROWTH_WATCHING,
	GROWTH_TIMING, /* what one channel does */
	GROWTH_OPENING,
	GROWTH_WARMING,
	GROWTH_MEASURING,
	GROWTH_SETTLED,
};

struct growth {
	struct remote *trunk;
	struct branch_wish wish;
	bool helps; /* others work on the same file: few branches do */
	enum growth_state state;
	double rate_alone;    /* bytes a microsecond */
	double gain_min;      /* of that: less is chance */
	int64_t measure_us;   /* at least */
	int64_t next_us;      /* when it goes on; monotonic */
	int64_t since_us;     /* TIMING, MEASURING: began then … */
	uint64_t since_bytes; /* … with so many acknowledged */
};

/** How the upload is doing. */
struct growth_view {
	uint64_t left;         /* bytes that nobody has taken yet */
	uint64_t acknowledged; /* bytes */
	bool is_held_up;       /* the trunk has more to send than the server takes */
	bool is_opening;       /* a stripe's file is not open yet */
	double rate;           /* of the trunk's flight; 0: not known yet */
};

/** @branches: so many and no other number; 0: as they turn out to help. @left: bytes of the file. */
void growth_begin(struct growth *growth, struct remote *trunk, size_t branches, bool helps,
		  uint64_t left);

/** Looks at the clock and at @view, and changes the wish. */
void growth_step(struct growth *growth, const struct growth_view *view);

void growth_end(struct growth *growth);
