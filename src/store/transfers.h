#pragma once
/** Transfers and files as they are kept. All on the writer's connection, or a reader's where it only reads. */

#include "db/db.h"
#include "model/transfer.h"

/**
 * One transfer and its files, each QUEUED, or FAILED from the start, with its event, when its path cannot be used; fills
 * in each file's position.
 */
int transfers_insert(struct db *db, const struct transfer *transfer, struct transfer_file *files,
		     size_t count, struct sp_error *err);

/** SP_NOT_FOUND when there is none. @connector_id NULL: of any. @out is the caller's to finish. */
int transfers_find(struct db *db, const char *connector_id, const char *transfer_id,
		   struct transfer *out, struct sp_error *err);

/**
 * Files of one transfer in the order of the request, after position @after (0: from the start), at most @max.
 * @out  room for @max; the caller's to finish
 */
int transfers_list_files(struct db *db, const char *transfer_id, int64_t after,
			 struct transfer_file *out, size_t max, size_t *out_count,
			 struct sp_error *err);

/** Files of the connector that are not COMPLETED or FAILED. */
int transfers_count_pending(struct db *db, const char *connector_id, int64_t *out,
			    struct sp_error *err);

/**
 * The next QUEUED files to work on, ascending: those that never waited, behind position @after (for whoever has the
 * ones before in hand), and those whose not_before is ≤ @now_ms.
 */
int transfers_next_files(struct db *db, const char *connector_id, int64_t after, int64_t now_ms,
			 struct transfer_file *out, size_t max, size_t *out_count,
			 struct sp_error *err);

/** Files in state PUBLISHING, ascending, behind position @after. */
int transfers_publishing_files(struct db *db, const char *connector_id, int64_t after,
			       struct transfer_file *out, size_t max, size_t *out_count,
			       struct sp_error *err);

/** When the earliest waiting QUEUED file may run (wall clock), 0 when there is none. */
int transfers_earliest_wait(struct db *db, const char *connector_id, int64_t *out_ms,
			    struct sp_error *err);

/** After a start of the daemon: every RUNNING file becomes QUEUED again. */
int transfers_requeue_running(struct db *db, int64_t now_ms, struct sp_error *err);

/** What becomes of files that had not ended when the backup was made that a store was restored from. */
enum restored_files {
	RESTORED_TRY_AGAIN, /* moved (again): at least once */
	RESTORED_FAIL,      /* FAILED: at most once, and people look */
};

/* How many attempts at a file, made since the backup, are reckoned with: the next one, at the latest the one after it,
 * removes the parts of as many before it (transfer/file_trip.c). */
enum { TRANSFERS_ATTEMPTS_LOST = 7 };

/**
 * After a restore: what was done since the backup is not known. No part and no temporary is gone on with or renamed,
 * for it may have been published meanwhile; the next attempt's number leaves room for those that were made since, so
 * that it removes theirs and does not meet them.
 *
 * @out_count  files that had not ended
 */
int transfers_after_restore(struct db *db, enum restored_files what, int64_t now_ms,
			    int64_t *out_count, struct sp_error *err);

/**
 * Before the rows of a deleted connector go: what had not ended FAILS, so that each file's end has its event. At most
 * @max; @out_count: how many there were.
 */
int transfers_end_with_connector(struct db *db, const char *connector_id, int64_t now_ms,
				 size_t max, size_t *out_count, struct sp_error *err);

/** QUEUED files that would wait until after @latest_ms, as no retry does, wait no longer: the clock has gone back. */
int transfers_end_waits(struct db *db, int64_t latest_ms, struct sp_error *err);

/** One file by its id. SP_NOT_FOUND. */
int transfers_find_file(struct db *db, const char *file_id, struct transfer_file *out,
			struct sp_error *err);

/** Connectors that have QUEUED or PUBLISHING files. @fn is called for each. */
int transfers_each_busy_connector(struct db *db, void (*fn)(void *ctx, const char *connector_id),
				  void *ctx, struct sp_error *err);

/**
 * Writes all that changes in the life of @file (state, attempt, tries … connection), if the
 * row is in state @from (and the state table allows the move). SP_CONFLICT when it is not; SP_CANCELLED: it may not become
 * PUBLISHING, for somebody wants it to end (cancellations.h). With it comes what follows: the transfer's state; an attempt
 * that ended (attempts.h); with an end its event (events.h), the hour's usage (usage.h), an ambiguous publish is counted,
 * and parts that may have been left are listed (parts_left.h).
 */
int transfers_move_file(struct db *db, const struct transfer_file *file, enum file_state from,
			struct sp_error *err);

/** The same two for those of a connector that was deleted, too: what has not ended must end before its rows go. */
int transfers_find_any_file(struct db *db, const char *file_id, struct transfer_file *out,
			    struct sp_error *err);
int transfers_move_any_file(struct db *db, const struct transfer_file *file, enum file_state from,
			    struct sp_error *err);

/** How the file is published, which transfers_move_file() does not write: it stays, mostly, what it is by default. */
int transfers_note_publishing(struct db *db, const struct transfer_file *file,
			      struct sp_error *err);

/** What is about to be done about a final name that is taken: published_name, replaces. SP_CONFLICT unless PUBLISHING. */
int transfers_note_intent(struct db *db, const struct transfer_file *file, struct sp_error *err);

/** Watermark, the hash's state there and what the source is, while @file is RUNNING its attempt; else nothing happens. */
int transfers_note_watermark(struct db *db, const struct transfer_file *file, struct sp_error *err);
