#pragma once
/**
 * Files that have ended and may have left something at their partner: those that FAILED a part, or a file that they were
 * to replace; those that are COMPLETED a file that they have replaced. They go with their connector.
 */

#include "db/db.h"
#include "model/transfer.h"

struct part_left {
	char file_id[FILE_ID_SIZE];
	int64_t since_ms;
	int tries; /* to remove them, in vain */
};

/** @file has just ended. */
int parts_left_add(struct db *db, const struct transfer_file *file, struct sp_error *err);

/** Of one connector: those that may be tried at @now_ms, the longest waiting first; at most @max. */
int parts_left_list(struct db *db, const char *connector_id, int64_t now_ms, struct part_left *out,
		    size_t max, size_t *out_count, struct sp_error *err);

/** In vain: not again before @not_before_ms. */
int parts_left_note_try(struct db *db, const char *file_id, int64_t not_before_ms,
			struct sp_error *err);

/** Those that would wait until after @latest_ms, as none does, wait no longer: the clock has gone back. */
int parts_left_end_waits(struct db *db, int64_t latest_ms, struct sp_error *err);

/** They are gone, or given up. */
int parts_left_forget(struct db *db, const char *file_id, struct sp_error *err);
