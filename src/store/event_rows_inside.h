#pragma once
/** For events.c and event_logs.c: how a row becomes an event. */

#include "db/db.h"
#include "model/event.h"

/* What event_rows_read() reads, in its order. */
#define EVENT_COLUMNS                                                                              \
	"number, id, connector_id, direction, state, time_ms, is_logged, url, configuration_arn,"  \
	" port, transfer_id, file_id, path, local_directory, remote_directory, bucket,"            \
	" object_key, bytes, queued_ms, started_ms, ended_ms, failure_code, failure_message,"      \
	" items_max, items, truncated"

/** Up to @max events; on failure none is left to finish. */
int event_rows_read(struct db_rows *rows, struct event *out, size_t max, size_t *out_count,
		    struct sp_error *err);
