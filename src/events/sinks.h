#pragma once
/**
 * Those who are told of events, and how long events are kept (store/events.h has them, in the order of the commits):
 *
 *   commit with an event ──► woken ──► read behind its cursor ──► delivered ──► its cursor is committed
 *
 * Each sink goes its own way at its own pace, on a thread of its own, and every event is delivered to it at least once.
 * What none of them needs any more and is old enough goes in small batches (keeper.h).
 */

#include "events/webhook_list.h"
#include "events/webhook_view.h"
#include "loop/loop.h"
#include "store/store.h"

struct sinks;

struct sinks_options {
	const char *region, *account; /* kept */
	const char *file;      /* with a line for each event; NULL: none. Borrowed for the call */
	int64_t file_size_max; /* bytes, before it is rotated */
	int64_t files_kept;    /* that were rotated */
	const struct webhook_places *webhooks; /* borrowed for the call, as is: */
	const char *webhook_secret;  /* what signs their events; NULL when there is none */
	const char *webhook_ca_file; /* whose certificates are trusted; NULL: the host's */
	int64_t webhook_timeout_ms;  /* of one event */
	int64_t webhook_retry_delay_ms, webhook_retry_delay_max_ms;
	int webhook_attempts;
	int64_t keep_ms;     /* for so long events are kept */
	int64_t records_max; /* so many at most, whoever still needs them */
};

/** @loop, @store: kept. May block. */
int sinks_open(struct loop *loop, struct store *store, const struct sinks_options *options,
	       struct sinks **out, struct sp_error *err);

/** When the loop runs no more, and before the store is closed. NULL is fine. */
void sinks_close(struct sinks *sinks);

/** What waits for another try, or was given up, is tried at once. Any thread. */
void sinks_go_on(struct sinks *sinks);

/* ---- webhooks, by their names. Any thread but the loop's and the store-writer's; SP_NOT_FOUND: there is none of that name ---- */

const struct webhook_places *sinks_webhooks(const struct sinks *sinks);

/** Its connectors that have something to tell. @out is the caller's: webhook_lanes_finish() */
int sinks_list_lanes(struct sinks *sinks, const char *webhook, struct webhook_lane **out,
		     size_t *out_count, struct sp_error *err);

/** What waits, or was parked, is tried at once. @connector_id: NULL: of all. @out_parked: how many were. */
int sinks_resume(struct sinks *sinks, const char *webhook, const char *connector_id,
		 size_t *out_parked, struct sp_error *err);

/** The connector's first event that was not taken, which has to be this one, is passed by: webhook_skip(). */
int sinks_skip(struct sinks *sinks, const char *webhook, const char *connector_id,
	       const char *event_id, struct sp_error *err);
