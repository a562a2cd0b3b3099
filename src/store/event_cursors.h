#pragma once
/**
 * How far those are who are told of events. A sink is named by the settings. It has a number up to which all was
 * delivered, and beside it numbers of connectors that are further than that, while another one holds it up.
 */

#include "db/db.h"
#include "model/event.h"

/** @connector_id: "" for the sink's own. Returns 1 and @out, 0 when there is none, or -1. */
int event_cursors_find(struct db *db, const char *sink, const char *connector_id, int64_t *out,
		       struct sp_error *err);

/** One connector's. */
int event_cursors_put(struct db *db, const char *sink, const char *connector_id, int64_t number,
		      struct sp_error *err);

/** The sink's own; those of connectors that are no further go. */
int event_cursors_settle(struct db *db, const char *sink, int64_t number, struct sp_error *err);

/** All of other sinks go. */
int event_cursors_keep(struct db *db, const char *const sinks[], size_t count,
		       struct sp_error *err);

/** How many events with number @up_to or lower the sink has not had. */
int event_cursors_count_behind(struct db *db, const char *sink, int64_t up_to, int64_t *out,
			       struct sp_error *err);
