/* The SSH connection and its SFTP session: how it is opened, kept alive and closed. */

#include "worker/connection.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "worker/test_report.h"

enum {
	TRUST_MS =
		5000, /* a warm connection that was silent for longer is asked before it gets a file … */
	PROBE_MS = 5000, /* … and has so long to answer */

	/* Files at once: what is best without delay, and what it takes to fill a line whose answers come late. */
	DEPTH_NEAR = 64,
	DEPTH_FAR = WORKER_CONNECTION_FILES_MAX,
	FAR_US = 50 * 1000,
	/* Who does not tell how many files it lets be open may not let many. */
	DEPTH_UNTOLD = 16,
};

/* NULL: there is none. What is said of the admission is noted. */
static struct letter *take_letter(struct connection *connection)
{
	struct letter *letter = inbox_take(connection->inbox);
	if (letter != NULL && letter->kind == LETTER_ADMITTED)
		connection->admission = ADMISSION_FREE;
	if (letter != NULL && letter->kind == LETTER_DISMISSED)
		connection->admission = ADMISSION_DENIED;
	return letter;
}

/* @timeout_ms -1: however long it takes. */
static void wait_for_letter(const struct connection *connection, int timeout_ms)
{
	struct pollfd wait = { .fd = inbox_fd(connection->inbox), .events = POLLIN };
	poll(&wait, 1, timeout_ms);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

void connection_close(struct connection *connection)
{
	if (connection->remote != NULL)
		connection->channels = remote_channels_most(connection->remote);
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
	sp_fail_errno(err, "could not keep a second descriptor of the connection's socket");
	shutdown(*fd, SHUT_RDWR);
	sp_close_fd(fd);
	return -1;
}

/* Asks the daemon, which alone may connect, and waits for its answer. */
static int get_socket(struct connection *connection, int *out_fd, enum failure_step *out_step,
		      struct sp_error *err)
{
	connection_report(connection, LETTER_MESSAGE,
			  &(struct worker_message){ .kind = WORKER_NEED_SOCKET });
	for (;;) {
		struct letter *letter = take_letter(connection);
		if (letter == NULL) {
			wait_for_letter(connection, -1);
			continue;
		}
		const struct worker_message *message = &letter->message;
		int result = 1;
		if (message->kind == WORKER_SOCKET) {
			snprintf(connection->place, sizeof(connection->place), "%s",
				 message->text == NULL ? "" : message->text);
			*out_fd = sp_take_fd(&letter->fd);
			connection->request = message->request;
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

static bool is_known(const struct connection *connection, const struct learnt *known)
{
	const struct transport_report *report = &connection->report;
	char server[TRANSPORT_SERVER_SIZE];
	transport_server(report->banner, report->fingerprint, server);
	return known->limits.read_max > 0 && strcmp(known->server, server) == 0;
}

/* A wrong password is shown once, whatever the number of connections: servers count. */
static int await_admission(void *ctx, int64_t deadline_ms, struct sp_error *err)
{
	struct connection *connection = ctx;
	while (connection->admission == ADMISSION_HELD) {
		struct letter *letter = take_letter(connection);
		int64_t left_ms = deadline_ms - sp_monotonic_ms();
		if (letter == NULL && left_ms <= 0)
			return sp_fail(err, SP_TIMEOUT, "no other connection has logged in");
		if (letter == NULL)
			wait_for_letter(connection, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
		letter_destroy(letter);
	}
	return connection->admission == ADMISSION_FREE
		       ? 0
		       : sp_fail(err, SP_CANCELLED, "another connection could not log in");
}

static int shake_hands(struct connection *connection, int fd, enum failure_step *out_step,
		       struct sp_error *err)
{
	const struct worker_message *configuration = connection->configuration;
	struct learnt known;
	learnt_recall(connection, &known);
	struct transport_login others[WORKER_OTHER_LOGINS_MAX];
	size_t other_count = 0;
	for (size_t i = 0; i < WORKER_OTHER_LOGINS_MAX; i++)
		if (configuration->other_passwords[i] != NULL ||
		    configuration->other_private_keys[i] != NULL)
			others[other_count++] = (struct transport_login){
				.password = configuration->other_passwords[i],
				.private_key = configuration->other_private_keys[i],
			};
	int64_t deadline = sp_monotonic_ms() + configuration->handshake_timeout_ms;
	struct transport_options options = {
		.fd = fd,
		.user = configuration->user,
		.password = configuration->password,
		.private_key = configuration->private_key,
		.others = others,
		.other_count = other_count,
		.trusted_keys = configuration->trusted_keys,
		.policy = security_policy_find(configuration->security_policy),
		.timeout_ms = configuration->handshake_timeout_ms,
		.cancel_fd = -1,
		.known_server = known.server,
		.known_method = known.method,
		.admit = await_admission,
		.admit_ctx = connection,
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
		result = remote_open(channel, is_known(connection, &known) ? &known.limits : NULL,
				     deadline - sp_monotonic_ms(), -1, &connection->remote, err);
	connection->report.took_ms[STEP_SFTP] = sp_monotonic_ms() - start_ms;
	return result;
}

static void wake(void *ctx, void *runner)
{
	(void)ctx;
	runner_wake(runner);
}

bool connection_may_stripe_at(const struct worker_message *configuration, const char *banner)
{
	return configuration->upload_mode == UPLOAD_STRIPED || remote_stripes_well(banner);
}

bool connection_may_stripe(const struct connection *connection)
{
	return connection_may_stripe_at(connection->configuration, connection->report.banner);
}

static int open_session(struct connection *connection, enum failure_step *out_step,
			struct sp_error *err)
{
	int fd;
	if (get_socket(connection, &fd, out_step, err) != 0 || keep_line(connection, &fd, err) != 0)
		return -1;
	if (shake_hands(connection, fd, out_step, err) != 0) {
		/* As in sp_alloc(). OpenSSL may keep what it could not make as broken for good: a new worker can. */
		if (err->code == SP_NO_MEMORY)
			sp_die("%s", err->message);
		connection_close(connection);
		return sp_wrap(err, "could not open an SFTP session with %s (%s)",
			       connection->configuration->host, connection->place);
	}
	remote_on_reply(connection->remote, wake, NULL);
	if (connection_may_stripe(connection)) {
		const struct channel_opener opener = transport_opener(connection->transport);
		remote_may_branch(connection->remote, &opener, connection->channels);
	}
	connection->last_spoke_ms = connection->last_sure_ms = sp_monotonic_ms();
	return 0;
}

/* How many files have to be on their way so that nobody waits for a round trip to end. */
static unsigned depth_of(const struct remote *remote)
{
	uint64_t handles = remote_features(remote)->handles_max;
	if (handles == 0)
		return DEPTH_UNTOLD;
	int64_t round_trip_us = remote_round_trip_us(remote);
	uint64_t depth = DEPTH_FAR;
	if (round_trip_us < FAR_US)
		depth = DEPTH_NEAR + (uint64_t)round_trip_us * (DEPTH_FAR - DEPTH_NEAR) / FAR_US;
	uint64_t allowed = handles / 2 + 1; /* others of this user have some open too */
	return (unsigned)(depth < allowed ? depth : allowed);
}

void connection_open(struct connection *connection, enum letter_kind how)
{
	bool keep = how != LETTER_TRY;
	enum failure_step step = STEP_WORKER;
	struct sp_error err = { 0 };
	connection->report = (struct transport_report){ 0 };
	connection->admission = how == LETTER_OPEN_HELD ? ADMISSION_HELD : ADMISSION_FREE;
	int64_t start_us = sp_monotonic_us();
	int result = open_session(connection, &step, &err);
	connection->opening_us = sp_monotonic_us() - start_us;

	struct worker_message message = { 0 };
	test_report_fill(&message, &connection->report,
			 result == 0 ? remote_features(connection->remote) : NULL);
	if (result != 0) {
		message.step = step;
		message.code = err.code;
		message.text = sp_strdup(err.message);
	} else if (keep) {
		learnt_begin(connection);
	} else {
		connection_close(connection);
	}
	struct letter *letter =
		letter_create(result == 0 ? LETTER_OPENED : LETTER_NOT_OPENED, &message, -1);
	letter->from = connection->number;
	if (result == 0 && keep)
		letter->depth = depth_of(connection->remote);
	inbox_post(connection->desk, letter);
}

/* ---- staying alive --------------------------------------------------------------------------------------------- */

/* When it is due. @out_ms: until it is due again. */
static int keep_warm(struct connection *connection, int64_t *out_ms, struct sp_error *err)
{
	int64_t keepalive_ms = connection->configuration->keepalive_ms;
	*out_ms = connection->last_spoke_ms + keepalive_ms - sp_monotonic_ms();
	if (keepalive_ms == 0) {
		*out_ms = INT_MAX; /* never */
	} else if (*out_ms <= 0) {
		if (transport_keepalive(connection->transport, err) != 0)
			return -1;
		connection->last_spoke_ms = sp_monotonic_ms();
		*out_ms = keepalive_ms;
	}
	return 0;
}

int connection_pump(struct connection *connection, int timeout_ms, struct sp_error *err)
{
	int64_t warm_ms;
	if (keep_warm(connection, &warm_ms, err) != 0) {
		remote_end(connection->remote, err);
		return -1;
	}
	return remote_pump(connection->remote, connection->wake_fd,
			   warm_ms < timeout_ms ? (int)warm_ms : timeout_ms,
			   connection->configuration->idle_timeout_ms, err);
}

static bool has_died(struct connection *connection)
{
	struct sp_error ignored = { 0 };
	return remote_pump(connection->remote, -1, 0, connection->configuration->idle_timeout_ms,
			   &ignored) != 0;
}

/* A connection may have died without a word while nobody used it. Better to learn that now than with a file. */
bool connection_is_good(struct connection *connection)
{
	if (has_died(connection))
		return false;
	if (sp_monotonic_ms() - connection->last_sure_ms < TRUST_MS)
		return true;
	int64_t idle_ms = connection->configuration->idle_timeout_ms;
	const struct remote_patience patience = {
		.idle_ms = idle_ms < PROBE_MS ? idle_ms : PROBE_MS,
		.cancel_fd = -1,
	};
	struct remote_attributes attributes;
	struct sp_error ignored = { 0 };
	remote_stat(connection->remote, ".", &patience, &attributes, &ignored);
	return !has_died(connection);
}
