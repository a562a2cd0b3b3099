#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "store/migrations.h"
#include "store/secrets.h"

struct write {
	struct write *next;
	store_fn *fn;
	void *ctx;
	store_done_fn *done; /* NULL: nobody waits */
	void *done_ctx;
	struct sp_error *error; /* owned; NULL while nothing failed */
};

struct store {
	char *path;
	struct db *db; /* the writer's */
	pthread_t writer;
	bool writer_runs;

	pthread_mutex_t mutex; /* for all below */
	pthread_cond_t work;
	struct write *first, **last;
	size_t waiting;
	bool closing;
	uint64_t commits;
	void (*on_commit)(void *ctx); /* NULL: none */
	void *on_commit_ctx;

	pthread_cond_t reader_back;
	struct db *idle[STORE_READERS];
	size_t idle_count, reader_count;
};

/* ---- the writer ---- */

static void note_error(struct write *write, const struct sp_error *error)
{
	if (write->error != NULL)
		return;
	write->error = sp_alloc(sizeof(*write->error));
	*write->error = *error;
}

/* Every write from @first up to, not including, @end that did not fail on its own. */
static void fail_all(struct write *first, const struct write *end, const struct sp_error *error)
{
	for (struct write *write = first; write != end; write = write->next)
		note_error(write, error);
}

static int leave_savepoint(struct db *db, bool keep, struct sp_error *err)
{
	if (!keep && db_run(db, err, "ROLLBACK TO SAVEPOINT one_write", "") != 0)
		return -1;
	return db_run(db, err, "RELEASE SAVEPOINT one_write", "");
}

/* False when the whole transaction is lost, as after a full disk. */
static bool run_write(struct db *db, struct write *write)
{
	struct sp_error error = { 0 };
	if (db_run(db, &error, "SAVEPOINT one_write", "") != 0) {
		note_error(write, &error);
		return false;
	}
	bool good = write->fn(db, write->ctx, &error) == 0;
	assert(db_open_rows(db) == 0); /* a cursor across the commit would hold up checkpoints */
	if (!good)
		note_error(write, &error);
	if (leave_savepoint(db, good, &error) != 0) {
		note_error(write, &error);
		return false;
	}
	return true;
}

/* Runs and commits from @first on; returns the first that was not run yet because the transaction broke off. */
static struct write *run_transaction(struct store *store, struct write *first)
{
	struct sp_error error = { 0 };
	if (db_begin(store->db, &error) != 0) {
		fail_all(first, NULL, &error);
		return NULL;
	}
	for (struct write *write = first; write != NULL; write = write->next) {
		if (run_write(store->db, write))
			continue;
		db_rollback(store->db);
		fail_all(first, write, write->error);
		return write->next;
	}
	if (db_commit(store->db, &error) != 0) {
		fail_all(first, NULL, &error);
		return NULL;
	}
	pthread_mutex_lock(&store->mutex);
	store->commits++;
	if (store->on_commit != NULL)
		store->on_commit(store->on_commit_ctx);
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

static void run_batch(struct store *store, struct write *batch)
{
	while (batch != NULL) {
		struct write *rest = run_transaction(store, batch);
		while (batch != rest) {
			struct write *write = batch;
			batch = write->next;
			if (write->done != NULL)
				write->done(write->done_ctx, write->error == NULL ? 0 : -1,
					    write->error);
			free(write->error);
			free(write);
		}
	}
}

/* Waits for writes and takes up to STORE_BATCH_MAX; NULL when there will be none any more. */
static struct write *take_batch(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	while (store->first == NULL && !store->closing)
		pthread_cond_wait(&store->work, &store->mutex);
	struct write *batch = store->first;
	struct write **end = &batch;
	for (size_t i = 0; i < STORE_BATCH_MAX && *end != NULL; i++) {
		end = &(*end)->next;
		store->waiting--;
	}
	store->first = *end;
	if (store->first == NULL)
		store->last = &store->first;
	*end = NULL;
	pthread_mutex_unlock(&store->mutex);
	return batch;
}

static void *run_writer(void *argument)
{
	struct store *store = argument;
	struct write *batch;
	while ((batch = take_batch(store)) != NULL)
		run_batch(store, batch);
	return NULL;
}

/* Signals belong to the loop's thread. */
static int start_writer(struct store *store, struct sp_error *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int number = pthread_create(&store->writer, NULL, run_writer, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (number != 0)
		return sp_fail(err, SP_SYSTEM, "could not start the thread that writes the store");
	pthread_setname_np(store->writer, "store-writer");
	store->writer_runs = true;
	return 0;
}

/* ---- the door ---- */

/* Owned by the caller. */
static char *path_of(const char *directory)
{
	return sp_format("%s/store.db", directory);
}

bool store_exists(const char *directory)
{
	SP_AUTO_FREE char *path = path_of(directory);
	return access(path, F_OK) == 0;
}

int store_open(const char *directory, struct store **out, struct sp_error *err)
{
	struct store *store = sp_alloc(sizeof(*store));
	store->path = path_of(directory);
	store->last = &store->first;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->work, NULL);
	pthread_cond_init(&store->reader_back, NULL);
	if (db_open(store->path, DB_READ_WRITE, &store->db, err) != 0 ||
	    migrations_run(store->db, store->path, migrations_scripts, migrations_count, err) !=
		    0 ||
	    secrets_purge(store->db, sp_now_ms(), err) != 0 || start_writer(store, err) != 0) {
		store_close(store);
		return -1;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	pthread_mutex_lock(&store->mutex);
	store->closing = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
	if (store->writer_runs)
		pthread_join(store->writer, NULL);

	assert(store->idle_count == store->reader_count);
	for (size_t i = 0; i < store->idle_count; i++)
		db_close(store->idle[i]);
	db_close(store->db);
	pthread_cond_destroy(&store->reader_back);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->mutex);
	free(store->path);
	free(store);
}

/* @first to @last, @count of them, in one piece. False when the queue has no room for all. */
static bool enqueue(struct store *store, struct write *first, struct write *last, size_t count)
{
	pthread_mutex_lock(&store->mutex);
	assert(!store->closing);
	bool fits = store->waiting + count <= STORE_QUEUE_MAX;
	if (fits) {
		*store->last = first;
		store->last = &last->next;
		store->waiting += count;
		pthread_cond_signal(&store->work);
	}
	pthread_mutex_unlock(&store->mutex);
	return fits;
}

static void refuse(struct write *first)
{
	struct sp_error error = { 0 };
	sp_fail(&error, SP_LIMIT, "could not write to the store: %d writes wait already",
		STORE_QUEUE_MAX);
	for (struct write *write = first, *next; write != NULL; write = next) {
		next = write->next;
		if (write->done != NULL)
			write->done(write->done_ctx, -1, &error);
		free(write);
	}
}

static struct write *new_write(store_fn *fn, void *ctx, store_done_fn *done, void *done_ctx)
{
	struct write *write = sp_alloc(sizeof(*write));
	*write = (struct write){ .fn = fn, .ctx = ctx, .done = done, .done_ctx = done_ctx };
	return write;
}

void store_submit(struct store *store, store_fn *fn, void *ctx, store_done_fn *done, void *done_ctx)
{
	struct write *write = new_write(fn, ctx, done, done_ctx);
	if (!enqueue(store, write, write, 1))
		refuse(write);
}

void store_submit_all(struct store *store, store_fn *fn, void *const ctxs[], size_t count,
		      store_done_fn *done)
{
	struct write *first = NULL, *last = NULL;
	for (size_t i = 0; i < count; i++) {
		struct write *write = new_write(fn, ctxs[i], done, ctxs[i]);
		if (first == NULL)
			first = write;
		else
			last->next = write;
		last = write;
	}
	if (first != NULL && !enqueue(store, first, last, count))
		refuse(first);
}

struct waiter {
	pthread_mutex_t mutex;
	pthread_cond_t woken;
	bool done;
	int result;
	struct sp_error *err; /* may be NULL */
};

static void wake_waiter(void *ctx, int result, const struct sp_error *err)
{
	struct waiter *waiter = ctx;
	pthread_mutex_lock(&waiter->mutex);
	if (result != 0 && waiter->err != NULL)
		*waiter->err = *err;
	waiter->result = result;
	waiter->done = true;
	pthread_cond_signal(&waiter->woken);
	pthread_mutex_unlock(&waiter->mutex);
}

int store_write(struct store *store, store_fn *fn, void *ctx, struct sp_error *err)
{
	assert(!pthread_equal(pthread_self(), store->writer)); /* it would wait for itself */
	struct waiter waiter = { .mutex = PTHREAD_MUTEX_INITIALIZER,
				 .woken = PTHREAD_COND_INITIALIZER,
				 .err = err };
	store_submit(store, fn, ctx, wake_waiter, &waiter);
	pthread_mutex_lock(&waiter.mutex);
	while (!waiter.done)
		pthread_cond_wait(&waiter.woken, &waiter.mutex);
	pthread_mutex_unlock(&waiter.mutex);
	pthread_cond_destroy(&waiter.woken);
	pthread_mutex_destroy(&waiter.mutex);
	return waiter.result;
}

void store_on_commit(struct store *store, void (*fn)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&store->mutex);
	store->on_commit = fn;
	store->on_commit_ctx = ctx;
	pthread_mutex_unlock(&store->mutex);
}

uint64_t store_commits(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	uint64_t commits = store->commits;
	pthread_mutex_unlock(&store->mutex);
	return commits;
}

/* ---- the readers ---- */

/* A connection that nobody uses, or a new one, or the next that comes back. */
static int borrow_reader(struct store *store, struct db **out, struct sp_error *err)
{
	pthread_mutex_lock(&store->mutex);
	while (store->idle_count == 0 && store->reader_count == STORE_READERS)
		pthread_cond_wait(&store->reader_back, &store->mutex);
	if (store->idle_count > 0) {
		*out = store->idle[--store->idle_count];
		pthread_mutex_unlock(&store->mutex);
		return 0;
	}
	store->reader_count++;
	pthread_mutex_unlock(&store->mutex);
	if (db_open(store->path, DB_READ_ONLY, out, err) == 0)
		return 0;

	pthread_mutex_lock(&store->mutex);
	store->reader_count--;
	pthread_cond_signal(&store->reader_back);
	pthread_mutex_unlock(&store->mutex);
	return -1;
}

static void return_reader(struct store *store, struct db *db)
{
	pthread_mutex_lock(&store->mutex);
	store->idle[store->idle_count++] = db;
	pthread_cond_signal(&store->reader_back);
	pthread_mutex_unlock(&store->mutex);
}

int store_read(struct store *store, store_fn *fn, void *ctx, struct sp_error *err)
{
	struct db *db;
	if (borrow_reader(store, &db, err) != 0)
		return -1;
	int result = db_begin(db, err);
	if (result == 0)
		result = fn(db, ctx, err);
	assert(db_open_rows(db) == 0);
	db_rollback(db);
	return_reader(store, db);
	return result;
}
