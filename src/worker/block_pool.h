#pragma once
/**
 * The blocks of all feeds, made as they are needed and used again: large ones for much, small ones for small files, of
 * which many are at work at once. Not for several threads: the feeder's lock stands around it.
 *
 * A group (the feeds of one connection) is sure of some large blocks and shares the others, so that none can starve
 * another, even when its server stalls with all it was given. A feed of its own is sure of one small block.
 */

#include <stdbool.h>

#include "remote/blocks.h"
#include "remote/session.h"

enum {
	BLOCK_POOL_LARGE = REMOTE_BLOCK_MAX, /* bytes */
	BLOCK_POOL_LARGE_MAX = 160,          /* of them: 40 MiB */
	BLOCK_POOL_LARGE_SURE = 8,           /* for every group */
	BLOCK_POOL_SMALL = REMOTE_BLOCK_DEFAULT,
};

struct block_pool {
	struct block *large, *small; /* that nobody holds, the one used last in front */
	size_t large_made;
	size_t shared;      /* large ones for whoever needs more than it is sure of … */
	size_t shared_held; /* … and those of them that are out */
	size_t groups;      /* with feeds */
};

/** What one group, and what one feed of it has out. */
struct block_group {
	size_t large_held;
	size_t feeds;
};

struct block_share {
	struct block_group *group;
	size_t held;    /* blocks */
	bool has_small; /* one of them */
};

/** @groups_max: at a time. */
void block_pool_init(struct block_pool *pool, size_t groups_max);

/** A feed comes or goes; it goes with nothing in its hands. */
void block_pool_join(struct block_pool *pool, struct block_group *group, struct block_share *out);
void block_pool_leave(struct block_pool *pool, struct block_share *share);

/** Whether there is one for it now. */
bool block_pool_may_take(const struct block_pool *pool, const struct block_share *share);

/** An empty block, a small one when less than BLOCK_POOL_SMALL bytes are @wanted; NULL when there is none now. */
struct block *block_pool_take(struct block_pool *pool, struct block_share *share, uint64_t wanted);
void block_pool_give_back(struct block_pool *pool, struct block_share *share, struct block *block);
