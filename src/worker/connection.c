#include "worker/connection.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "worker/file.h"
#include "worker/test_report.h"

enum {
	TRUST_MS =
		5000, /* a warm connection that was silent for longer is asked before it gets a file … */
	PROBE_MS = 5000,     /* … and has so long to answer */
	TEXT_ERROR_MAX = 256 /* bytes of a reason that is quoted in a longer sentence */
};

/* ---- letters --------------------------------------------------------------------------------------------------- */

void connection_post(struct connection *connection, struct letter *letter)
{
	inbox_post(connection->inbox, letter);
}

static void report(struct connection *connection, enum letter_kind kind,
		   const struct worker_message *message)
{
	struct letter *letter = letter_create(kind, message, -1);
	letter->from = connection->number;
	inbox_post(connection->desk, letter);
}

void connection_tell(struct connection *connection, const struct worker_message *message)
{
	struct worker_message copy;
	worker_message_copy(message, &copy);
	report(connection, LETTER_MESSAGE, &copy);
}

void connection_tell_failed(struct connection *connection, const struct worker_message *order,
			    enum failure_step step, const struct sp_error *err)
{
	connection_tell(connection, &(struct worker_message){
					    .kind = WORKER_FILE_FAILED,
					    .file_id = order->file_id,
					    .attempt = order->attempt,
					    .step = step,
					    .code = err->code,
					    .text = (char *)(uintptr_t)err->message,
				    });
}

static struct letter *wait_letter(struct connection *connection)
{
	for (;;) {
		struct letter *letter = inbox_take(connection->inbox);
		if (letter != NULL)
			return letter;
		struct pollfd wait = { .fd = inbox_fd(connection->inbox), .events = POLLIN };
		poll(&wait, 1, -1);
	}
}

bool connection_is_about(const struct worker_message *message, const struct worker_message *order)
{
	return sp_text_equal(message->file_id, order->file_id) &&
	       message->attempt == order->attempt;
}

bool connection_cancelled(struct connection *connection, const struct worker_message *order)
{
	bool cancelled = false;
	for (struct letter *letter; (letter = inbox_take(connection->inbox)) != NULL;) {
		cancelled = cancelled || (letter->message.kind == WORKER_CANCEL &&
					  connection_is_about(&letter->message, order));
		letter_destroy(letter);
	}
	return cancelled;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void close_session(struct connection *connection)
{
	remote_close(connection->remote);
	connection->remote = NULL;
	transport_close(connection->transport);
	connection->transport = NULL;
	/* The daemon watches the socket too: what is only closed here would stay open for the partner. */
	if (connection->line >= 0)
		shutdown(connection->line, SHUT_RDWR);
	sp_close_fd(&connection->line);
}

/* libssh closes the descriptor that it was given when it thinks fit. */
static int keep_line(struct connection *connection, int *fd, struct sp_error *err)
{
	connection->line = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
	if (connection->line >= 0)
		return 0;
	sp_fail_errno(err, "could not keep a socket");
	shutdown(*fd, SHUT_RDWR);
	sp_close_fd(fd);
	return -1;
}

/* Asks the daemon, which alone may connect, and waits for its answer. */
static int get_socket(struct connection *connection, int *out_fd, enum failure_step *out_step,
		      struct sp_error *err)
{
	report(connection, LETTER_MESSAGE, &(struct worker_message){ .kind = WORKER_NEED_SOCKET });
	for (;;) {
		struct letter *letter = wait_letter(connection);
		const struct worker_message *message = &letter->message;
		int result = 1;
		if (message->kind == WORKER_SOCKET) {
			snprintf(connection->place, sizeof(connection->place), "%s",
				 message->text == NULL ? "" : message->text);
			*out_fd = sp_take_fd(&letter->fd);
			result = 0;
		} else if (message->kind == WORKER_NO_SOCKET) {
			*out_step = (enum failure_step)message->step;
			result = sp_fail(err, (enum sp_code)message->code, "%s",
					 message->text == NULL ? "" : message->text);
		}
		letter_destroy(letter);
		if (result != 1)
			return result;
	}
}

static int shake_hands(struct connection *connection, int fd, enum failure_step *out_step,
		       struct sp_error *err)
{
	const struct worker_message *configuration = connection->configuration;
	int64_t deadline = sp_monotonic_ms() + configuration->handshake_timeout_ms;
	struct transport_options options = {
		.fd = fd,
		.user = configuration->user,
		.password = configuration->password,
		.private_key = configuration->private_key,
		.trusted_keys = configuration->trusted_keys,
		.policy = security_policy_find(configuration->security_policy),
		.timeout_ms = configuration->handshake_timeout_ms,
		.cancel_fd = -1,
	};
	if (transport_open(&options, &connection->transport, &connection->report, err) != 0) {
		*out_step = connection->report.step;
		return -1;
	}

	*out_step = STEP_SFTP;
	int64_t start_ms = sp_monotonic_ms();
	struct channel *channel;
	int result =
		transport_open_sftp(connection->transport, deadline - start_ms, -1, &channel, err);
	if (result == 0)
		result = remote_open(channel, deadline - sp_monotonic_ms(), -1, &connection->remote,
				     err);
	connection->report.took_ms[STEP_SFTP] = sp_monotonic_ms() - start_ms;
	return result;
}

static int open_session(struct connection *connection, enum failure_step *out_step,
			struct sp_error *err)
{
	int fd;
	if (get_socket(connection, &fd, out_step, err) != 0 || keep_line(connection, &fd, err) != 0)
		return -1;
	if (shake_hands(connection, fd, out_step, err) != 0) {
		close_session(connection);
		return sp_wrap(err, "could not open an SFTP session with %s (%s)",
			       connection->configuration->host, connection->place);
	}
	connection->last_spoke_ms = connection->last_sure_ms = sp_monotonic_ms();
	return 0;
}

static void open_and_report(struct connection *connection, bool keep)
{
	enum failure_step step = STEP_WORKER;
	struct sp_error err = { 0 };
	connection->report = (struct transport_report){ 0 };
	int result = open_session(connection, &step, &err);

	struct worker_message message = { 0 };
	test_report_fill(&message, &connection->report,
			 result == 0 ? remote_features(connection->remote) : NULL);
	if (result != 0) {
		message.step = step;
		message.code = err.code;
		message.text = sp_strdup(err.message);
	} else if (!keep) {
		close_session(connection);
	}
	report(connection, result == 0 ? LETTER_OPENED : LETTER_NOT_OPENED, &message);
}

/* ---- staying alive --------------------------------------------------------------------------------------------- */

struct remote_patience connection_patience(const struct connection *connection, bool may_cancel)
{
	return (struct remote_patience){
		.idle_ms = connection->configuration->idle_timeout_ms,
		.cancel_fd = may_cancel ? inbox_fd(connection->inbox) : -1,
	};
}

int connection_turn(struct connection *connection, int timeout_ms, struct sp_error *err)
{
	int64_t keepalive_ms = connection->configuration->keepalive_ms;
	int64_t warm_ms = connection->last_spoke_ms + keepalive_ms - sp_monotonic_ms();
	if (keepalive_ms == 0) {
		warm_ms = INT_MAX; /* never */
	} else if (warm_ms <= 0) {
		if (transport_keepalive(connection->transport, err) != 0)
			return -1;
		connection->last_spoke_ms = sp_monotonic_ms();
		warm_ms = keepalive_ms;
	}
	if (remote_pump(connection->remote, connection->wake_fd,
			warm_ms < timeout_ms ? (int)warm_ms : timeout_ms,
			connection->configuration->idle_timeout_ms, err) != 0)
		return -1;
	eventfd_read(connection->blocks_fd, &(eventfd_t){ 0 });
	return 0;
}

bool connection_lives(struct connection *connection)
{
	struct sp_error ignored = { 0 };
	return connection->remote != NULL &&
	       remote_pump(connection->remote, -1, 0, connection->configuration->idle_timeout_ms,
			   &ignored) == 0;
}

/* A connection may have died without a word while nobody used it. Better to learn that now than with a file. */
static bool is_good_for_a_file(struct connection *connection)
{
	if (!connection_lives(connection))
		return false;
	if (sp_monotonic_ms() - connection->last_sure_ms < TRUST_MS)
		return true;
	struct remote_patience patience = connection_patience(connection, false);
	if (patience.idle_ms > PROBE_MS)
		patience.idle_ms = PROBE_MS;
	struct remote_attributes attributes;
	struct sp_error ignored = { 0 };
	remote_stat(connection->remote, ".", &patience, &attributes, &ignored);
	return connection_lives(connection);
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static void lose(struct connection *connection)
{
	close_session(connection);
	report(connection, LETTER_LOST, NULL);
}

/* @letter is taken. */
static void work_on_file(struct connection *connection, struct letter *letter)
{
	if (!is_good_for_a_file(connection)) {
		close_session(connection);
		letter->kind = LETTER_RETURNED;
		letter->from = connection->number;
		inbox_post(connection->desk, letter);
		return;
	}
	file_work(connection, letter);
	letter_destroy(letter);
	if (!connection_lives(connection)) {
		lose(connection);
		return;
	}
	connection->last_sure_ms = connection->last_spoke_ms = sp_monotonic_ms();
	report(connection, LETTER_FREE, NULL);
}

/* @letter is taken. What is about a file that ended meanwhile has nothing to say any more. */
static void obey(struct connection *connection, struct letter *letter)
{
	assert(letter->kind <= LETTER_TRY); /* the others are for the main thread */
	switch (letter->kind) {
	case LETTER_OPEN:
	case LETTER_TRY:
		assert(connection->transport == NULL);
		open_and_report(connection, letter->kind == LETTER_OPEN);
		break;
	case LETTER_MESSAGE:
		if (!file_is_work(letter->message.kind))
			break;
		work_on_file(connection, letter);
		return;
	case LETTER_OPENED:
	case LETTER_NOT_OPENED:
	case LETTER_FREE:
	case LETTER_LOST:
	case LETTER_RETURNED:
		break;
	}
	letter_destroy(letter);
}

static void *run(void *ctx)
{
	struct connection *connection = ctx;
	for (;;) {
		struct letter *letter = connection->remote == NULL ? wait_letter(connection)
								   : inbox_take(connection->inbox);
		if (letter != NULL) {
			obey(connection, letter);
			continue;
		}
		struct sp_error ignored = { 0 };
		if (connection_turn(connection, INT_MAX, &ignored) != 0)
			lose(connection);
	}
	return NULL;
}

static int prepare(struct connection *connection, struct sp_error *err)
{
	if (inbox_open(&connection->inbox, err) != 0)
		return -1;
	connection->blocks_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	connection->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	int fds[] = { connection->blocks_fd, inbox_fd(connection->inbox) };
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
	connection->feeder = feeder;
	connection->desk = desk;
	connection->blocks_fd = connection->wake_fd = connection->line = -1;
	pthread_t thread;
	if (prepare(connection, err) == 0) {
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
	sp_close_fd(&connection->blocks_fd);
	sp_close_fd(&connection->wake_fd);
	free(connection);
	return -1;
}
