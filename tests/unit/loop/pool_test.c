#include "test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "loop/pool.h"

enum { JOBS = 1000, QUEUE_MAX = 3 };

static sem_t gate, entered;
static atomic_size_t ran;
static size_t order[JOBS], order_count;

static void wait_at_the_gate(void *ctx)
{
	(void)ctx;
	sem_post(&entered);
	sem_wait(&gate);
	atomic_fetch_add(&ran, 1);
}

/* Only in pools of one thread: nothing else guards the list. */
static void note_order(void *ctx)
{
	order[order_count++] = (size_t)(uintptr_t)ctx;
}

static int open_gate(void **state)
{
	(void)state;
	atomic_store(&ran, 0);
	order_count = 0;
	sem_init(&gate, 0, 0);
	sem_init(&entered, 0, 0);
	return 0;
}

static void a_full_queue_refuses_and_recovers(void **state)
{
	(void)state;
	struct pool *pool = NULL;
	struct sp_error err = { 0 };
	assert_int_equal(pool_create("gate", 1, QUEUE_MAX, &pool, NULL), 0);
	assert_int_equal(pool_submit(pool, wait_at_the_gate, NULL, &err), 0);
	sem_wait(&entered);
	for (size_t i = 0; i < QUEUE_MAX; i++)
		assert_int_equal(pool_submit(pool, wait_at_the_gate, NULL, &err), 0);
	assert_int_equal(pool_submit(pool, wait_at_the_gate, NULL, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);

	sem_post(&gate);
	sem_wait(&entered); /* the second one has left the queue */
	assert_int_equal(pool_submit(pool, wait_at_the_gate, NULL, &err), 0);
	for (size_t i = 0; i < QUEUE_MAX + 1; i++)
		sem_post(&gate);
	pool_destroy(pool);
	assert_int_equal(atomic_load(&ran), QUEUE_MAX + 2);
}

static void destroying_finishes_what_is_queued_in_order(void **state)
{
	(void)state;
	struct pool *pool = NULL;
	assert_int_equal(pool_create("order", 1, JOBS + 1, &pool, NULL), 0);
	assert_int_equal(pool_submit(pool, wait_at_the_gate, NULL, NULL), 0);
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(pool_submit(pool, note_order, (void *)(uintptr_t)i, NULL), 0);
	sem_post(&gate);
	pool_destroy(pool);
	pool_destroy(NULL);
	assert_int_equal(order_count, JOBS);
	for (size_t i = 0; i < JOBS; i++)
		assert_int_equal(order[i], i);
}

struct errand {
	pthread_t worked_in, done_in;
	struct loop *loop;
	size_t *left;
};

static void work_errand(void *ctx)
{
	((struct errand *)ctx)->worked_in = pthread_self();
}

static void errand_done(void *ctx)
{
	struct errand *errand = ctx;
	errand->done_in = pthread_self();
	if (--*errand->left == 0)
		loop_stop(errand->loop);
}

static void work_runs_in_the_pool_and_its_end_on_the_loop_beyond_any_bound(void **state)
{
	(void)state;
	static struct errand errands[JOBS];
	size_t left = JOBS;
	struct pool *pool = NULL;
	struct loop *loop = NULL;
	assert_int_equal(loop_create(&loop, NULL), 0);
	assert_int_equal(pool_create("errands", 4, QUEUE_MAX, &pool, NULL), 0);
	for (size_t i = 0; i < JOBS; i++) {
		errands[i] = (struct errand){ .loop = loop, .left = &left };
		pool_run(pool, loop, work_errand, errand_done, &errands[i]);
	}
	loop_run(loop);
	assert_int_equal(left, 0);
	for (size_t i = 0; i < JOBS; i++) {
		assert_true(pthread_equal(errands[i].done_in, pthread_self()));
		assert_false(pthread_equal(errands[i].worked_in, pthread_self()));
	}
	pool_destroy(pool);
	loop_destroy(loop);
}

static void look_at_thread(void *ctx)
{
	(void)ctx;
	char name[16];
	assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
	assert_string_equal(name, "a-name-that-is-"); /* cut to what the kernel takes */
	sigset_t blocked;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	static const int some[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGPIPE };
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		assert_true(sigismember(&blocked, some[i]));
	atomic_fetch_add(&ran, 1);
}

static void threads_have_a_name_and_hear_no_signals(void **state)
{
	(void)state;
	struct pool *pool = NULL;
	sigset_t before, after;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(pool_create("a-name-that-is-too-long", 2, 4, &pool, NULL), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
	assert_int_equal(pool_submit(pool, look_at_thread, NULL, NULL), 0);
	pool_destroy(pool);
	assert_int_equal(atomic_load(&ran), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_full_queue_refuses_and_recovers, open_gate),
		cmocka_unit_test_setup(destroying_finishes_what_is_queued_in_order, open_gate),
		cmocka_unit_test_setup(
			work_runs_in_the_pool_and_its_end_on_the_loop_beyond_any_bound, open_gate),
		cmocka_unit_test_setup(threads_have_a_name_and_hear_no_signals, open_gate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
