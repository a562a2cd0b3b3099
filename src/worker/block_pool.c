#include "worker/block_pool.h"

#include <assert.h>

#include "base/scope.h"

void block_pool_init(struct block_pool *pool, size_t groups_max)
{
	assert(groups_max * BLOCK_POOL_LARGE_SURE <= BLOCK_POOL_LARGE_MAX);
	*pool = (struct block_pool){ .shared = BLOCK_POOL_LARGE_MAX -
					       groups_max * BLOCK_POOL_LARGE_SURE };
}

void block_pool_join(struct block_pool *pool, struct block_group *group, struct block_share *out)
{
	if (group->feeds++ == 0)
		pool->groups++;
	*out = (struct block_share){ .group = group };
}

void block_pool_leave(struct block_pool *pool, struct block_share *share)
{
	assert(share->held == 0);
	if (--share->group->feeds == 0)
		pool->groups--;
}

static bool may_take_large(const struct block_pool *pool, const struct block_group *group)
{
	if (pool->large == NULL && pool->large_made == BLOCK_POOL_LARGE_MAX)
		return false;
	return group->large_held < BLOCK_POOL_LARGE_SURE ||
	       (group->large_held < BLOCK_POOL_LARGE_MAX / pool->groups &&
		pool->shared_held < pool->shared);
}

bool block_pool_may_take(const struct block_pool *pool, const struct block_share *share)
{
	return !share->has_small || may_take_large(pool, share->group);
}

static struct block *make(size_t room)
{
	struct block *block = sp_alloc(sizeof(*block));
	block->data = sp_alloc(room);
	block->room = room;
	return block;
}

static struct block *take_large(struct block_pool *pool, struct block_share *share)
{
	struct block *block = pool->large;
	if (block != NULL) {
		pool->large = block->next;
	} else {
		block = make(BLOCK_POOL_LARGE);
		pool->large_made++;
	}
	if (share->group->large_held++ >= BLOCK_POOL_LARGE_SURE)
		pool->shared_held++;
	return block;
}

/* No more of them are made than there are feeds. */
static struct block *take_small(struct block_pool *pool, struct block_share *share)
{
	struct block *block = pool->small;
	if (block != NULL)
		pool->small = block->next;
	else
		block = make(BLOCK_POOL_SMALL);
	share->has_small = true;
	return block;
}

struct block *block_pool_take(struct block_pool *pool, struct block_share *share, uint64_t wanted)
{
	bool large = may_take_large(pool, share->group);
	struct block *block;
	if (!share->has_small && (wanted < BLOCK_POOL_SMALL || !large))
		block = take_small(pool, share);
	else if (large)
		block = take_large(pool, share);
	else
		return NULL;
	share->held++;
	block->next = NULL;
	block->length = 0;
	return block;
}

void block_pool_give_back(struct block_pool *pool, struct block_share *share, struct block *block)
{
	assert(share->held > 0);
	share->held--;
	struct block **spare = &pool->small;
	if (block->room == BLOCK_POOL_SMALL) {
		share->has_small = false;
	} else {
		spare = &pool->large;
		if (share->group->large_held-- > BLOCK_POOL_LARGE_SURE)
			pool->shared_held--;
	}
	block->next = *spare;
	*spare = block;
}
