#pragma once
/**
 * Files whose every byte follows from its offset: a source that makes them and a sink that checks them, so that a
 * test of any size needs a few blocks only. Both count their blocks: what is missing at the end is a leak.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/blocks.h"
#include "remote/session.h"

void pattern_fill(uint8_t *out, uint64_t offset, size_t length);

/** A file at @path. Ends the program when it cannot. */
void pattern_write_file(const char *path, uint64_t size);
bool pattern_is_file(const char *path, uint64_t size);

enum { PATTERN_BLOCKS = 64 };

struct pattern_pool {
	struct block blocks[PATTERN_BLOCKS];
	struct block *free;
	size_t count, out; /* blocks there are; of them with the engine */
};

struct pattern_source {
	struct block_source source;
	struct pattern_pool pool;
	uint64_t size, offset;
	size_t block_size; /* 0: REMOTE_BLOCK_MAX */
	bool stutters;     /* every other time there is nothing yet */
	uint64_t fails_at; /* offset; 0: never */
	size_t takes;
};

struct pattern_sink {
	struct block_sink sink;
	struct pattern_pool pool;
	uint64_t offset;   /* bytes that came */
	bool wrong;        /* a gap, or bytes that are not the pattern's */
	uint64_t fails_at; /* offset; 0: never */
};

/** @blocks: at most PATTERN_BLOCKS */
void pattern_source_init(struct pattern_source *source, uint64_t size, size_t blocks);
void pattern_source_finish(struct pattern_source *source);
void pattern_sink_init(struct pattern_sink *sink, size_t blocks);
void pattern_sink_finish(struct pattern_sink *sink);
