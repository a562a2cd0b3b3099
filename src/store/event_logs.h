#pragma once
/** The records of connectors that had a logging role: events, looked at by their times. */

#include "db/db.h"
#include "model/event.h"

/** Where one stands in a connector's records. */
struct event_log_position {
	int64_t time_ms, number;
};

/** Which records, and from where on. */
struct event_log_range {
	const char *connector_id;
	int64_t from_ms, to_ms; /* of the first that counts, and behind the last */
	struct event_log_position beside;
	bool backward; /* those before @beside, the last one first */
};

/** @out: room for @max; the caller's to finish. */
int event_logs_list(struct db *db, const struct event_log_range *range, struct event *out,
		    size_t max, size_t *out_count, struct sp_error *err);

/** When the first and the last record of a connector came. Returns 1, 0 when it has none, or -1. */
int event_logs_span(struct db *db, const char *connector_id, int64_t *out_first_ms,
		    int64_t *out_last_ms, struct sp_error *err);

/** The first connector with records whose id is behind @after; @out is "" when there is none. */
int event_logs_next_connector(struct db *db, const char *after, char out[CONNECTOR_ID_SIZE],
			      struct sp_error *err);
