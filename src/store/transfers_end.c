/* Files that end with something else: all of a connector's, and those that a store was restored with. */

#include "store/transfers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "model/failure.h"
#include "store/rows.h"
#include "store/transfers_inside.h"

/* Why they all FAIL. */
struct common_end {
	const char *why;
	bool is_open; /* whether it was done is not known */
	int64_t now_ms;
};

/* Along the index files_queue, which it leaves when it ends. */
static int next_unfinished(struct db *db, const char *connector_id, struct transfer_file *out,
			   struct sp_error *err)
{
	char id[FILE_ID_SIZE];
	if (rows_text(db,
		      "SELECT id FROM files WHERE connector_id = ?1 AND state < 3"
		      " ORDER BY state, not_before_ms, position LIMIT 1",
		      connector_id, id, sizeof(id), err) != 0)
		return -1;
	if (id[0] == '\0')
		return 0;
	return transfers_find_any_file(db, id, out, err) == 0 ? 1 : -1;
}

static int fail_one(struct db *db, struct transfer_file *file, const struct common_end *end,
		    struct sp_error *err)
{
	enum file_state from = file->state;
	SP_AUTO_BUFFER message = { 0 };
	const char *done = transfer_direction_participle(file->direction);
	if (end->is_open)
		sp_buffer_format(&message, "could not tell whether \"%s\" was %s: %s", file->path,
				 done, end->why);
	else
		sp_buffer_format(&message, "could not %s \"%s\": %s",
				 transfer_direction_verb(file->direction), file->path, end->why);
	if (from == FILE_PUBLISHING && !end->is_open)
		sp_buffer_format(&message, "; it may have been %s already",
				 transfer_is_errand(file->direction) ? done : "published");
	free(file->failure_message);
	file->failure_message = sp_buffer_take(&message);
	file->failure_code = failure_code_from_name("UNKNOWN_ERROR");
	file->state = FILE_FAILED;
	file->ended_ms = end->now_ms;
	return transfers_move_any_file(db, file, from, err);
}

/* At most @max; how many there were. */
static int fail_some_of(struct db *db, const char *connector_id, const struct common_end *end,
			size_t max, size_t *out_count, struct sp_error *err)
{
	struct transfer_file file = { 0 };
	int got = 0;
	*out_count = 0;
	while (*out_count < max && (got = next_unfinished(db, connector_id, &file, err)) == 1) {
		int result = fail_one(db, &file, end, err);
		transfer_file_finish(&file);
		if (result != 0)
			return -1;
		(*out_count)++;
	}
	return got < 0 ? -1 : 0;
}

int transfers_end_with_connector(struct db *db, const char *connector_id, int64_t now_ms,
				 size_t max, size_t *out_count, struct sp_error *err)
{
	const struct common_end end = { "its connector was deleted", false, now_ms };
	return fail_some_of(db, connector_id, &end, max, out_count, err);
}

/* Who heard of changes that the backup does not know must not take their numbers for the new ones'. */
enum { CHANGES_LOST = 1000 * 1000 * 1000 };

/* A move or a deletion may have been done since: it is looked for as after a crash (PUBLISHING), whatever it was of. */
static int try_restored_again(struct db *db, int64_t now_ms, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE files SET state = 2, source_identity = NULL," CHANGED_AT_ONCE ","
		   " started_ms = CASE started_ms WHEN 0 THEN ?1 ELSE started_ms END,"
		   " attempt = attempt + ?2 WHERE state < 3 AND direction IN (3, 4)",
		   "ii", now_ms, (int64_t)TRANSFERS_ATTEMPTS_LOST) != 0)
		return -1;
	return db_run(db, err,
		      "UPDATE files SET state = 0, attempt = attempt + ?1, tries = 0,"
		      " worker_deaths = 0, not_before_ms = 0, part_attempt = 0, watermark = 0,"
		      " resume_state = NULL, source_identity = NULL, size = -1, sha256 = '',"
		      " verification = 0, outcome = 0, published_name = NULL, replaces = 0,"
		      " publishing_ms = 0," CHANGED_AT_ONCE ","
		      " leaves_part = CASE direction WHEN 0 THEN 1 ELSE 0 END"
		      " WHERE state < 3 AND direction < 3",
		      "i", (int64_t)TRANSFERS_ATTEMPTS_LOST);
}

static int fail_restored(struct db *db, int64_t now_ms, struct sp_error *err)
{
	const struct common_end end = { "the store was restored from a backup that was made before",
					true, now_ms };
	char id[CONNECTOR_ID_SIZE] = "", next[CONNECTOR_ID_SIZE];
	size_t count;
	for (;;) {
		if (rows_text(db, "SELECT id FROM connectors WHERE id > ?1 ORDER BY id LIMIT 1", id,
			      next, sizeof(next), err) != 0)
			return -1;
		if (next[0] == '\0')
			return 0;
		if (fail_some_of(db, next, &end, SIZE_MAX, &count, err) != 0)
			return -1;
		memcpy(id, next, sizeof(id));
	}
}

int transfers_after_restore(struct db *db, enum restored_files what, int64_t now_ms,
			    int64_t *out_count, struct sp_error *err)
{
	if (rows_count(db, "SELECT COUNT(*) FROM files WHERE state < 3", NULL, out_count, err) !=
		    0 ||
	    transfers_leave_numbers(db, CHANGES_LOST, err) != 0 ||
	    try_restored_again(db, now_ms, err) != 0)
		return -1;
	return what == RESTORED_FAIL ? fail_restored(db, now_ms, err) : 0;
}
