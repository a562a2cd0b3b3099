#include "remote/handshake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

/** Lines before the version line are allowed (RFC 4253, 4.2) and useless: more than this is no SSH server. */
enum { BEFORE_BANNER_MAX = 16 * 1024 };

enum { SLEEP_MAX_MS = 60 * 1000 }; /* poll() takes an int */

/** From the version line to the open channel a few KiB are enough; the rest is what a banner may have to say. */
enum { GREETING_MAX_MIB = 8 };

static const struct errand banner_errand = { "the version exchange",
					     "the server sent no SSH version line" };
static const struct errand key_exchange_errand = { "the key exchange",
						   "the key exchange was not finished" };

void handshake_begin_step(struct transport_report *report, enum failure_step step)
{
	int64_t now_ms = sp_monotonic_ms();
	if (report->step_since_ms != 0)
		report->took_ms[report->step] += now_ms - report->step_since_ms;
	report->step_since_ms = now_ms;
	report->step = step;
}

/* ---- waiting ----------------------------------------------------------------------------------------------------- */

struct patience patience_from_now(int64_t timeout_ms, int cancel_fd)
{
	return (struct patience){ .timeout_ms = timeout_ms,
				  .deadline_ms = sp_monotonic_ms() + timeout_ms,
				  .cancel_fd = cancel_fd };
}

static int fail_late(const struct patience *patience, const struct errand *errand,
		     struct sp_error *err)
{
	char time[32];
	failure_spell_time(patience->timeout_ms, time, sizeof(time));
	return sp_fail(err, SP_TIMEOUT, "%s within %s", errand->late, time);
}

int transport_may_wait(struct transport *transport, const struct patience *patience,
		       const struct errand *errand, struct sp_error *err)
{
	/* Some of libssh's calls say "again" for ever once it has given up, or has thrown an answer away. */
	if (failure_has_happened(transport) || transport->last_words[0] != '\0')
		return failure_of_connection(transport, errand->during, err);
	return sp_monotonic_ms() < patience->deadline_ms ? 0 : fail_late(patience, errand, err);
}

int transport_sleep(struct transport *transport, const struct patience *patience,
		    const struct errand *errand, struct sp_error *err)
{
	bool holds = (ssh_get_status(transport->session) & SSH_WRITE_PENDING) != 0;
	struct pollfd fds[] = {
		{ .fd = ssh_get_fd(transport->session),
		  .events = (short)(POLLIN | (holds ? POLLOUT : 0)) },
		{ .fd = patience->cancel_fd, .events = POLLIN },
	};

	if (transport_may_wait(transport, patience, errand, err) != 0)
		return -1;
	if ((transport->socket_bytes.in_bytes - patience->bytes_then) >> 20 >= GREETING_MAX_MIB)
		return sp_fail(err, SP_PROTOCOL,
			       "the server sent more than %d MiB before the SFTP session was open",
			       GREETING_MAX_MIB);
	int64_t left_ms = patience->deadline_ms - sp_monotonic_ms();
	int sleep_ms = left_ms < SLEEP_MAX_MS ? (int)left_ms : SLEEP_MAX_MS;
	if (sleep_ms < 0)
		sleep_ms = 0;
	if (poll(fds, SP_COUNT_OF(fds), sleep_ms) == -1 && errno != EINTR)
		return sp_fail_errno(err, "could not wait for the server");
	if (fds[1].revents != 0)
		return sp_fail(err, SP_CANCELLED, "the connection was given up");
	return 0;
}

/* ---- version lines and key exchange ------------------------------------------------------------------------------ */

/** libssh drops what comes before the version line; a look at it tells that this is a web server. */
static void note_first_line(struct handshake *handshake)
{
	char seen[sizeof(handshake->first_line)];
	int fd = ssh_get_fd(handshake->transport->session);
	ssize_t length = fd == -1 ? -1 : recv(fd, seen, sizeof(seen) - 1, MSG_PEEK | MSG_DONTWAIT);
	if (length <= 0 || handshake->first_line[0] != '\0')
		return;
	seen[length] = '\0';
	seen[strcspn(seen, "\r\n")] = '\0';
	memcpy(handshake->first_line, seen, strlen(seen) + 1);
}

#define VERSION_START "SSH-"

/** Unless what it said is such a line, or the beginning of one. */
static int fail_no_banner(const struct handshake *handshake, enum sp_code code, const char *what,
			  struct sp_error *err)
{
	SP_AUTO_FREE char *said = sp_name_escape(handshake->first_line);
	if (strncmp(said, VERSION_START, strnlen(said, strlen(VERSION_START))) == 0)
		return sp_fail(err, code, "%s", what);
	return sp_fail(err, SP_PROTOCOL, "%s: it said \"%s\"", what, said);
}

static void note_text(char *out, size_t room, const char *text)
{
	SP_AUTO_FREE char *safe = sp_name_escape(text == NULL ? "" : text);
	snprintf(out, room, "%s", safe);
}

static void note_agreed(struct handshake *handshake)
{
	ssh_session session = handshake->transport->session;
	struct transport_report *report = handshake->report;
	note_text(report->kex, sizeof(report->kex), ssh_get_kex_algo(session));
	note_text(report->cipher, sizeof(report->cipher), ssh_get_cipher_out(session));
	note_text(report->mac, sizeof(report->mac), ssh_get_hmac_out(session));
	note_text(report->host_key_algorithm, sizeof(report->host_key_algorithm),
		  handshake->transport->host_key_algorithm);
}

static int fail_greeting(struct handshake *handshake, struct sp_error *err)
{
	const char *text = handshake->transport->last_words;

	if (strstr(text, "No version of SSH protocol usable") != NULL) {
		handshake->report->step = STEP_BANNER;
		return sp_fail(err, SP_UNSUPPORTED, "the server speaks no SSH version 2: \"%s\"",
			       handshake->report->banner);
	}
	if (handshake->report->step == STEP_KEY_EXCHANGE)
		return failure_of_key_exchange(handshake, err);
	if (strstr(text, "too large banner") != NULL)
		return fail_no_banner(handshake, SP_PROTOCOL, banner_errand.late, err);
	return fail_no_banner(handshake, SP_CLOSED,
			      "the server closed the connection before its SSH version line", err);
}

/** The next try of ssh_connect(), and what it changed. */
static int greet_once(struct handshake *handshake)
{
	struct transport *transport = handshake->transport;
	struct transport_report *report = handshake->report;

	if (report->step == STEP_BANNER)
		note_first_line(handshake);
	int result = ssh_connect(transport->session);
	int fd = ssh_get_fd(transport->session);
	/* From the first call on libssh closes the socket when it gives up; told that no descriptor was given to it, it
	 * does so at the end too, and nobody ever closes a number twice. */
	if (transport->fd != -1) {
		ssh_options_set(transport->session, SSH_OPTIONS_FD, NULL);
		transport->fd = -1;
	}
	/* libssh makes the socket blocking once it is connected: a peer that stops reading would freeze us. */
	if (fd != -1)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (report->step == STEP_BANNER && ssh_get_serverbanner(transport->session) != NULL) {
		note_text(report->banner, sizeof(report->banner),
			  ssh_get_serverbanner(transport->session));
		handshake_begin_step(report, STEP_KEY_EXCHANGE);
	}
	return result;
}

int handshake_greet(struct handshake *handshake, struct sp_error *err)
{
	struct transport_report *report = handshake->report;
	int result;

	handshake_begin_step(report, STEP_BANNER);
	while ((result = greet_once(handshake)) == SSH_AGAIN) {
		bool waits_for_banner = report->step == STEP_BANNER;
		struct sp_error why;
		if (waits_for_banner &&
		    handshake->transport->socket_bytes.in_bytes > BEFORE_BANNER_MAX)
			return fail_no_banner(handshake, SP_PROTOCOL, banner_errand.late, err);
		if (transport_sleep(handshake->transport, &handshake->patience,
				    waits_for_banner ? &banner_errand : &key_exchange_errand,
				    &why) == 0)
			continue;
		/* Whoever has said something else by the deadline will be no SSH server at the next try either. */
		return waits_for_banner && why.code == SP_TIMEOUT
			       ? fail_no_banner(handshake, SP_TIMEOUT, why.message, err)
			       : sp_fail(err, why.code, "%s", why.message);
	}
	if (result != SSH_OK)
		return fail_greeting(handshake, err);
	note_agreed(handshake);
	return 0;
}

/* ---- who the server is ------------------------------------------------------------------------------------------- */

void transport_server(const char *banner, const char *fingerprint, char out[TRANSPORT_SERVER_SIZE])
{
	snprintf(out, TRANSPORT_SERVER_SIZE, "%s %s", banner, fingerprint);
}

static int note_fingerprint(ssh_key key, struct transport_report *report, struct sp_error *err)
{
	unsigned char *hash = NULL;
	size_t length = 0;
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != 0)
		return sp_fail(err, SP_PROTOCOL, "the server's host key has no fingerprint");
	char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
	note_text(report->fingerprint, sizeof(report->fingerprint), text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	return 0;
}

static int compare_host_key(ssh_key key, const struct host_keys *trusted,
			    struct transport_report *report, struct sp_error *err)
{
	const char *type = ssh_key_type_to_char(ssh_key_type(key));
	char *base64 = NULL;
	if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return sp_fail(err, SP_PROTOCOL, "the server's host key cannot be read");
	int length = snprintf(report->host_key, sizeof(report->host_key), "%s %s", type, base64);
	bool is_trusted = host_keys_trust(trusted, type, base64);
	ssh_string_free_char(base64);

	/* Half a key would be taken for the key. */
	if (length < 0 || (size_t)length >= sizeof(report->host_key)) {
		report->host_key[0] = '\0';
		return sp_fail(err, SP_LIMIT, "the server's host key is longer than %d characters",
			       TRANSPORT_HOST_KEY_MAX - 1);
	}
	if (report->host_key_algorithm[0] == '\0')
		note_text(report->host_key_algorithm, sizeof(report->host_key_algorithm), type);
	if (note_fingerprint(key, report, err) != 0)
		return -1;
	if (trusted->count == 0)
		return sp_fail(err, SP_UNTRUSTED,
			       "no host key is trusted yet: the server has %s %s", type,
			       report->fingerprint);
	if (!is_trusted)
		return sp_fail(err, SP_UNTRUSTED,
			       "the server's host key %s %s is none of the trusted ones", type,
			       report->fingerprint);
	return 0;
}

int handshake_check_host_key(struct handshake *handshake, const struct host_keys *trusted,
			     struct sp_error *err)
{
	ssh_key key = NULL;
	handshake_begin_step(handshake->report, STEP_HOST_KEY);
	if (ssh_get_server_publickey(handshake->transport->session, &key) != SSH_OK)
		return sp_fail(err, SP_PROTOCOL, "the server showed no host key");
	int result = compare_host_key(key, trusted, handshake->report, err);
	ssh_key_free(key);
	return result;
}
