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
