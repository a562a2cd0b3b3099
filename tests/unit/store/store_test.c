#include "folder.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/store.h"

static struct sp_error err;
static struct folder folder;
static struct store *store;

static int make_table(struct db *db, void *ctx, struct sp_error *error)
{
	(void)ctx;
	/* The deferred key is looked at when the commit comes. */
	return db_script(db,
			 "CREATE TABLE lines (number BIGINT PRIMARY KEY, text TEXT);"
			 "CREATE TABLE notes (line BIGINT REFERENCES lines (number)"
			 " DEFERRABLE INITIALLY DEFERRED);",
			 error);
}

static void open_store(const char *path)
{
	assert_int_equal(store_open(path, &store, &err), 0);
	assert_int_equal(store_write(store, make_table, NULL, &err), 0);
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	open_store(folder.path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	folder_remove(&folder);
	return 0;
}

/* @ctx: a number, inserted as it is. */
static int insert_line(struct db *db, void *ctx, struct sp_error *error)
{
	return db_run(db, error, "INSERT INTO lines (number) VALUES (?1)", "i",
		      (int64_t)(intptr_t)ctx);
}

static int insert_line_and_fail(struct db *db, void *ctx, struct sp_error *error)
{
	if (insert_line(db, ctx, error) != 0)
		return -1;
	return sp_fail(error, SP_CONFLICT, "changed its mind");
}

static int insert_note_of_nothing(struct db *db, void *ctx, struct sp_error *error)
{
	(void)ctx;
	return db_run(db, error, "INSERT INTO notes VALUES (-1)", "");
}

static int count_lines(struct db *db, void *ctx, struct sp_error *error)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, error, "SELECT COUNT(*) FROM lines", "") != 0 ||
	    db_rows_next(rows, error) != 1)
		return -1;
	*(int64_t *)ctx = db_rows_integer(rows, 0);
	return 0;
}

static int64_t lines(void)
{
	int64_t count = -1;
	assert_int_equal(store_read(store, count_lines, &count, &err), 0);
	return count;
}

/* ---- holding the writer, so that writes pile up ---- */

static sem_t held, go;

static int hold_writer(struct db *db, void *ctx, struct sp_error *error)
{
	(void)db;
	(void)ctx;
	(void)error;
	sem_post(&held);
	while (sem_wait(&go) != 0)
		;
	return 0;
}

static void hold(void)
{
	sem_init(&held, 0, 0);
	sem_init(&go, 0, 0);
	store_submit(store, hold_writer, NULL, NULL, NULL);
	while (sem_wait(&held) != 0)
		;
}

static void let_go(void)
{
	sem_post(&go);
}

static sem_t finished;

static void note_finished(void *ctx, int result, const struct sp_error *error)
{
	(void)ctx;
	(void)result;
	(void)error;
	sem_post(&finished);
}

/* Puts one more write behind those that wait, and returns when all of them were told. */
static void let_go_and_wait(intptr_t number)
{
	sem_init(&finished, 0, 0);
	store_submit(store, insert_line, (void *)number, note_finished, NULL);
	let_go();
	while (sem_wait(&finished) != 0)
		;
}

struct outcome {
	int result, calls;
	enum sp_code code;
	pthread_t thread;
};

static void note_outcome(void *ctx, int result, const struct sp_error *error)
{
	struct outcome *outcome = ctx;
	outcome->result = result;
	outcome->calls++;
	outcome->code = result == 0 ? SP_OK : error->code;
	outcome->thread = pthread_self();
}

/* ---- the stories ---- */

static int64_t seen_by_another;

static void look_from_outside(void *ctx, int result, const struct sp_error *error)
{
	(void)ctx;
	(void)error;
	struct db *other;
	if (result == 0 &&
	    db_open(folder_file(&folder, "store.db"), DB_READ_ONLY, &other, NULL) == 0) {
		count_lines(other, &seen_by_another, NULL);
		db_close(other);
	}
}

static void it_is_told_only_after_the_commit(void **state)
{
	(void)state;
	seen_by_another = -1;
	hold();
	store_submit(store, insert_line, (void *)1, look_from_outside, NULL);
	store_submit(store, insert_line, (void *)2, NULL, NULL);
	let_go_and_wait(3);
	assert_true(seen_by_another >= 2); /* the whole batch, not only its own line */
	assert_int_equal(lines(), 3);
}

static void what_waits_shares_a_commit(void **state)
{
	(void)state;
	enum { WRITES = STORE_BATCH_MAX + 88 };
	static struct outcome outcomes[WRITES];
	memset(outcomes, 0, sizeof(outcomes));
	uint64_t before = store_commits(store);
	hold();
	for (intptr_t i = 0; i < WRITES; i++)
		store_submit(store, insert_line, (void *)i, note_outcome, &outcomes[i]);
	let_go_and_wait(WRITES);
	/* The one that was held, a full batch, and the rest with the last one. */
	assert_int_equal(store_commits(store) - before, 3);
	for (size_t i = 0; i < WRITES; i++) {
		assert_int_equal(outcomes[i].calls, 1);
		assert_int_equal(outcomes[i].result, 0);
	}
	assert_int_equal(lines(), WRITES + 1);
}

struct pair {
	struct outcome outcome;
	intptr_t number;
};

static int insert_number(struct db *db, void *ctx, struct sp_error *error)
{
	const struct pair *pair = ctx;
	return insert_line(db, (void *)pair->number, error);
}

static void what_is_submitted_together_shares_a_commit(void **state)
{
	(void)state;
	enum { WRITES = STORE_BATCH_MAX };
	static struct pair pairs[WRITES];
	void *all[WRITES];
	memset(pairs, 0, sizeof(pairs));
	for (intptr_t i = 0; i < WRITES; i++) {
		pairs[i].number = i;
		all[i] = &pairs[i];
	}
	uint64_t before = store_commits(store);
	store_submit_all(store, insert_number, all, WRITES, note_outcome);
	assert_int_equal(store_write(store, insert_line, (void *)WRITES, &err), 0);
	assert_in_range(store_commits(store) - before, 1, 2); /* the last one may have come late */
	for (size_t i = 0; i < WRITES; i++)
		assert_int_equal(pairs[i].outcome.calls, 1);
	assert_int_equal(lines(), WRITES + 1);
}

static void count_call(void *ctx)
{
	atomic_fetch_add((atomic_int *)ctx, 1);
}

static void who_wants_to_know_is_called_after_each_commit(void **state)
{
	(void)state;
	atomic_int calls = 0;
	store_on_commit(store, count_call, &calls);
	assert_int_equal(store_write(store, insert_line, (void *)1, &err), 0);
	assert_int_equal(calls, 1); /* before who waits for it goes on */
	assert_int_equal(store_write(store, insert_line, (void *)2, &err), 0);
	assert_int_equal(calls, 2);
	store_on_commit(store, NULL, NULL);
	assert_int_equal(store_write(store, insert_line, (void *)3, &err), 0);
	assert_int_equal(calls, 2);
}

static void a_write_that_fails_is_undone_alone(void **state)
{
	(void)state;
	struct outcome good = { 0 }, changed = { 0 }, twice = { 0 };
	uint64_t before = store_commits(store);
	hold();
	store_submit(store, insert_line, (void *)1, note_outcome, &good);
	store_submit(store, insert_line_and_fail, (void *)2, note_outcome, &changed);
	store_submit(store, insert_line, (void *)1, note_outcome, &twice);
	let_go_and_wait(2);
	assert_int_equal(store_commits(store) - before, 2);
	assert_int_equal(good.result, 0);
	assert_int_equal(changed.code, SP_CONFLICT);
	assert_int_equal(twice.code, SP_EXISTS);
	assert_int_equal(lines(), 2);
}

static void when_the_commit_fails_all_of_the_batch_fail(void **state)
{
	(void)state;
	struct outcome before = { 0 }, culprit = { 0 }, after = { 0 };
	hold();
	store_submit(store, insert_line, (void *)1, note_outcome, &before);
	store_submit(store, insert_note_of_nothing, NULL, note_outcome, &culprit);
	store_submit(store, insert_line, (void *)2, note_outcome, &after);
	let_go_and_wait(3);
	assert_int_equal(before.result, -1);
	assert_int_equal(culprit.result, -1);
	assert_int_equal(after.result, -1);
	assert_int_equal(lines(), 0);
	assert_int_equal(store_write(store, insert_line, (void *)4, &err), 0); /* it goes on */
	assert_int_equal(lines(), 1);
}

/* More than the connection's cache takes, so that it comes to the disk before the commit does. */
static int insert_much(struct db *db, void *ctx, struct sp_error *error)
{
	(void)ctx;
	return db_run(db, error, "INSERT INTO lines (text) VALUES (?1 || hex(zeroblob(8000000)))",
		      "s", "much");
}

/* A disk that is full ends transactions by itself: what was in it fails, what comes after does not. */
static void a_full_disk_fails_its_batch_and_the_store_goes_on(void **state)
{
	(void)state;
	char small[] = "/tmp/sallyport-full-XXXXXX";
	assert_non_null(mkdtemp(small));
	if (mount("tmpfs", small, "tmpfs", 0, "size=4m") == -1) {
		rmdir(small);
		skip();
	}
	store_close(store);
	open_store(small);
	for (intptr_t round = 0; round < 5; round++) {
		struct outcome first = { 0 }, much = { 0 };
		int64_t before = lines();
		hold();
		store_submit(store, insert_line, (void *)(2 * round), note_outcome, &first);
		store_submit(store, insert_much, NULL, note_outcome, &much);
		let_go_and_wait(2 * round + 1);
		assert_int_equal(much.code, SP_NO_SPACE);
		/* It took the one before it along or not; the one behind it is kept in any case. */
		assert_int_equal(lines() - before, (first.result == 0) + 1);
	}
	assert_int_equal(store_write(store, insert_line, (void *)99, &err), 0);
	int64_t kept = lines();
	store_close(store);
	assert_int_equal(store_open(small, &store, &err), 0);
	assert_int_equal(lines(), kept);
	store_close(store);
	store = NULL;
	assert_int_equal(umount(small), 0);
	assert_int_equal(rmdir(small), 0);
}

static void a_full_queue_says_so_to_the_caller(void **state)
{
	(void)state;
	static struct outcome outcome;
	outcome = (struct outcome){ 0 };
	hold();
	for (int i = 0; i < STORE_QUEUE_MAX; i++)
		store_submit(store, insert_line, (void *)(intptr_t)i, NULL, NULL);
	store_submit(store, insert_line, NULL, note_outcome, &outcome);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.code, SP_LIMIT);
	assert_true(pthread_equal(outcome.thread, pthread_self()));
	assert_int_equal(store_write(store, insert_line, NULL, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	let_go();
}

static void closing_runs_what_is_queued(void **state)
{
	(void)state;
	struct outcome outcome = { 0 };
	hold();
	for (intptr_t i = 0; i < 1000; i++)
		store_submit(store, insert_line, (void *)i, NULL, NULL);
	store_submit(store, insert_line, (void *)1000, note_outcome, &outcome);
	let_go();
	store_close(store);
	assert_int_equal(outcome.calls, 1);
	assert_int_equal(outcome.result, 0);
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	assert_int_equal(lines(), 1001);
}

static int write_in_reader(struct db *db, void *ctx, struct sp_error *error)
{
	return insert_line(db, ctx, error);
}

/* A write that is committed in the middle of a read is not seen by it. */
static int count_around_a_write(struct db *db, void *ctx, struct sp_error *error)
{
	int64_t *counts = ctx;
	if (count_lines(db, &counts[0], error) != 0 ||
	    store_write(store, insert_line, (void *)1, error) != 0)
		return -1;
	return count_lines(db, &counts[1], error);
}

static void a_read_sees_one_snapshot_and_writes_nothing(void **state)
{
	(void)state;
	int64_t counts[2];
	assert_int_equal(store_read(store, count_around_a_write, counts, &err), 0);
	assert_int_equal(counts[0], 0);
	assert_int_equal(counts[1], 0);
	assert_int_equal(lines(), 1);
	assert_int_equal(store_read(store, write_in_reader, (void *)7, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
	assert_int_equal(lines(), 1);
}

static void *read_and_write(void *argument)
{
	intptr_t base = (intptr_t)argument;
	for (intptr_t i = 0; i < 50; i++) {
		int64_t count;
		if (store_write(store, insert_line, (void *)(base + i), NULL) != 0 ||
		    store_read(store, count_lines, &count, NULL) != 0 || count < i + 1)
			return (void *)1;
	}
	return NULL;
}

static void more_threads_than_readers_take_turns(void **state)
{
	(void)state;
	pthread_t threads[4 * STORE_READERS];
	enum { THREADS = sizeof(threads) / sizeof(threads[0]) };
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, read_and_write, (void *)(i * 100)), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(lines(), THREADS * 50);
}

/* ---- sudden death ---- */

struct sender {
	int fd;
	int64_t number;
};

static void send_number(void *ctx, int result, const struct sp_error *error)
{
	(void)error;
	struct sender *sender = ctx;
	if (result != 0 || write(sender->fd, &sender->number, sizeof(sender->number)) !=
				   (ssize_t)sizeof(sender->number))
		_exit(2);
	free(sender);
}

/* Writes lines for ever, and sends the number of each once it is told that it is kept. */
static _Noreturn void write_until_killed(int fd, int64_t from)
{
	struct store *mine;
	if (store_open(folder.path, &mine, NULL) != 0)
		_exit(1);
	for (int64_t number = from;; number++) {
		struct sender *sender = malloc(sizeof(*sender));
		*sender = (struct sender){ .fd = fd, .number = number };
		store_submit(mine, insert_line, (void *)(intptr_t)number, send_number, sender);
		if (number % 16 == 0)
			store_write(mine, insert_line, (void *)(intptr_t)(-number - 1), NULL);
	}
}

static int has_line(struct db *db, void *ctx, struct sp_error *error)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, error, "SELECT 1 FROM lines WHERE number = ?1", "i",
		     *(int64_t *)ctx) != 0)
		return -1;
	return db_rows_next(rows, error) == 1 ? 0 : -1;
}

static void nothing_that_was_told_is_lost_to_a_kill(void **state)
{
	(void)state;
	store_close(store);
	store = NULL;
	int64_t next = 0;
	for (int round = 0; round < 10; round++) {
		int ends[2];
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		pid_t child = fork();
		if (child == 0)
			write_until_killed(ends[1], next);
		close(ends[1]);
		int64_t told[500];
		size_t count = 0;
		for (; count < 50 + 40 * (size_t)round; count++)
			assert_int_equal(read(ends[0], &told[count], 8), 8);
		kill(child, SIGKILL);
		for (; count < 500 && read(ends[0], &told[count], 8) == 8; count++)
			;
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(ends[0]);

		assert_int_equal(store_open(folder.path, &store, &err), 0);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(store_read(store, has_line, &told[i], &err), 0);
		store_close(store);
		store = NULL;
		next += 1000000;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_STORE(it_is_told_only_after_the_commit),
		WITH_STORE(what_waits_shares_a_commit),
		WITH_STORE(what_is_submitted_together_shares_a_commit),
		WITH_STORE(who_wants_to_know_is_called_after_each_commit),
		WITH_STORE(a_write_that_fails_is_undone_alone),
		WITH_STORE(when_the_commit_fails_all_of_the_batch_fail),
		WITH_STORE(a_full_disk_fails_its_batch_and_the_store_goes_on),
		WITH_STORE(a_full_queue_says_so_to_the_caller),
		WITH_STORE(closing_runs_what_is_queued),
		WITH_STORE(a_read_sees_one_snapshot_and_writes_nothing),
		WITH_STORE(more_threads_than_readers_take_turns),
		WITH_STORE(nothing_that_was_told_is_lost_to_a_kill),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
