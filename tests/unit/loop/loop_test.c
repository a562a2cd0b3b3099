#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "loop/loop.h"

enum { TIMERS = 5000, POSTERS = 8, POSTS_EACH = 2000 };

static struct loop *loop;

static int open_loop(void **state)
{
	(void)state;
	return loop_create(&loop, NULL);
}

static int close_loop(void **state)
{
	(void)state;
	loop_destroy(loop);
	loop = NULL;
	return 0;
}

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

/* What callbacks leave behind: one letter each. */
static char told[64];

static void tell(void *ctx)
{
	strcat(told, ctx);
}

static void tell_event(void *ctx, uint32_t events)
{
	assert_true(events & EPOLLIN);
	tell(ctx);
	stop(NULL);
}

static void a_readable_descriptor_is_told_again_until_it_is_empty(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	told[0] = '\0';
	struct loop_watch *watch = loop_watch_fd(loop, fds[0], EPOLLIN, tell_event, "r");
	assert_string_equal(told, ""); /* never inside the call that asked for it */
	loop_run(loop);
	loop_run(loop);
	assert_string_equal(told, "rr");

	char byte;
	assert_int_equal(read(fds[0], &byte, 1), 1);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(told, "rr");
	loop_watch_remove(watch);
	loop_watch_remove(NULL);
	close(fds[0]);
	close(fds[1]);
}

static void a_changed_watch_tells_only_what_it_asks_for(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	told[0] = '\0';
	struct loop_watch *watch = loop_watch_fd(loop, fds[0], 0, tell_event, "r");
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(told, "");
	loop_watch_change(watch, EPOLLIN);
	loop_run(loop);
	assert_string_equal(told, "r");
	loop_watch_remove(watch);
	close(fds[0]);
	close(fds[1]);
}

/* Two readable pipes are reported in one batch: whoever comes first removes both and closes their descriptors, reopens
 * one under an old number, and nobody may hear of the second. */
static struct {
	int fds[2][2];
	struct loop_watch *watches[2];
	int calls;
	int reopened[2];
} pair;

static void remove_both(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	pair.calls++;
	for (size_t i = 0; i < 2; i++) {
		loop_watch_remove(pair.watches[i]);
		close(pair.fds[i][0]);
		close(pair.fds[i][1]);
	}
	assert_int_equal(pipe(pair.reopened), 0);
	pair.watches[0] = loop_watch_fd(loop, pair.reopened[0], EPOLLIN, remove_both, NULL);
	loop_stop(loop);
}

static void a_callback_removes_itself_and_others_of_the_same_batch(void **state)
{
	(void)state;
	pair.calls = 0;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pipe(pair.fds[i]), 0);
		assert_int_equal(write(pair.fds[i][1], "x", 1), 1);
		pair.watches[i] = loop_watch_fd(loop, pair.fds[i][0], EPOLLIN, remove_both, NULL);
	}
	loop_run(loop);
	assert_int_equal(pair.calls, 1);
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_int_equal(pair.calls, 1);
	loop_watch_remove(pair.watches[0]);
	close(pair.reopened[0]);
	close(pair.reopened[1]);
}

static void quiet_both(void *ctx, uint32_t events)
{
	(void)ctx;
	(void)events;
	pair.calls++;
	loop_watch_change(pair.watches[0], 0);
	loop_watch_change(pair.watches[1], 0);
	loop_stop(loop);
}

static void what_a_callback_stopped_to_ask_for_is_not_delivered(void **state)
{
	(void)state;
	pair.calls = 0;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pipe(pair.fds[i]), 0);
		assert_int_equal(write(pair.fds[i][1], "x", 1), 1);
		pair.watches[i] = loop_watch_fd(loop, pair.fds[i][0], EPOLLIN, quiet_both, NULL);
	}
	loop_run(loop);
	assert_int_equal(pair.calls, 1);
	for (size_t i = 0; i < 2; i++) {
		loop_watch_remove(pair.watches[i]);
		close(pair.fds[i][0]);
		close(pair.fds[i][1]);
	}
}

static void timers_fire_by_deadline_then_by_age(void **state)
{
	(void)state;
	told[0] = '\0';
	loop_add_timer(loop, 20, tell, "d");
	loop_add_timer(loop, 21, stop, NULL);
	loop_add_timer(loop, 10, tell, "b");
	loop_add_timer(loop, -5, tell, "a");
	struct loop_timer *cancelled = loop_add_timer(loop, 5, tell, "x");
	loop_add_timer(loop, 15, tell, "c");
	assert_string_equal(told, "");
	loop_cancel_timer(cancelled);
	loop_cancel_timer(NULL);

	int64_t start = sp_monotonic_ms();
	loop_run(loop);
	assert_true(sp_monotonic_ms() - start >= 20);
	assert_string_equal(told, "abcd");
}

static struct timer_check {
	struct loop_timer *timer;
	bool cancelled, fired;
	int64_t earliest_ms,
		latest_ms; /* the loop read the clock between our own two looks at it */
} checks[TIMERS];
static int64_t last_earliest_ms;
static size_t fired_count, expected_count;

static void check_timer(void *ctx)
{
	struct timer_check *check = ctx;
	assert_false(check->cancelled);
	assert_false(check->fired);
	assert_true(check->latest_ms >= last_earliest_ms);
	assert_true(sp_monotonic_ms() >= check->earliest_ms);
	last_earliest_ms = check->earliest_ms;
	check->fired = true;
	if (++fired_count == expected_count)
		loop_stop(loop);
}

static void thousands_of_timers_fire_in_order_and_the_cancelled_ones_never(void **state)
{
	(void)state;
	fired_count = 0;
	expected_count = 0;
	last_earliest_ms = 0;
	unsigned seed = 7;
	for (size_t i = 0; i < TIMERS; i++) {
		int64_t delay_ms = 1 + rand_r(&seed) % 100;
		checks[i] = (struct timer_check){ .earliest_ms = sp_monotonic_ms() + delay_ms };
		checks[i].timer = loop_add_timer(loop, delay_ms, check_timer, &checks[i]);
		checks[i].latest_ms = sp_monotonic_ms() + delay_ms;
	}
	for (size_t i = 0; i < TIMERS; i++) {
		if (rand_r(&seed) % 2 == 0) {
			loop_cancel_timer(checks[i].timer);
			checks[i].cancelled = true;
		} else
			expected_count++;
	}
	loop_run(loop);
	assert_int_equal(fired_count, expected_count);
}

static struct loop_timer *own, *other;

static void cancel_myself_and_the_other(void *ctx)
{
	tell(ctx);
	loop_cancel_timer(own);
	loop_cancel_timer(other);
	loop_add_timer(loop, 0, tell, "n");
	loop_stop(loop);
}

static void a_timer_cancels_itself_and_one_that_is_due_too(void **state)
{
	(void)state;
	told[0] = '\0';
	own = loop_add_timer(loop, 0, cancel_myself_and_the_other, "o");
	other = loop_add_timer(loop, 0, tell, "x");
	loop_run(loop);
	/* The timer that was added is not fired inside the round that added it. */
	assert_string_equal(told, "o");
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(told, "on");
}

static struct posted {
	size_t poster, number;
} posted[POSTERS][POSTS_EACH];
static size_t next_number[POSTERS], posted_count;

static void receive_post(void *ctx)
{
	const struct posted *post = ctx;
	assert_int_equal(post->number, next_number[post->poster]);
	next_number[post->poster]++;
	if (++posted_count == (size_t)POSTERS * POSTS_EACH)
		loop_stop(loop);
}

static void *post_many(void *ctx)
{
	struct posted *mine = ctx;
	for (size_t i = 0; i < POSTS_EACH; i++)
		loop_post(loop, receive_post, &mine[i]);
	return NULL;
}

static void posts_of_many_threads_keep_each_threads_order(void **state)
{
	(void)state;
	pthread_t threads[POSTERS];
	posted_count = 0;
	for (size_t i = 0; i < POSTERS; i++) {
		next_number[i] = 0;
		for (size_t j = 0; j < POSTS_EACH; j++)
			posted[i][j] = (struct posted){ .poster = i, .number = j };
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, posted[i]), 0);
	}
	loop_run(loop);
	for (size_t i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(posted_count, (size_t)POSTERS * POSTS_EACH);
}

static void post_once_more(void *ctx)
{
	strcat(told, "p");
	loop_post(loop, tell, ctx);
	loop_stop(loop);
}

static void a_post_from_a_post_waits_for_the_next_round(void **state)
{
	(void)state;
	told[0] = '\0';
	loop_post(loop, post_once_more, "q");
	assert_string_equal(told, "");
	loop_run(loop);
	assert_string_equal(told, "p");
	loop_post(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(told, "pq");
}

static void what_was_posted_too_late_runs_once_when_the_loop_goes(void **state)
{
	(void)state;
	told[0] = '\0';
	struct loop *short_lived = NULL;
	assert_int_equal(loop_create(&short_lived, NULL), 0);
	loop_post(short_lived, tell, "a");
	loop_post(short_lived, tell, "b");
	loop_destroy(short_lived);
	loop_destroy(NULL);
	assert_string_equal(told, "ab");
}

static void nothing_leaks_when_the_loop_goes_with_watches_timers_and_children(void **state)
{
	(void)state;
	struct loop *short_lived = NULL;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(loop_create(&short_lived, NULL), 0);
	loop_watch_fd(short_lived, fds[0], EPOLLIN, tell_event, "x");
	loop_add_timer(short_lived, 100000, tell, "x");
	loop_watch_child(short_lived, pid, NULL, NULL);
	loop_destroy(short_lived);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fds[0]);
	close(fds[1]);
}

static void *stop_from_a_thread(void *ctx)
{
	loop_stop(ctx);
	return NULL;
}

static void a_stop_that_comes_before_the_run_counts(void **state)
{
	(void)state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stop_from_a_thread, loop), 0);
	pthread_join(thread, NULL);
	loop_run(loop);
	assert_int_equal(pthread_create(&thread, NULL, stop_from_a_thread, loop), 0);
	loop_run(loop);
	pthread_join(thread, NULL);
}

static int ended_status[2];
static pid_t ended_pid[2];
static size_t ended_count;

static void note_end(void *ctx, pid_t pid, int wait_status)
{
	size_t index = *(size_t *)ctx;
	ended_pid[index] = pid;
	ended_status[index] = wait_status;
	if (++ended_count == 2)
		loop_stop(loop);
}

static void children_are_reaped_with_their_status(void **state)
{
	(void)state;
	static size_t indexes[] = { 0, 1 };
	ended_count = 0;
	pid_t exits = fork();
	if (exits == 0)
		_exit(7);
	pid_t killed = fork();
	if (killed == 0) {
		pause();
		_exit(0);
	}
	loop_watch_child(loop, exits, note_end, &indexes[0]);
	loop_watch_child(loop, killed, note_end, &indexes[1]);
	kill(killed, SIGKILL);
	loop_run(loop);

	assert_int_equal(ended_pid[0], exits);
	assert_true(WIFEXITED(ended_status[0]));
	assert_int_equal(WEXITSTATUS(ended_status[0]), 7);
	assert_int_equal(ended_pid[1], killed);
	assert_true(WIFSIGNALED(ended_status[1]));
	assert_int_equal(WTERMSIG(ended_status[1]), SIGKILL);
	assert_int_equal(waitpid(exits, NULL, 0), -1);
	assert_int_equal(waitpid(killed, NULL, 0), -1);
}

static void a_child_that_ended_long_ago_is_told_too(void **state)
{
	(void)state;
	static size_t index = 0;
	ended_count = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(3);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	loop_watch_child(loop, pid, note_end, &index);
	assert_int_equal(ended_count, 1);
	loop_run(loop);
	assert_int_equal(WEXITSTATUS(ended_status[0]), 3);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(a_readable_descriptor_is_told_again_until_it_is_empty),
		LOOP_TEST(a_changed_watch_tells_only_what_it_asks_for),
		LOOP_TEST(a_callback_removes_itself_and_others_of_the_same_batch),
		LOOP_TEST(what_a_callback_stopped_to_ask_for_is_not_delivered),
		LOOP_TEST(timers_fire_by_deadline_then_by_age),
		LOOP_TEST(thousands_of_timers_fire_in_order_and_the_cancelled_ones_never),
		LOOP_TEST(a_timer_cancels_itself_and_one_that_is_due_too),
		LOOP_TEST(posts_of_many_threads_keep_each_threads_order),
		LOOP_TEST(a_post_from_a_post_waits_for_the_next_round),
		cmocka_unit_test(what_was_posted_too_late_runs_once_when_the_loop_goes),
		cmocka_unit_test(nothing_leaks_when_the_loop_goes_with_watches_timers_and_children),
		LOOP_TEST(a_stop_that_comes_before_the_run_counts),
		LOOP_TEST(children_are_reaped_with_their_status),
		LOOP_TEST(a_child_that_ended_long_ago_is_told_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
