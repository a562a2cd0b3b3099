/* Two storages, of which one says nothing until the other has answered everybody. */

#include "test.h"

#include <semaphore.h>
#include <stdatomic.h>

#include "base/text.h"
#include "transfer/storage_calls.h"

enum { SHARE = 2, HANGING = 10, LIVELY = 20, PATIENCE_MS = 20000 };

static struct house {
	struct loop *loop;
	struct storage_calls calls;
	sem_t speaks;
	atomic_int at_once, most; /* of the one that hangs */
	int answered[2], before;  /* … those that had answered before it spoke */
} house;

static void hang(void *ctx)
{
	(void)ctx;
	int now = atomic_fetch_add(&house.at_once, 1) + 1;
	if (now > house.most)
		house.most = now;
	while (sem_wait(&house.speaks) != 0)
		continue;
	atomic_fetch_sub(&house.at_once, 1);
}

static void answer(void *ctx)
{
	(void)ctx;
}

static void hang_over(void *ctx)
{
	(void)ctx;
	if (++house.answered[0] == HANGING)
		loop_stop(house.loop);
}

static void answered(void *ctx)
{
	(void)ctx;
	if (++house.answered[1] < LIVELY)
		return;
	house.before = house.answered[0];
	for (int i = 0; i < HANGING; i++)
		sem_post(&house.speaks);
}

static void too_late(void *ctx)
{
	(void)ctx;
	sp_die("calls to one storage waited for another one");
}

static void storage_that_hangs_keeps_no_other_waiting(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct pool *pool;
	sem_init(&house.speaks, 0, 0);
	assert_int_equal(loop_create(&house.loop, &err), 0);
	assert_int_equal(pool_create("storage", 2 * SHARE, 64, &pool, &err), 0);
	storage_calls_init(&house.calls, pool, house.loop, 2);
	house.calls.share = SHARE;
	for (int i = 0; i < HANGING; i++)
		storage_calls_run(&house.calls, 0, hang, hang_over, NULL);
	for (int i = 0; i < LIVELY; i++)
		storage_calls_run(&house.calls, 1, answer, answered, NULL);
	struct loop_timer *timer = loop_add_timer(house.loop, PATIENCE_MS, too_late, NULL);
	loop_run(house.loop);
	loop_cancel_timer(timer);
	assert_int_equal(house.answered[1], LIVELY);
	assert_int_equal(house.before, 0);
	assert_int_equal(house.most, SHARE);
	pool_destroy(pool);
	storage_calls_finish(&house.calls);
	loop_destroy(house.loop);
	sem_destroy(&house.speaks);
}

static void each_storage_has_threads_of_its_own_as_long_as_there_are_enough(void **state)
{
	(void)state;
	static const struct {
		size_t storages, threads, share;
	} cases[] = { { 0, 0, 1 },    { 1, 24, 24 },   { 5, 120, 24 },  { 6, 126, 21 },
		      { 64, 128, 2 }, { 128, 128, 1 }, { 1024, 128, 1 } };
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		size_t share;
		assert_int_equal(storage_calls_threads(cases[i].storages, &share),
				 cases[i].threads);
		assert_int_equal(share, cases[i].share);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(storage_that_hangs_keeps_no_other_waiting),
		cmocka_unit_test(each_storage_has_threads_of_its_own_as_long_as_there_are_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
