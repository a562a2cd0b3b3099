/* Letters to one connection, the files that are at work on it, and the round of its thread. */

#include "worker/connection.h"

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "worker/file.h"
#include "worker/help.h"

/* A runner either has a file, or helps with one. */
static void work(void *ctx, struct runner *runner)
{
	struct connection *connection = ctx;
	if (runner->letter->kind == LETTER_HELP) {
		connection_ask_for_current(connection);
		help_work(connection, runner->letter);
		connection->helper = NULL;
		return;
	}
	unsigned file = runner->letter->file;
	connection_ask_for_current(connection);
	file_work(connection, runner->letter);
	if (connection_lives(connection)) {
		connection->last_sure_ms = connection->last_spoke_ms = sp_monotonic_ms();
		learnt_renew(connection);
	}
	connection->runners[file] = NULL;
	connection_report_file(connection, LETTER_ENDED, file, NULL);
}

/* ---- what it is told --------------------------------------------------------------------------------------------- */

/* No file is at work on it any more. */
static void lose(struct connection *connection)
{
	connection_close(connection);
	schedule_finish(&connection->schedule);
	connection_report(connection, LETTER_LOST, NULL);
}

/* @letter is taken. */
static void give_back(struct connection *connection, struct letter *letter)
{
	letter->kind = LETTER_RETURNED;
	letter->from = connection->number;
	inbox_post(connection->desk, letter);
}

/* @letter is taken. */
static void begin_file(struct connection *connection, struct letter *letter)
{
	struct schedule *schedule = &connection->schedule;
	bool idle = connection->remote != NULL && schedule->count == 0;
	if (idle && !connection_is_good(connection))
		lose(connection);
	if (connection->remote == NULL || !connection_lives(connection)) {
		give_back(connection, letter);
		return;
	}
	struct sp_error err = { 0 };
	unsigned file = letter->file;
	assert(connection->runners[file] == NULL);
	if (schedule_begin(schedule, letter, &connection->runners[file], &err) == 0)
		return;
	connection_tell_failed(connection, file, &letter->message, STEP_WORKER, &err);
	connection_report_file(connection, LETTER_ENDED, file, NULL);
	letter_destroy(letter);
}

/* @letter is taken. */
static void begin_to_help(struct connection *connection, struct letter *letter)
{
	struct sp_error err = { 0 };
	bool idle = connection->remote != NULL && connection->schedule.count == 0;
	if (idle && !connection_is_good(connection))
		lose(connection);
	assert(connection->helper == NULL);
	if (connection->remote != NULL && connection_lives(connection) &&
	    schedule_begin(&connection->schedule, letter, &connection->helper, &err) == 0)
		return;
	letter->kind = LETTER_HELPED;
	letter->from = connection->number;
	letter->returned = true;
	inbox_post(connection->desk, letter);
}

/* A runner that is gone has nothing to look at any more. */
static void ring(struct connection *connection, const struct letter *letter)
{
	struct runner *runner =
		letter->file == ROLL_MAX ? connection->helper : connection->runners[letter->file];
	if (runner != NULL)
		runner_wake(runner);
}

/* @letter is taken. What is about a file that ended meanwhile has nothing to say any more. */
static void obey_message(struct connection *connection, struct letter *letter)
{
	if (file_is_work(letter->message.kind)) {
		begin_file(connection, letter);
		return;
	}
	struct runner *runner = connection->runners[letter->file];
	if (runner != NULL && letter->message.kind == WORKER_CANCEL)
		runner->cancelled = true;
	if (runner != NULL && letter->message.kind == WORKER_PERMIT) {
		runner->permitted = true;
		sp_secret_free(runner->permit_url);
		free(runner->permit_condition);
		runner->permit_url = sp_take_pointer(&letter->message.url);
		runner->permit_condition = sp_take_pointer(&letter->message.etag);
	}
	if (runner != NULL)
		runner_wake(runner);
	letter_destroy(letter);
}

/* @letter is taken. */
static void obey(struct connection *connection, struct letter *letter)
{
	assert(letter->kind <= LETTER_RING); /* the others are for the main thread */
	switch (letter->kind) {
	case LETTER_OPEN:
	case LETTER_OPEN_HELD:
	case LETTER_TRY:
		assert(connection->transport == NULL);
		connection_open(connection, letter->kind);
		break;
	case LETTER_ADMITTED:
	case LETTER_DISMISSED:
		break; /* it failed before it heard that */
	case LETTER_MESSAGE:
		obey_message(connection, letter);
		return;
	case LETTER_HELP:
		begin_to_help(connection, letter);
		return;
	case LETTER_RING:
		ring(connection, letter);
		break;
	case LETTER_OPENED:
	case LETTER_NOT_OPENED:
	case LETTER_ENDED:
	case LETTER_RETURNED:
	case LETTER_LOST:
	case LETTER_HELP_WANTED:
	case LETTER_STORAGE:
	case LETTER_HELPED:
		break;
	}
	letter_destroy(letter);
}

/* ---- the thread ---------------------------------------------------------------------------------------------------- */

static void wake(void *runner)
{
	runner_wake(runner);
}

/* Whatever waits for the clock looks at it: they are few, and it is seldom. */
static int until_tick(struct connection *connection)
{
	if (connection->schedule.count == 0)
		return INT_MAX;
	int64_t now = sp_monotonic_ms();
	if (now >= connection->next_tick_ms) {
		connection->next_tick_ms = now + CONNECTION_TURN_MS;
		schedule_wake_all(&connection->schedule);
	}
	return (int)(connection->next_tick_ms - now);
}

static void sleep_without_session(struct connection *connection, int timeout_ms)
{
	struct pollfd wait = { .fd = connection->wake_fd, .events = POLLIN };
	poll(&wait, 1, timeout_ms);
}

/* Sleeps only when nobody can go on. A session that died is closed when the last file has seen it. */
static void move(struct connection *connection)
{
	struct schedule *schedule = &connection->schedule;
	int timeout_ms = until_tick(connection);
	if (schedule->first_ready != NULL)
		timeout_ms = 0;
	struct sp_error ignored = { 0 };
	if (connection->remote == NULL) {
		sleep_without_session(connection, -1);
	} else if (connection_lives(connection)) {
		if (connection_pump(connection, timeout_ms, &ignored) != 0)
			schedule_wake_all(schedule);
		else if (remote_has_room_again(connection->remote))
			schedule_wake_all(schedule);
	} else if (schedule->count == 0) {
		lose(connection);
	} else {
		sleep_without_session(connection, timeout_ms);
	}
}

static void *run(void *ctx)
{
	struct connection *connection = ctx;
	for (;;) {
		struct letters letters = { 0 };
		inbox_take_all(connection->inbox, &letters);
		for (struct letter *letter; (letter = letters_shift(&letters)) != NULL;)
			obey(connection, letter);
		feed_group_answer(connection->feeds, wake);
		schedule_turn(&connection->schedule);
		connection_ask_for_current(connection); /* nobody */
		move(connection);
	}
	return NULL;
}

static int prepare(struct connection *connection, struct feeder *feeder, struct sp_error *err)
{
	schedule_init(&connection->schedule, work, connection);
	if (inbox_open(&connection->inbox, err) != 0 ||
	    feed_group_open(feeder, &connection->feeds, err) != 0)
		return -1;
	connection->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	int fds[] = { feed_group_fd(connection->feeds), inbox_fd(connection->inbox) };
	for (size_t i = 0; i < SP_COUNT_OF(fds); i++) {
		struct epoll_event event = { .events = EPOLLIN };
		if (epoll_ctl(connection->wake_fd, EPOLL_CTL_ADD, fds[i], &event) != 0)
			return sp_fail_errno(err, "could not watch for blocks and letters");
	}
	return 0;
}

int connection_start(unsigned number, const struct worker_message *configuration,
		     struct feeder *feeder, struct inbox *desk, struct connection **out,
		     struct sp_error *err)
{
	struct connection *connection = sp_alloc(sizeof(*connection));
	connection->number = number;
	connection->configuration = configuration;
	connection->desk = desk;
	connection->channels = REMOTE_CHANNELS_MAX;
	connection->wake_fd = connection->line = -1;
	pthread_t thread;
	if (prepare(connection, feeder, err) == 0) {
		int failed = pthread_create(&thread, NULL, run, connection);
		if (failed == 0) {
			pthread_detach(thread);
			*out = connection;
			return 0;
		}
		sp_fail(err, SP_SYSTEM, "could not start a connection's thread: %s",
			strerror(failed));
	}
	inbox_close(connection->inbox);
	sp_close_fd(&connection->wake_fd);
	free(connection);
	return -1;
}
