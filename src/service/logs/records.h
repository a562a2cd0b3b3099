#pragma once
/** Reading a connector's records, page by page in one snapshot, until an answer is full. */

#include "events/log_filter.h"
#include "service/logs/request.h"

struct records {
	const struct service_context *context;
	char connector_id[CONNECTOR_ID_SIZE];
	struct event_log_range range;
	const struct log_filter *filter; /* NULL: all */
	size_t max;                      /* records */
	size_t look_max;                 /* so many are looked at */

	/** Adds a record to the answer. @message is borrowed. */
	void (*add)(struct records *records, const struct event *event, const char *message);
	void *ctx;

	/* What was found: */
	bool has_group;
	size_t count, looked, bytes;
	struct event_log_position first,
		last; /* of those that were looked at, in the order of reading */
	bool ended;   /* there is none behind */
};

/** A store_fn. Before: all but what is found, the range's connector included. */
int records_read(struct db *db, void *records, struct sp_error *err);

/** "TIME NUMBER", owned by the caller, and back. */
char *records_position_text(const struct event_log_position *position);
bool records_position_read(const char *text, struct event_log_position *out);
