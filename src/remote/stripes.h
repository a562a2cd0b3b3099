#pragma once
/**
 * The bytes of one upload on one connection. Blocks are taken from the source in order and written through a handle on
 * the trunk and, where that brings more, through further handles of the same part on branches: a stripe each.
 *
 *   GONE ──► OPENING ──► WRITING ──► CLOSING ──► GONE
 *
 * OpenSSH's server grants 2 MiB a channel, so one stripe moves so much in a round trip, whatever the line could carry.
 * How many branches there are, far and near, growth.h decides. What is left is lent to a crew on other connections.
 *
 * The trunk's stripe is opened and closed by its owner.
 */

#include "remote/blocks.h"
#include "remote/crew.h"
#include "remote/flight.h"
#include "remote/growth.h"
#include "remote/wire.h"

enum { STRIPES_MAX = 1 + BRANCHES_MAX };

enum stripe_state {
	STRIPE_GONE,
	STRIPE_OPENING,
	STRIPE_WRITING,
	STRIPE_CLOSING,
};

struct stripes;

struct stripe {
	struct stripes *stripes;
	struct remote *remote;
	enum stripe_state state;
	bool is_useless; /* it could not be opened: not tried again */
	bool is_closed;  /* CLOSING: the answer is here */
	struct wire_handle handle;
	struct block *cutting; /* taken, and being cut into WRITEs … */
	size_t cut;            /* … up to here */
	struct flight flight;
};

struct stripes {
	struct remote *trunk;
	const struct block_source *source;
	const char *path, *shown_path;
	uint64_t size; /* of the source, as it is said to be */

	struct stripe all[STRIPES_MAX]; /* the first is the trunk's */
	size_t turn;                    /* which of them takes the next block */
	struct block *held;             /* taken and not given back */
	uint64_t taken;                 /* the source's bytes in front of this were taken … */
	uint64_t acknowledged;          /* … and so many were written */
	bool ended;                     /* the source has no more */

	struct crew *crew; /* NULL: nobody helps */
	bool crew_is_over; /* at the last look, before what it gave back was taken */
	size_t lent;       /* blocks */
	struct block *again[CREW_HELPERS_MAX * CREW_AHEAD_MAX]; /* that came back untouched … */
	size_t again_count;                                     /* … so many */

	struct growth growth; /* of the branches */

	/* The first one. Nothing is taken or asked for after it. */
	struct sp_error failure;
	enum failure_step failed_step;
	bool failed_barely;     /* the server says no more than FAILURE, to a WRITE … */
	uint32_t failed_length; /* … of so many bytes */
};

struct stripes_plan {
	struct remote *trunk;
	const struct block_source *source;
	const char *path, *shown_path; /* kept, as is the source */
	uint64_t size, offset;
	size_t flight_max; /* see flight_of() */
	size_t branches;   /* 0: as they turn out to help */
	bool helps;        /* others work on the same file: few branches do */
	struct crew *crew; /* kept; NULL: nobody helps */
};

void stripes_init(struct stripes *stripes, const struct stripes_plan *plan);

/** The trunk's handle is open. */
void stripes_begin(struct stripes *stripes, const struct wire_handle *handle);

/** Does what can be done now; never waits. Look at @failure afterwards. */
void stripes_step(struct stripes *stripes);

/** All that the source had was given to WRITEs, and every stripe but the trunk's has closed. */
bool stripes_are_written(const struct stripes *stripes);

/** The trunk's stripe waits for the answer to a WRITE. */
bool stripes_are_owed(const struct stripes *stripes);

/** Every byte in front of this one was acknowledged. */
uint64_t stripes_watermark(const struct stripes *stripes);

/** Whether nothing is lent any more; until then the crew is told to give it back. */
bool stripes_recall(struct stripes *stripes);

/** Gives all blocks back; none may be lent. */
void stripes_finish(struct stripes *stripes);
