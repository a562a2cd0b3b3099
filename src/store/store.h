#pragma once
/**
 * What is kept, and the one thread that writes it.
 *
 * Every write is a closure on a struct db. The store-writer takes all that wait, runs each under a savepoint of its
 * own, commits the batch once (fsync), and only then wakes those who wait: an answer is never sent before its commit
 * is on disk. A closure that fails is rolled back alone; when the commit itself fails, all of the batch fail.
 *
 * Entities live beside it as functions on a struct db: a .c file each, and a header for those that belong together
 * (store/networks.h, store/routing.h).
 */

#include <stdint.h>

#include "base/error.h"
#include "db/db.h"

struct store;

/** Runs on the writer's thread (writes) or the caller's (reads). Returns 0, or -1 with the error. Never blocks on anything but the database. */
typedef int store_fn(struct db *db, void *ctx, struct sp_error *err);

/** Runs on the writer's thread after the commit (@result 0) or instead of it (-1 and @err). Must not block. */
typedef void store_done_fn(void *ctx, int result, const struct sp_error *err);

enum { STORE_BATCH_MAX = 512, STORE_QUEUE_MAX = 65536, STORE_READERS = 8 };

/** Whether there is a DIR/store.db. */
bool store_exists(const char *directory);

/**
 * Opens or creates DIR/store.db, keeps a copy before migrating an older schema, refuses a newer one with a sentence.
 * @directory  copied; must exist
 */
int store_open(const char *directory, struct store **out, struct sp_error *err);

/** Runs what is queued, commits, closes. NULL is fine. */
void store_close(struct store *store);

/** Waits for the commit. Any thread but the writer's and the loop's. SP_LIMIT when STORE_QUEUE_MAX writes wait already. */
int store_write(struct store *store, store_fn *fn, void *ctx, struct sp_error *err);

/**
 * Returns at once. Any thread. @ctx must live until @done was called; @done may be NULL.
 * When STORE_QUEUE_MAX writes wait already, @done is called with SP_LIMIT before it returns, on the caller's thread.
 */
void store_submit(struct store *store, store_fn *fn, void *ctx, store_done_fn *done,
		  void *done_ctx);

/**
 * As store_submit() for each of @ctxs, which are @fn's and @done's, in their order: the writer is woken once, and they
 * share a commit when they are not more than STORE_BATCH_MAX.
 */
void store_submit_all(struct store *store, store_fn *fn, void *const ctxs[], size_t count,
		      store_done_fn *done);

/** On a read-only connection that is borrowed for the call, in one snapshot. Any thread but the loop's. */
int store_read(struct store *store, store_fn *fn, void *ctx, struct sp_error *err);

/**
 * From now on @fn(@ctx) runs on the writer's thread after each commit; NULL: none does. It must not
 * block or call the store. Once this returns, none that was set before runs any more.
 */
void store_on_commit(struct store *store, void (*fn)(void *ctx), void *ctx);

/** Batches that were committed since it was opened: what proves that writes share a commit. Any thread. */
uint64_t store_commits(struct store *store);
