#pragma once
/**
 * Blocks of file bytes between the SFTP engine and whoever reads or writes the object (the worker's file thread).
 * The engine never waits in these calls: it is told by a descriptor (the other_fd of remote_pump) that it is worth
 * asking again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct block {
	uint8_t *data;   /* owned by the pool the block came from */
	size_t room;     /* bytes that fit, at least REMOTE_BLOCK_MAX */
	size_t length;   /* bytes that are there */
	uint64_t offset; /* of the first byte in the file */
	size_t pending; /* while the engine holds it: bytes asked for or sent that were not answered yet */
	bool is_done; /* when it is given back: all of it was written (acknowledged), or read */
	bool is_lent; /* download: it is not among what is under way here */
	struct block *next; /* for the list of whoever holds it */
};

/** Upload: bytes in ascending order, each read once. */
struct block_source {
	void *ctx;
	/** 1 and a block (taken by the engine), 0 when none is there yet, 2 at the end of the file, -1 with the error. */
	int (*take)(void *ctx, struct block **out, struct sp_error *err);
	/** The engine is done with the block: its bytes were acknowledged, or the upload ended. */
	void (*give_back)(void *ctx, struct block *block);
};

/** Download: bytes in ascending order without gaps. */
struct block_sink {
	void *ctx;
	/** An empty block, or NULL when none is free now. */
	struct block *(*get)(void *ctx);
	/** A full one; taken. -1 when writing an earlier one failed, with that error. */
	int (*put)(void *ctx, struct block *block, struct sp_error *err);
	/** One that was not needed. */
	void (*give_back)(void *ctx, struct block *block);
};
