#pragma once
/** Things as their two files share them: things.c tells and hears, things_state.c says how far they have come. */

#include "egress/things.h"

struct thing {
	struct netd_wish wish;              /* first: the lists are searched by its id */
	unsigned char told[SP_SHA256_SIZE]; /* digest of what this netd was told last */
	uint32_t request;                   /* by which it was told: older answers do not count */
	bool is_told, is_waiting;           /* to this netd; for its answer */
	uint64_t since;      /* the first round that wanted what is still to be told … */
	uint64_t told_since; /* … and what was told and is waited for */
	bool is_here;        /* this netd has made it */
	bool was_made;       /* this netd or an earlier one has: connections may go through it */
	char *failure;       /* of the last answer; NULL: none. Owned */
	int64_t doubted_ms;  /* of a VPC: when its ways were, monotonic; 0: never */
};

/* What is wanted no longer. An internet gateway may come back under its id, in this VPC or another. */
struct leaving {
	char id[NETWORK_ID_SIZE];
	enum netd_layer layer;
	uint32_t request;
	bool is_waiting, has_failed;
};

/* How far telling everything has come. */
enum phase { SAY_OWNER, SAY_BEGIN, SAY_ALL, SAY_CHANGES };

struct things {
	char owner[NETD_OWNER_SIZE];
	enum phase phase;
	bool is_known; /* what is wanted, be it nothing */
	struct thing *at[NETD_LAYERS];
	size_t count[NETD_LAYERS];
	struct leaving *leaving;
	size_t leaving_count;
	/* VPCs on whose ways something is under way. Found again when that is asked for after a change. */
	struct busy {
		const char *vpc_id; /* owned by a wish */
		uint64_t since;     /* the round that wanted the oldest of it */
	} * busy;
	size_t busy_count;
	bool is_busy_known;
};

/** NULL: it is not wanted. */
struct thing *things_find(const struct things *things, size_t layer, const char *id);

/** Not yet, or not as it shall be now. */
bool thing_must_be_told(const struct thing *thing);

/** On those of its VPC: others lead through it. */
bool thing_is_on_ways(const struct thing *thing);
