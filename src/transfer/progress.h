#pragma once
/**
 * How far the files that are under way are, for whoever wants to look: a board that the engine writes on and every thread
 * may read. What it says was said by a worker, and the newest word counts. Nothing of it is kept.
 */

#include <stddef.h>

#include "model/transfer.h"

struct progress_board;

struct progress {
	char file_id[FILE_ID_SIZE];
	char transfer_id[TRANSFER_ID_SIZE];
	char connector_id[CONNECTOR_ID_SIZE];
	int attempt;
	int64_t bytes_done; /* of the file, with what earlier attempts did that is gone on with */
	int64_t size;       /* bytes; -1: not known yet */
	int64_t rate;       /* bytes a second, of late; 0: it stands still, or nobody knows yet */
	int64_t eta_ms;     /* until all bytes are there; -1: not known */
	uint64_t change;    /* ascending, over all files */
};

/** Since the daemon began. */
struct progress_totals {
	struct {
		int64_t completed, failed;
		int64_t bytes_moved;
	} of[TRANSFER_DIRECTION_COUNT];
	int64_t attempts, retries;
};

struct progress_board *progress_board_create(void);
void progress_board_destroy(struct progress_board *board); /* NULL is fine */

/* The engine's side. A file that is not on the board is passed over. */
void progress_begin(struct progress_board *board, const struct transfer_file *file, int64_t done,
		    int64_t size);
void progress_note(struct progress_board *board, const char *file_id, int64_t done);
void progress_note_size(struct progress_board *board, const char *file_id, int64_t size);
/** It is not under way any more. */
void progress_end(struct progress_board *board, const char *file_id);
/** It came to its end, or back into the queue. */
void progress_count(struct progress_board *board, const struct transfer_file *file);

/** False when the file is not under way. */
bool progress_find(struct progress_board *board, const char *file_id, struct progress *out);

/**
 * Files that have moved since change @after, in no order, at most @max. Returns how many.
 * @out_last  of the board: for the next call
 */
size_t progress_since(struct progress_board *board, uint64_t after, struct progress *out,
		      size_t max, uint64_t *out_last);

size_t progress_files(struct progress_board *board);
struct progress_totals progress_totals(struct progress_board *board);
