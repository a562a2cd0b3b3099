#pragma once
/** How rows of transfers and files become structs: for transfers.c and what lists them. */

#include "store/transfers.h"

/** What transfers_read_file() reads, in its order, of "files f". */
#define FILE_COLUMNS                                                                               \
	"f.id, f.transfer_id, f.connector_id, f.direction, f.position, f.path, f.bucket,"          \
	" f.object_key, f.remote_directory, f.remote_name, f.state, f.attempt, f.tries,"           \
	" f.worker_deaths, f.not_before_ms, f.size, f.sha256, f.started_ms, f.ended_ms,"           \
	" f.failure_code, f.failure_message,"                                                      \
	" f.part_attempt, f.watermark, f.resume_state, f.source_identity, f.bytes_moved,"          \
	" f.verification, f.outcome, f.published_name, f.connection,"                              \
	" f.conflict, f.upload_mode, f.staging, f.temp_pattern, f.replaces, f.leaves_part,"        \
	" (SELECT t.created_ms FROM transfers t WHERE t.id = f.transfer_id),"                      \
	" f.target_path, f.items_max, f.items, f.truncated,"                                       \
	" f.attempt_ms, f.publishing_ms, f.cancelled_ms, f.cancelled_by"

/** What transfers_read_transfer() reads, in its order, of "transfers t". */
#define TRANSFER_COLUMNS                                                                           \
	"t.id, t.connector_id, t.direction, t.local_directory, t.remote_directory, t.created_ms,"  \
	" t.state, t.retry_of"

enum { FILE_COLUMN_COUNT = 45 };

void transfers_read_file(struct db_rows *rows, struct transfer_file *out);
void transfers_read_transfer(struct db_rows *rows, struct transfer *out);

/*
 * The numbers of changes that come all at once: behind those that there were, in the order of the files' positions, which
 * leave gaps. First the counter, then the files: those with a number behind the old end are the new ones.
 */
#define CHANGED_AT_ONCE                                                                            \
	" changed = position + (SELECT c.value - p.value FROM counters c, counters p"              \
	"  WHERE c.name = 'file change' AND p.name = 'file position')"

/** Makes room for the numbers of so many changes as there may be files, behind a gap. */
int transfers_leave_numbers(struct db *db, int64_t gap, struct sp_error *err);
