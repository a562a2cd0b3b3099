#include "remote/transport.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/tcp.h"
#include "base/text.h"
#include "remote/handshake.h"

enum { CHANNEL_PACKET_MIN = 256 }; /* every server has to take 32 KiB (RFC 4253, 6.1) */

static const struct errand channel_errand = { "the opening of a channel",
					      "the server did not open an SFTP session" };

int transport_init(struct sp_error *err)
{
	/* OpenSSL would read its configuration when it is first used. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 || ssh_init() != 0)
		return sp_fail(err, SP_SYSTEM, "could not start the SSH library");
	ssh_set_log_level(SSH_LOG_NONE);
	return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/**
 * Nothing of this machine may leak into a connection: no configuration, no user's folder, no agent, no known hosts.
 * What libssh would look up by itself (the login name, the home folder) is set, so that it opens no file.
 */
static int set_options(ssh_session session, const struct transport_options *options,
		       struct sp_error *err)
{
	static const bool no = false;
	const struct {
		enum ssh_options_e option;
		const void *value;
	} settings[] = {
		{ SSH_OPTIONS_PROCESS_CONFIG, &no }, /* first: some of the others would read it */
		{ SSH_OPTIONS_USER, options->user },
		{ SSH_OPTIONS_SSH_DIR, "/nonexistent" },
		{ SSH_OPTIONS_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null" },
		{ SSH_OPTIONS_FD, &options->fd },
	};
	for (size_t i = 0; i < SP_COUNT_OF(settings); i++)
		if (ssh_options_set(session, settings[i].option, settings[i].value) != 0)
			return sp_fail(err, SP_INTERNAL, "could not set up the SSH library: %s",
				       ssh_get_error(session));
	ssh_set_blocking(session, 0);
	return 0;
}

/** What the server wants of us (channels, forwarding) is refused at once: libssh would keep it until it was asked for. */
static int refuse_message(ssh_session session, ssh_message message, void *ignored)
{
	(void)session;
	(void)message;
	(void)ignored;
	return 1;
}

/** Takes @options->fd, also when it fails. */
static struct transport *create_transport(const struct transport_options *options,
					  struct sp_error *err)
{
	SP_AUTO_FD fd = options->fd;
	if (options->user == NULL || *options->user == '\0') {
		sp_fail(err, SP_INVALID, "the user name is empty");
		return NULL;
	}
	struct transport *transport = sp_alloc(sizeof(*transport));
	transport->session = ssh_new();
	if (transport->session == NULL) {
		sp_fail(err, SP_NO_MEMORY, "could not start an SSH session");
		free(transport);
		return NULL;
	}
	if (set_options(transport->session, options, err) != 0) {
		ssh_free(transport->session);
		free(transport);
		return NULL;
	}
	ssh_set_counters(transport->session, &transport->socket_bytes, &transport->packets);
	ssh_set_message_callback(transport->session, refuse_message, NULL);
	sp_tcp_send_at_once(fd);
	transport->ahead.fd = fd;
	transport->fd = sp_take_fd(&fd);
	return transport;
}

static int open_steps(struct handshake *handshake, const struct host_keys *trusted,
		      struct sp_error *err)
{
	handshake->report->step = STEP_HOST_KEY;
	if (algorithms_offer(handshake->transport->session, handshake->options->policy, trusted,
			     &handshake->algorithms, err) != 0)
		return -1;
	memcpy(handshake->report->offered, handshake->algorithms.offered,
	       sizeof(handshake->report->offered));
	if (handshake_greet(handshake, err) != 0)
		return -1;
	if (handshake_check_host_key(handshake, trusted, err) != 0)
		return -1;
	const struct transport_options *options = handshake->options;
	if (options->admit != NULL &&
	    options->admit(options->admit_ctx, handshake->patience.deadline_ms, err) != 0)
		return -1;
	return handshake_authenticate(handshake, err);
}

/**
 * What libssh and OpenSSL make of an allocation that fails looks like a fault of the server's, or is no sentence at all;
 * malloc()'s errno outlives it. @transport may be NULL.
 */
static void blame_memory(const struct transport *transport, struct sp_error *err)
{
	if (errno == ENOMEM || (transport != NULL && transport->lacked_memory))
		sp_fail(err, SP_NO_MEMORY, "this machine had too little memory for an SSH session");
}

int transport_open(const struct transport_options *options, struct transport **out,
		   struct transport_report *report, struct sp_error *err)
{
	struct host_keys trusted;
	struct handshake handshake = {
		.options = options,
		.report = report,
		.patience = patience_from_now(options->timeout_ms, options->cancel_fd),
	};

	*report = (struct transport_report){ .step = STEP_AUTHENTICATE };
	errno = 0;
	handshake.transport = create_transport(options, err);
	if (handshake.transport == NULL) {
		blame_memory(NULL, err);
		return -1;
	}
	transport_enter(handshake.transport);
	report->step = STEP_HOST_KEY;
	int result = host_keys_parse(options->trusted_keys, &trusted, err);
	if (result == 0)
		result = open_steps(&handshake, &trusted, err);
	if (result != 0)
		blame_memory(handshake.transport, err);
	handshake_begin_step(report, report->step); /* notes the time of the last one */
	if (result != 0) {
		transport_close(handshake.transport);
		return -1;
	}
	*out = handshake.transport;
	return 0;
}

void transport_close(struct transport *transport)
{
	if (transport == NULL)
		return;
	transport_enter(NULL);
	ssh_disconnect(transport->session);
	ssh_free(transport->session);
	sp_close_fd(&transport->fd);
	free(transport);
}

int transport_keepalive(struct transport *transport, struct sp_error *err)
{
	transport_enter(transport);
	if (ssh_send_ignore(transport->session, "") != SSH_OK || failure_has_happened(transport))
		return failure_of_connection(transport, "a pause", err);
	return 0;
}

/* ---- channels ---------------------------------------------------------------------------------------------------- */

static int fail_refused(struct transport *transport, enum sp_code code, const char *what,
			struct sp_error *err)
{
	if (failure_has_happened(transport))
		return failure_of_connection(transport, channel_errand.during, err);
	return sp_fail(err, code, "%s", what);
}

/** First the channel, then the subsystem in it. */
struct channel_opening {
	struct transport *transport;
	ssh_channel ssh;
	struct patience patience;
	int64_t since_us, round_trip_us;
	bool is_open;
};

static struct channel_opening *begin_sftp(void *ctx, int64_t timeout_ms, struct sp_error *err)
{
	struct transport *transport = ctx;
	transport_enter(transport);
	ssh_channel ssh = ssh_channel_new(transport->session);
	if (ssh == NULL) {
		sp_fail(err, SP_NO_MEMORY, "could not make a channel");
		return NULL;
	}
	struct channel_opening *opening = sp_alloc(sizeof(*opening));
	opening->transport = transport;
	opening->ssh = ssh;
	opening->patience = patience_from_now(timeout_ms, -1);
	opening->since_us = sp_monotonic_us();
	opening->patience.bytes_then = transport->socket_bytes.in_bytes;
	transport->channels_opened++;
	if (transport->channels_opening++ == 0)
		transport->channel_packet_max = UINT32_MAX;
	return opening;
}

static void give_up_sftp(struct channel_opening *opening)
{
	if (opening == NULL)
		return;
	opening->transport->channels_opening--;
	if (opening->ssh != NULL)
		ssh_channel_free(opening->ssh);
	free(opening);
}

/* An enum of libssh's: SSH_OK, SSH_AGAIN, or SSH_ERROR with the error. */
static int step_channel(struct channel_opening *opening, struct sp_error *err)
{
	struct transport *transport = opening->transport;
	int result = ssh_channel_open_session(opening->ssh);
	if (result == SSH_AGAIN)
		return SSH_AGAIN;
	if (result != SSH_OK)
		return fail_refused(transport, SP_DENIED, "the server refused to open a channel",
				    err);
	/* libssh takes ten bytes off for its own and would send empty packets for ever. */
	if (transport->channel_packet_max < CHANNEL_PACKET_MIN)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the server takes packets of %u bytes, at least %d are needed",
			       transport->channel_packet_max, CHANNEL_PACKET_MIN);
	opening->is_open = true;
	opening->round_trip_us = sp_monotonic_us() - opening->since_us;
	return SSH_OK;
}

static int step_subsystem(struct channel_opening *opening, struct sp_error *err)
{
	int result = ssh_channel_request_sftp(opening->ssh);
	if (result == SSH_AGAIN || result == SSH_OK)
		return result;
	return fail_refused(opening->transport, SP_UNSUPPORTED,
			    "the server offers no SFTP to this user", err);
}

static int step_both(struct channel_opening *opening, struct sp_error *err)
{
	transport_enter(opening->transport);
	if (!opening->is_open) {
		int result = step_channel(opening, err);
		if (result != SSH_OK)
			return result;
	}
	return step_subsystem(opening, err);
}

static struct channel *take_channel(struct channel_opening *opening)
{
	struct channel *channel =
		channel_libssh_create(opening->transport, sp_take_pointer(&opening->ssh));
	channel->round_trip_us = opening->round_trip_us;
	return channel;
}

static int step_sftp(struct channel_opening *opening, struct channel **out, struct sp_error *err)
{
	int result = step_both(opening, err);
	if (result == SSH_AGAIN &&
	    transport_may_wait(opening->transport, &opening->patience, &channel_errand, err) == 0)
		return 0;
	if (result == SSH_OK)
		*out = take_channel(opening);
	give_up_sftp(opening);
	return result == SSH_OK ? 1 : -1;
}

struct channel_opener transport_opener(struct transport *transport)
{
	return (struct channel_opener){
		.ctx = transport, .begin = begin_sftp, .step = step_sftp, .give_up = give_up_sftp
	};
}

int transport_open_sftp(struct transport *transport, int64_t timeout_ms, int cancel_fd,
			struct channel **out, struct sp_error *err)
{
	struct channel_opening *opening = begin_sftp(transport, timeout_ms, err);
	if (opening == NULL)
		return -1;
	opening->patience.cancel_fd = cancel_fd;
	for (;;) {
		int result = step_both(opening, err);
		if (result == SSH_OK)
			*out = take_channel(opening);
		if (result != SSH_AGAIN ||
		    transport_sleep(transport, &opening->patience, &channel_errand, err) != 0) {
			give_up_sftp(opening);
			return result == SSH_OK ? 0 : -1;
		}
	}
}
