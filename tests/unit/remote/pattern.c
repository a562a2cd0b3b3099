#include "pattern.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"

static uint64_t word_at(uint64_t number)
{
	uint64_t word = (number + 1) * 0x9e3779b97f4a7c15u;
	return word ^ word >> 29;
}

void pattern_fill(uint8_t *out, uint64_t offset, size_t length)
{
	while (length > 0) {
		uint64_t word = word_at(offset / 8);
		size_t from = offset % 8;
		size_t count = 8 - from < length ? 8 - from : length;
		memcpy(out, (uint8_t *)&word + from, count);
		out += count;
		offset += count;
		length -= count;
	}
}

enum { CHUNK = 64 * 1024 };

void pattern_write_file(const char *path, uint64_t size)
{
	SP_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	uint8_t chunk[CHUNK];
	for (uint64_t offset = 0; offset < size;) {
		size_t count = size - offset < CHUNK ? (size_t)(size - offset) : CHUNK;
		pattern_fill(chunk, offset, count);
		if (write(fd, chunk, count) != (ssize_t)count)
			abort();
		offset += count;
	}
}

bool pattern_is_file(const char *path, uint64_t size)
{
	SP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t chunk[CHUNK];
	uint8_t wanted[CHUNK];
	uint64_t offset = 0;
	ssize_t count;
	while ((count = read(fd, chunk, sizeof(chunk))) > 0) {
		pattern_fill(wanted, offset, (size_t)count);
		if (memcmp(chunk, wanted, (size_t)count) != 0)
			return false;
		offset += (uint64_t)count;
	}
	return fd >= 0 && count == 0 && offset == size;
}

/* ---- the pool -------------------------------------------------------------------------------------------------- */

static void pool_init(struct pattern_pool *pool, size_t count)
{
	*pool = (struct pattern_pool){ .count = count };
	for (size_t i = 0; i < count; i++) {
		struct block *block = &pool->blocks[i];
		block->room = REMOTE_BLOCK_MAX;
		block->data = malloc(block->room);
		block->next = pool->free;
		pool->free = block;
	}
}

static struct block *pool_get(struct pattern_pool *pool)
{
	struct block *block = pool->free;
	if (block == NULL)
		return NULL;
	pool->free = block->next;
	block->next = NULL;
	pool->out++;
	return block;
}

static void pool_put(struct pattern_pool *pool, struct block *block)
{
	block->next = pool->free;
	pool->free = block;
	pool->out--;
}

static void pool_finish(struct pattern_pool *pool)
{
	if (pool->out != 0)
		abort(); /* a block was never given back */
	for (size_t i = 0; i < pool->count; i++)
		free(pool->blocks[i].data);
}

/* ---- the source ------------------------------------------------------------------------------------------------ */

static int source_take(void *ctx, struct block **out, struct sp_error *err)
{
	struct pattern_source *source = ctx;
	if (source->stutters && source->takes++ % 2 == 0)
		return 0;
	if (source->fails_at != 0 && source->offset >= source->fails_at)
		return sp_fail(err, SP_SYSTEM, "could not read the object");
	if (source->offset == source->size)
		return 2;
	struct block *block = pool_get(&source->pool);
	if (block == NULL)
		return 0;
	size_t room = source->block_size != 0 ? source->block_size : block->room;
	uint64_t left = source->size - source->offset;
	block->offset = source->offset;
	block->length = left < room ? (size_t)left : room;
	pattern_fill(block->data, block->offset, block->length);
	source->offset += block->length;
	*out = block;
	return 1;
}

static void source_give_back(void *ctx, struct block *block)
{
	struct pattern_source *source = ctx;
	memset(block->data, 0xee, block->length); /* who still sends it is found out */
	pool_put(&source->pool, block);
}

void pattern_source_init(struct pattern_source *source, uint64_t size, size_t blocks)
{
	*source = (struct pattern_source){ .size = size };
	source->source = (struct block_source){ source, source_take, source_give_back };
	pool_init(&source->pool, blocks);
}

void pattern_source_finish(struct pattern_source *source)
{
	pool_finish(&source->pool);
}

/* ---- the sink -------------------------------------------------------------------------------------------------- */

static struct block *sink_get(void *ctx)
{
	struct pattern_sink *sink = ctx;
	return pool_get(&sink->pool);
}

static int sink_put(void *ctx, struct block *block, struct sp_error *err)
{
	struct pattern_sink *sink = ctx;
	uint8_t *wanted = malloc(block->length + 1);
	pattern_fill(wanted, block->offset, block->length);
	if (block->offset != sink->offset || block->length == 0 || block->length > block->room ||
	    memcmp(wanted, block->data, block->length) != 0)
		sink->wrong = true;
	free(wanted);
	sink->offset += block->length;
	pool_put(&sink->pool, block);
	if (sink->fails_at != 0 && sink->offset >= sink->fails_at)
		return sp_fail(err, SP_NO_SPACE, "could not write the object: disk full");
	return 0;
}

static void sink_give_back(void *ctx, struct block *block)
{
	struct pattern_sink *sink = ctx;
	pool_put(&sink->pool, block);
}

void pattern_sink_init(struct pattern_sink *sink, size_t blocks)
{
	*sink = (struct pattern_sink){ 0 };
	sink->sink = (struct block_sink){ sink, sink_get, sink_put, sink_give_back };
	pool_init(&sink->pool, blocks);
}

void pattern_sink_finish(struct pattern_sink *sink)
{
	pool_finish(&sink->pool);
}
