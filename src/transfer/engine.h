#pragma once
/**
 * The transfer engine: takes files from the store's queues, gives them to one worker per busy connector within its
 * credit, permits publishing, retries, and records how each file ended. Its state lives on the loop's thread.
 */

#include <stdint.h>

#include "base/error.h"
#include "egress/egress.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "objects/objects.h"
#include "store/store.h"
#include "store/vault.h"

struct transfer_engine;
struct identities;
struct connector_pause;

struct transfer_options {
	const char *worker_path;      /* the program sallyport-worker */
	const char *run_directory;    /* for the per-connector lock files */
	const char *region, *account; /* of connectors' ARNs, on which their tags hang */
	int attempts;                 /* of one file, when failures are transient */
	int64_t retry_delay_ms; /* before the second attempt; doubles, with jitter, up to retry_delay_max_ms */
	int64_t retry_delay_max_ms;
	/* While a partner cannot be reached, one file tries again after so long; doubles, with jitter, up to
	 * probe_delay_max_ms. */
	int64_t probe_delay_ms;
	int64_t probe_delay_max_ms;
	int64_t refused_delay_ms; /* the same, where the partner does not accept who we are */
	int64_t resume_check; /* bytes in front of where a part is gone on with that are compared first */
	int64_t handshake_timeout_ms;
	int64_t idle_timeout_ms;   /* silence of a server that owes an answer */
	int workers_max;           /* worker processes at a time, those of tests not counted */
	int64_t worker_idle_ms;    /* a worker without work leaves after so long */
	int64_t queue_wait_max_ms; /* QUEUED for longer: TIMEOUT_ERROR */
	int64_t file_size_max;     /* bytes of one file */
	int64_t file_time_max_ms;  /* of an attempt; 0: as long as it takes */
	int64_t results_kept_ms;   /* after their end; 0: for ever */
	int64_t usage_age_ms;      /* what was used by the hour is kept for so long; 0: for ever */
	int64_t leftover_age_ms; /* what was left in buckets goes when nobody wrote to it for so long */
};

/** What the engine works with; all kept. */
struct transfer_rooms {
	struct loop *loop;
	struct pool *files; /* for calls on folders, which may hang */
	/* For calls to storage, with storage_calls_threads() threads (storage_calls.h); NULL where there is none. */
	struct pool *storage;
	struct pool *reads; /* for reading the store, which must not wait for those */
	struct store *store;
	const struct vault *vault;
	struct objects *objects;
	struct egress *egress;
	struct identities *identities; /* what roles may */
};

/** Finds what an earlier run left, and goes on with it. */
int transfer_engine_open(const struct transfer_rooms *rooms, const struct transfer_options *options,
			 struct transfer_engine **out, struct sp_error *err);

/**
 * On the loop's thread: gives out no more files, tells the workers to leave, and calls @fn(@ctx) on the loop once
 * nothing is under way. What was not finished goes on at the next start.
 */
void transfer_engine_stop(struct transfer_engine *engine, loop_fn *fn, void *ctx);

/** Only after @fn of transfer_engine_stop() was called, or when nothing was ever woken. NULL is fine. */
void transfer_engine_close(struct transfer_engine *engine);

/** Any thread: new work for the connector was committed. */
void transfer_engine_wake(struct transfer_engine *engine, const char *connector_id);

/**
 * Any thread: the connector was changed or deleted: warm connections are not used for new files, the files of a
 * deleted one are given up, and a partner that did not let us in is asked again. @connector_id NULL: any connector's
 * secret may have changed.
 */
void transfer_engine_changed(struct transfer_engine *engine, const char *connector_id);

struct progress_board;
/** How far files are (transfer/progress.h). Borrowed, for as long as the engine is open. */
struct progress_board *transfer_engine_progress(const struct transfer_engine *engine);

/**
 * Any thread: that the connector is paused or not any more was committed. @fn(@ctx) is called on the loop's thread, once
 * nothing is begun against it.
 */
void transfer_engine_pause(struct transfer_engine *engine, const char *connector_id,
			   const struct connector_pause *pause, loop_fn *fn, void *ctx);

/** Any thread: the wish that a file of the connector ends was committed (store/cancellations.h), whose and when. */
void transfer_engine_cancel(struct transfer_engine *engine, const char *connector_id,
			    const char *file_id, const char *by, int64_t at_ms);

/**
 * Any thread: @work in a pool, where it may ask the storage of that number (objects_storage_of()) as one of its calls, or
 * @drop on the loop's thread when too many others wait for that storage, or the engine ends.
 */
void transfer_engine_ask_storage(struct transfer_engine *engine, size_t storage, loop_fn *work,
				 loop_fn *drop, void *ctx);

struct transfer_test_result {
	enum sp_code code;      /* SP_OK: it works */
	enum failure_step step; /* that failed */
	char message[SP_ERROR_MESSAGE_MAX];
	char host_key[2049]; /* "type base64", "" when it was not seen */
	char fingerprint[80];
	const struct trace
		*trace; /* every step that was taken; the last one failed, or all went well */
};

struct object_probe;
/** @probe and @err are borrowed; @err SP_OK: the probe says how the bucket is. SP_NOT_FOUND: there is none. */
typedef void transfer_bucket_fn(void *ctx, const struct object_probe *probe,
				const struct sp_error *err);

/** Any thread: tries what transfers need of a bucket (objects/probe.h). @fn is called on the loop's thread, once. */
void transfer_engine_test_bucket(struct transfer_engine *engine, const char *bucket,
				 transfer_bucket_fn *fn, void *ctx);

/** @result is borrowed. */
typedef void transfer_test_fn(void *ctx, const struct transfer_test_result *result);

/**
 * Any thread: tries the whole path once, in a worker of its own, whatever is known of the partner. @fn is called on the
 * loop's thread, once.
 */
void transfer_engine_test(struct transfer_engine *engine, const char *connector_id,
			  transfer_test_fn *fn, void *ctx);
