#pragma once
/**
 * The outbox: the events of files that have ended, in the order of their commits. They name connectors, transfers and
 * files, and outlive them.
 */

#include "db/db.h"
#include "model/event.h"

/** The file is COMPLETED or FAILED in this transaction: its event, under a new id, with what its connector is now. */
int events_put_file(struct db *db, const char *file_id, int64_t now_ms, struct sp_error *err);

/**
 * Which connector's the events behind number @after are, all of one connector, and the role that logs for it.
 * @out_role  owned by the caller; NULL: none of them has a record in the log
 */
int events_find_logger(struct db *db, int64_t after, char out_connector_id[CONNECTOR_ID_SIZE],
		       char **out_role, struct sp_error *err);

/** The events behind number @after have no record in the log. They are told of all the same. */
int events_withhold_records(struct db *db, int64_t after, struct sp_error *err);

/**
 * Those behind number @after, ascending, at most @max.
 * @connector_id  NULL: of all connectors
 * @out           room for @max; the caller's to finish
 */
int events_list(struct db *db, const char *connector_id, int64_t after, struct event *out,
		size_t max, size_t *out_count, struct sp_error *err);

/** The number of the newest that there ever was; 0: none. */
int events_last_number(struct db *db, int64_t *out, struct sp_error *err);

/** Each connector that has events behind number @after, among the next EVENTS_NEWS_MAX, and the newest of these. */
enum { EVENTS_NEWS_MAX = 10000 };
typedef void event_news_fn(void *ctx, const char *connector_id, int64_t newest);
int events_each_news(struct db *db, int64_t after, event_news_fn *fn, void *ctx,
		     struct sp_error *err);

/** When the first with a number above @number came; 0: there is none. */
int events_time_behind(struct db *db, int64_t number, int64_t *out_ms, struct sp_error *err);

/** Which events are old. */
struct events_keeping {
	int64_t since_ms;    /* those from before, as far as they were delivered … */
	int64_t delivered;   /* … which all up to this number were */
	int64_t records_max; /* and those that are more than so many */
	int64_t batch;       /* as many at a time, at most */
};

/** The number up to which all are old; 0: none is. */
int events_find_old(struct db *db, const struct events_keeping *keeping, int64_t *out_up_to,
		    struct sp_error *err);

/** Those whose number is @up_to or lower go. */
int events_forget(struct db *db, int64_t up_to, struct sp_error *err);
