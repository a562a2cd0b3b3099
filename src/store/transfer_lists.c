#include "store/transfer_lists.h"

#include <string.h>

#include "base/buffer.h"
#include "store/rows.h"
#include "store/transfers_inside.h"

/*
 * By hand, so that each of them goes along the index that fits. The states other than COMPLETED have indexes of their own,
 * in which only they are; a database uses such an index when the statement has its condition in so many words.
 */
static void write_statement(const struct transfer_filter *filter, struct sp_buffer *sql)
{
	sp_buffer_add_text(sql,
			   "SELECT " TRANSFER_COLUMNS ", (?5 IS NULL OR EXISTS (SELECT 1 FROM files"
			   " f WHERE f.transfer_id = t.id AND replace(f.path, ?5, '') <> f.path))"
			   " FROM transfers t WHERE (t.created_ms, t.id) < (?1, ?2)"
			   " AND t.created_ms >= ?3 AND EXISTS (SELECT 1"
			   " FROM connectors c WHERE c.id = t.connector_id AND c.deleted_ms = 0)");
	if (filter->connector_id != NULL)
		sp_buffer_add_text(sql, " AND t.connector_id = ?4");
	if (filter->state != NULL && *filter->state != TRANSFER_COMPLETED)
		sp_buffer_format(sql, " AND t.state <> 3 AND t.state = %d", (int)*filter->state);
	sp_buffer_add_text(sql, " ORDER BY t.created_ms DESC, t.id DESC");
}

static bool fits(const struct transfer_filter *filter, const struct transfer *transfer,
		 bool has_path)
{
	return has_path && (filter->state == NULL || transfer->state == *filter->state) &&
	       (filter->direction == NULL || transfer->direction == *filter->direction);
}

static void note_position(struct transfer_list *list, const struct transfer *transfer)
{
	list->last.created_ms = transfer->created_ms;
	memcpy(list->last.id, transfer->id, sizeof(list->last.id));
}

/* One row, unless the page is over. */
static bool take_row(struct db_rows *rows, const struct transfer_filter *filter, size_t looked_at,
		     struct transfer_list *list)
{
	struct transfer transfer;
	if (list->count == list->max || looked_at == TRANSFERS_LOOKED_AT_MAX) {
		list->more = true;
		return false;
	}
	transfers_read_transfer(rows, &transfer);
	note_position(list, &transfer);
	if (fits(filter, &transfer, db_rows_integer(rows, 8) != 0))
		list->transfers[list->count++] = transfer;
	else
		transfer_finish(&transfer);
	return true;
}

int transfers_list(struct db *db, const struct transfer_filter *filter,
		   const struct transfer_position *after, struct transfer_list *list,
		   struct sp_error *err)
{
	/* One bound, at which an index is entered: a second one would only be compared, with all that is newer. */
	const struct transfer_position until = { .created_ms = filter->until_ms };
	bool goes_on = after != NULL && after->created_ms < until.created_ms;
	const struct transfer_position *from = goes_on ? after : &until;
	SP_AUTO_BUFFER sql = { 0 };
	write_statement(filter, &sql);
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sp_buffer_text(&sql), "isiss", from->created_ms, from->id,
		     filter->since_ms, filter->connector_id, filter->path) != 0)
		return -1;
	int got = 0;
	list->count = 0;
	list->more = false;
	for (size_t looked_at = 0; (got = db_rows_next(rows, err)) == 1; looked_at++)
		if (!take_row(rows, filter, looked_at, list))
			break;
	while (got < 0 && list->count > 0)
		transfer_finish(&list->transfers[--list->count]);
	return got < 0 ? -1 : 0;
}

int transfers_count_files(struct db *db, const char *transfer_id, struct transfer_counts *out,
			  struct sp_error *err)
{
	*out = (struct transfer_counts){ 0 };
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT state, size, bytes_moved FROM files WHERE transfer_id = ?1", "s",
		     transfer_id) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		int64_t state = db_rows_integer(rows, 0), size = db_rows_integer(rows, 1);
		out->files++;
		out->queued += state == FILE_QUEUED;
		out->in_progress += state == FILE_RUNNING || state == FILE_PUBLISHING;
		out->completed += state == FILE_COMPLETED;
		out->failed += state == FILE_FAILED;
		out->bytes += size > 0 ? size : 0;
		out->bytes_moved += db_rows_integer(rows, 2);
	}
	return got;
}

int transfers_find_retry(struct db *db, const char *transfer_id, char out_id[TRANSFER_ID_SIZE],
			 struct sp_error *err)
{
	return rows_text(db,
			 "SELECT id FROM transfers WHERE retry_of = ?1 AND retry_of <> '' LIMIT 1",
			 transfer_id, out_id, TRANSFER_ID_SIZE, err);
}

int transfers_last_change(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT value FROM counters WHERE name = 'file change'", NULL, out,
			  err);
}

int transfers_each_change(struct db *db, int64_t after, size_t max, transfers_change_fn *fn,
			  void *ctx, int64_t *out_last, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	*out_last = after;
	if (db_query(db, &rows, err,
		     "SELECT " FILE_COLUMNS ", f.changed FROM files f WHERE f.changed > ?1"
		     " ORDER BY f.changed LIMIT ?2",
		     "ii", after, (int64_t)max) != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		struct transfer_file file;
		transfers_read_file(rows, &file);
		int64_t change = db_rows_integer(rows, FILE_COLUMN_COUNT);
		bool taken = fn(ctx, change, &file);
		transfer_file_finish(&file);
		if (!taken)
			return 0;
		*out_last = change;
	}
	return got;
}
