#include "store/flows.h"

#include "base/buffer.h"
#include "base/text.h"
#include "store/rows.h"

/* What read_flow() reads, in its order. */
#define COLUMNS                                                                                    \
	"number, id, connector_id, transfer_id, interface_id, source, public_address, target,"     \
	" way, verdict, step, reason, bytes_in, bytes_out, began_ms, ended_ms"

/* Texts with a place of fixed size. */
static const struct {
	int column;
	size_t offset, size;
} texts[] = {
#define TEXT(column, member)                                                                       \
	{                                                                                          \
		column, offsetof(struct flow, member), sizeof(((struct flow *)NULL)->member)       \
	}
	TEXT(1, id),     TEXT(2, connector_id),   TEXT(3, transfer_id), TEXT(4, interface_id),
	TEXT(5, source), TEXT(6, public_address), TEXT(7, target),      TEXT(8, way),
	TEXT(10, step),  TEXT(11, reason),
#undef TEXT
};

static void read_flow(struct db_rows *rows, struct flow *out)
{
	*out = (struct flow){
		.number = db_rows_integer(rows, 0),
		.verdict = (enum flow_verdict)db_rows_integer(rows, 9),
		.bytes_in = db_rows_integer(rows, 12),
		.bytes_out = db_rows_integer(rows, 13),
		.began_ms = db_rows_integer(rows, 14),
		.ended_ms = db_rows_integer(rows, 15),
	};
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++)
		rows_copy(rows, texts[i].column, (char *)out + texts[i].offset, texts[i].size);
}

int flows_put(struct db *db, const struct flow *flow, struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO flows (" COLUMNS ") VALUES"
		   " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
		   " ON CONFLICT (number) DO UPDATE SET bytes_in = excluded.bytes_in,"
		   " bytes_out = excluded.bytes_out, ended_ms = excluded.ended_ms",
		   "issssssssissiiii", flow->number, flow->id, flow->connector_id,
		   flow->transfer_id, flow->interface_id, flow->source, flow->public_address,
		   flow->target, flow->way, (int64_t)flow->verdict, flow->step, flow->reason,
		   flow->bytes_in, flow->bytes_out, flow->began_ms, flow->ended_ms) != 0)
		return sp_wrap(err, "could not keep the flow \"%s\"", flow->id);
	return 0;
}

int flows_forget(struct db *db, int64_t up_to, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM flows WHERE number <= ?1", "i", up_to);
}

int flows_last_number(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT COALESCE(MAX(number), 0) FROM flows", NULL, out, err);
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

/* A parameter that does not count has to stand in the statement all the same. */
static void add_condition(struct sp_buffer *sql, bool counts, const char *column, int parameter)
{
	if (counts)
		sp_buffer_format(sql, " AND %s = ?%d", column, parameter);
	else
		sp_buffer_format(sql, " AND ?%d IS NULL", parameter);
}

int flows_list(struct db *db, const struct flow_filter *filter, int64_t before, struct flow *out,
	       size_t room, size_t *out_count, struct sp_error *err)
{
	SP_AUTO_BUFFER sql = { 0 };
	sp_buffer_add_text(&sql, "SELECT " COLUMNS " FROM flows WHERE number < ?1");
	add_condition(&sql, filter->connector_id != NULL, "connector_id", 3);
	add_condition(&sql, filter->transfer_id != NULL, "transfer_id", 4);
	add_condition(&sql, filter->interface_id != NULL, "interface_id", 5);
	if (filter->verdict != NULL) /* one of three numbers */
		sp_buffer_format(&sql, " AND verdict = %d", (int)*filter->verdict);
	sp_buffer_add_text(&sql, " ORDER BY number DESC LIMIT ?2");

	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sp_buffer_text(&sql), "iisss", before, (int64_t)room,
		     filter->connector_id, filter->transfer_id, filter->interface_id) != 0)
		return -1;
	int got = 0;
	size_t count = 0;
	while (count < room && (got = db_rows_next(rows, err)) == 1)
		read_flow(rows, &out[count++]);
	*out_count = count;
	return got < 0 ? -1 : 0;
}

int flows_each_under_way(struct db *db, flow_fn *fn, void *ctx, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM flows WHERE ended_ms = 0 ORDER BY number", "") != 0)
		return -1;
	int got;
	while ((got = db_rows_next(rows, err)) == 1) {
		struct flow flow;
		read_flow(rows, &flow);
		fn(ctx, &flow);
	}
	return got;
}

int flows_give_up(struct db *db, struct sp_error *err)
{
	return db_run(db, err, "UPDATE flows SET ended_ms = ?1 WHERE ended_ms = 0", "i",
		      (int64_t)FLOW_END_UNKNOWN);
}
