#include "model/failure.h"
#include "store/rows.h"
#include "store/transfers_inside.h"

void transfers_read_file(struct db_rows *rows, struct transfer_file *out)
{
	*out = (struct transfer_file){ 0 };
	rows_copy(rows, 0, out->id, sizeof(out->id));
	rows_copy(rows, 1, out->transfer_id, sizeof(out->transfer_id));
	rows_copy(rows, 2, out->connector_id, sizeof(out->connector_id));
	out->direction = (enum transfer_direction)db_rows_integer(rows, 3);
	out->position = db_rows_integer(rows, 4);
	out->path = db_rows_copy_text(rows, 5);
	out->bucket = db_rows_copy_text(rows, 6);
	out->key = rows_copy_bytes(rows, 7);
	out->remote_directory = rows_copy_bytes(rows, 8);
	out->remote_name = rows_copy_bytes(rows, 9);
	out->state = (enum file_state)db_rows_integer(rows, 10);
	out->attempt = (int)db_rows_integer(rows, 11);
	out->tries = (int)db_rows_integer(rows, 12);
	out->worker_deaths = (int)db_rows_integer(rows, 13);
	out->not_before_ms = db_rows_integer(rows, 14);
	out->size = db_rows_integer(rows, 15);
	rows_copy(rows, 16, out->sha256, sizeof(out->sha256));
	out->started_ms = db_rows_integer(rows, 17);
	out->ended_ms = db_rows_integer(rows, 18);
	out->failure_code = failure_code_from_name(db_rows_text(rows, 19));
	out->failure_message = db_rows_copy_text(rows, 20);
	out->part_attempt = (int)db_rows_integer(rows, 21);
	out->watermark = db_rows_integer(rows, 22);
	out->resume_state = db_rows_copy_text(rows, 23);
	out->source_identity = db_rows_copy_text(rows, 24);
	out->bytes_moved = db_rows_integer(rows, 25);
	out->verification = (enum verification)db_rows_integer(rows, 26);
	out->outcome = (enum publish_outcome)db_rows_integer(rows, 27);
	out->published_name = rows_copy_bytes(rows, 28);
	out->connection = db_rows_copy_text(rows, 29);
	out->publishing.conflict = (enum conflict_policy)db_rows_integer(rows, 30);
	out->publishing.upload = (enum upload_mode)db_rows_integer(rows, 31);
	out->publishing.staging = rows_copy_bytes(rows, 32);
	out->publishing.temp_pattern = rows_copy_bytes(rows, 33);
	out->replaces = db_rows_integer(rows, 34) != 0;
	out->leaves_part = db_rows_integer(rows, 35) != 0;
	out->queued_ms = db_rows_integer(rows, 36);
	out->target_path = rows_copy_bytes(rows, 37);
	out->items_max = (int)db_rows_integer(rows, 38);
	out->items = (int)db_rows_integer(rows, 39);
	out->truncated = db_rows_integer(rows, 40) != 0;
	out->attempt_ms = db_rows_integer(rows, 41);
	out->publishing_ms = db_rows_integer(rows, 42);
	out->cancelled_ms = db_rows_integer(rows, 43);
	out->cancelled_by = db_rows_copy_text(rows, 44);
}

void transfers_read_transfer(struct db_rows *rows, struct transfer *out)
{
	*out = (struct transfer){ .direction = (enum transfer_direction)db_rows_integer(rows, 2),
				  .local_directory = db_rows_copy_text(rows, 3),
				  .remote_directory = db_rows_copy_text(rows, 4),
				  .created_ms = db_rows_integer(rows, 5),
				  .state = (enum transfer_state)db_rows_integer(rows, 6) };
	rows_copy(rows, 0, out->id, sizeof(out->id));
	rows_copy(rows, 1, out->connector_id, sizeof(out->connector_id));
	rows_copy(rows, 7, out->retry_of, sizeof(out->retry_of));
}
