/** What a worker says, and what the log makes of it: the log of this program is a file meanwhile. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "transfer/worker_log.h"

#define CONNECTOR "c-00000000000000001"
#define PREFIX    " log_test warning: worker 77 of " CONNECTOR " says: "

enum { TICK_MS = 1, LOG_MAX = 4 << 20 };

static struct sp_error err;
static struct loop *loop;
static struct worker_log worker_log;
static int their_end, log_file, kept_stderr;

static int set_up(void **state)
{
	(void)state;
	int fds[2];
	char name[] = "/tmp/sallyport-worker-log-XXXXXX";
	log_file = mkostemp(name, O_CLOEXEC | O_APPEND);
	assert_true(log_file >= 0);
	unlink(name);
	kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(log_file, STDERR_FILENO);
	assert_int_equal(loop_create(&loop, &err), 0);
	assert_int_equal(worker_log_pipe(fds, &err), 0);
	their_end = fds[1];
	worker_log_begin(&worker_log, loop, CONNECTOR, 77, fds[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	close(log_file);
	sp_close_fd(&their_end);
	worker_log_end(&worker_log);
	loop_destroy(loop);
	return 0;
}

static void say(const char *bytes, size_t length)
{
	assert_int_equal(write(their_end, bytes, length), (ssize_t)length);
}

/* All of the log, owned by the caller. */
static char *logged(void)
{
	char *text = sp_alloc(LOG_MAX);
	ssize_t got = pread(log_file, text, LOG_MAX - 1, 0);
	assert_true(got >= 0);
	return text;
}

/* The next line's words, behind time and prefix, which it has to have; cut out of @rest. NULL: there is none. */
static char *next_line(char **rest)
{
	char *line = strsep(rest, "\n");
	if (line == NULL || *rest == NULL)
		return NULL;
	char *words = strstr(line, PREFIX);
	if (words == NULL || words - line != strlen("2026-11-23T15:41:48.123Z"))
		fail_msg("a line is not the worker's: \"%s\"", line);
	return words + strlen(PREFIX);
}

static void every_line_says_whose_it_is(void **state)
{
	(void)state;
	static const char said[] = "2026-11-23T15:41:48.123Z sallyportd error: all is lost\n"
				   "\n\r\x1b[2J\xff\n"
				   "a\0b\n"
				   "no end";
	say(said, sizeof(said) - 1);
	sp_close_fd(&their_end);
	worker_log_end(&worker_log);
	SP_AUTO_FREE char *text = logged();
	char *rest = text;
	assert_string_equal(next_line(&rest),
			    "2026-11-23T15:41:48.123Z sallyportd error: all is lost");
	assert_string_equal(next_line(&rest), "\\x0d\\x1b[2J\\xff");
	assert_string_equal(next_line(&rest), "a");
	assert_string_equal(next_line(&rest), "b");
	assert_string_equal(next_line(&rest), "no end");
	assert_null(next_line(&rest));
}

static void a_line_without_end_is_cut_and_not_kept(void **state)
{
	(void)state;
	enum { LINES = 3 };
	char said[LINES * WORKER_LOG_LINE_MAX + 1];
	memset(said, 'x', sizeof(said));
	said[sizeof(said) - 1] = 'y';
	say(said, sizeof(said));
	worker_log_end(&worker_log);
	SP_AUTO_FREE char *text = logged();
	char *rest = text;
	for (int i = 0; i < LINES; i++)
		assert_int_equal(strlen(next_line(&rest)), WORKER_LOG_LINE_MAX);
	assert_string_equal(next_line(&rest), "y");
	assert_null(next_line(&rest));
}

/* ---- much of it -------------------------------------------------------------------------------------------------- */

struct talk {
	size_t lines, lines_max;
	int refused, refused_max; /* in a row: the pipe is full */
};

/* Says as many lines as the pipe takes, again and again. */
static void talk_on(void *ctx)
{
	struct talk *talk = ctx;
	char line[128];
	bool taken = true;
	talk->refused++;
	while (taken && talk->lines < talk->lines_max) {
		int length = snprintf(line, sizeof(line), "#%zu of a long story that %060d\n",
				      talk->lines, 0);
		taken = write(their_end, line, (size_t)length) == length;
		if (taken) {
			talk->lines++;
			talk->refused = 0;
		}
	}
	if (talk->lines < talk->lines_max && talk->refused < talk->refused_max)
		loop_add_timer(loop, TICK_MS, talk_on, talk);
	else
		loop_stop(loop);
}

/* Returns how many lines of the story are in the log, all of them in order. */
static size_t talk_and_count(struct talk *talk)
{
	assert_int_equal(fcntl(their_end, F_SETFL, O_NONBLOCK), 0);
	loop_add_timer(loop, TICK_MS, talk_on, talk);
	loop_run(loop);
	SP_AUTO_FREE char *text = logged();
	char *rest = text, *line;
	size_t count = 0;
	while ((line = next_line(&rest)) != NULL) {
		char expected[32];
		snprintf(expected, sizeof(expected), "#%zu of", count++);
		assert_memory_equal(line, expected, strlen(expected));
	}
	return count;
}

static void a_report_of_a_sanitizer_is_there_whole(void **state)
{
	(void)state;
	struct talk talk = { .lines_max = 1000, .refused_max = INT32_MAX };
	assert_true(talk_and_count(&talk) > 0);
	assert_int_equal(talk.lines, 1000);
	worker_log_end(&worker_log);
	SP_AUTO_FREE char *text = logged();
	assert_non_null(strstr(text, "#999 of"));
}

static void who_says_too_much_has_to_wait(void **state)
{
	(void)state;
	struct talk talk = { .lines_max = 100000, .refused_max = 10 };
	size_t count = talk_and_count(&talk);
	assert_in_range(count, 1000, 3000);
	assert_in_range(talk.lines, count, 4000); /* the rest is in the pipe */

	/* What is in the pipe when the process ends is said all the same. */
	worker_log_end(&worker_log);
	char last[32];
	snprintf(last, sizeof(last), "#%zu of", talk.lines - 1);
	SP_AUTO_FREE char *text = logged();
	assert_non_null(strstr(text, last));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_line_says_whose_it_is),
		TEST(a_line_without_end_is_cut_and_not_kept),
		TEST(a_report_of_a_sanitizer_is_there_whole),
		TEST(who_says_too_much_has_to_wait),
	};
	unsetenv("JOURNAL_STREAM"); /* lines have their time, as anywhere else */
	sp_log_init("log_test", SP_LOG_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
