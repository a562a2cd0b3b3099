#pragma once
/**
 * Inside the libssh transport: what its files share. Outside of it nobody includes this.
 *
 *   transport_libssh.c  a connection's life          handshake.c     waiting, and who the server is
 *   authenticate.c      who we are                   channel_libssh.c  bytes
 *   failure_libssh.c    libssh's words into ours     read_ahead.c    large receives
 */

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include "remote/algorithms.h"
#include "remote/host_keys.h"
#include "remote/read_ahead.h"
#include "remote/transport.h"

enum { TRANSPORT_WORDS_MAX = 1024 }; /* libssh's own limit */

struct transport {
	ssh_session session;
	int fd; /* ours until libssh connects; then -1, and libssh closes it */
	struct ssh_counter_struct socket_bytes;
	struct ssh_counter_struct packets; /* and the bytes in them */
	struct read_ahead ahead;
	char last_words
		[TRANSPORT_WORDS_MAX]; /* why libssh gave the connection up; see transport_enter() */
	bool lacked_memory;            /* so libssh did; it blames the server for what followed */
	char host_key_algorithm[64];   /* negotiated; libssh tells it to its log only */
	/* The smallest of the channels that were confirmed while some were opened; libssh tells it to its log only. */
	uint32_t channel_packet_max;
	unsigned channels_opened, channels_confirmed, channels_opening;
	uint64_t bytes_seen; /* in_bytes when something was last waited for */
	/* What libssh holds back is not told by it: this is what was given to it since it last held nothing. */
	uint64_t given;
	uint64_t sent_then, packed_then; /* out_bytes of socket and packets at that time */
	/* When a channel's bytes were taken last: what came since is noise. */
	uint64_t quiet_bytes, quiet_packets; /* of the socket, and of packets */
};

/** A wait that ends: by the server's answer, the deadline or the caller. */
struct patience {
	int64_t timeout_ms; /* the whole time, for the sentence */
	int64_t deadline_ms;
	int cancel_fd;
	uint64_t bytes_then; /* that the socket had brought when the wait began */
};

/** A connection on its way. */
struct handshake {
	struct transport *transport;
	const struct transport_options *options;
	struct transport_report *report;
	struct patience patience;
	struct algorithms algorithms;
	char first_line[80]; /* what the server said before, or instead of, its version line */
};

/** What is done now; the time of what was done before is noted. */
void handshake_begin_step(struct transport_report *report, enum failure_step step);

struct patience patience_from_now(int64_t timeout_ms, int cancel_fd);

/** What is waited for, as sentences have it. */
struct errand {
	const char *during; /* "the server closed the connection during …" */
	const char *late;   /* "… within 20 s" */
};

/**
 * Sleeps until libssh may go on. -1 with SP_TIMEOUT, SP_CANCELLED, or, when the connection is gone, what
 * failure_of_connection() says.
 */
int transport_sleep(struct transport *transport, const struct patience *patience,
		    const struct errand *errand, struct sp_error *err);

/** -1 when the wait is over already: the connection is gone, or it is too late. */
int transport_may_wait(struct transport *transport, const struct patience *patience,
		       const struct errand *errand, struct sp_error *err);

/**
 * Before libssh is called for a transport: its log, which belongs to the thread, goes to that transport. What
 * ssh_get_error() says is not enough: a connection that ends with a reason is followed by a "Socket error" that
 * overwrites it.
 */
void transport_enter(struct transport *transport);

/** The version lines and the key exchange. */
int handshake_greet(struct handshake *handshake, struct sp_error *err);

/** Notes the server's key in the report and compares it with the trusted ones. */
int handshake_check_host_key(struct handshake *handshake, const struct host_keys *trusted,
			     struct sp_error *err);

/** Public key, then password, on the same connection (authenticate.c). */
int handshake_authenticate(struct handshake *handshake, struct sp_error *err);

/* ---- failure_libssh.c ------------------------------------------------------------------------------------------- */

/** What libssh says of a connection that it gave up: SP_CLOSED, SP_PROTOCOL. @during: "the key exchange". */
int failure_of_connection(const struct transport *transport, const char *during,
			  struct sp_error *err);

/** Whether libssh has given the connection up. */
bool failure_has_happened(const struct transport *transport);

/**
 * Whether libssh found no memory: it drops the packet that it was about then, be it a file's bytes, and goes on as if
 * nothing were missing.
 */
bool failure_lost_bytes(const struct transport *transport);

/** Whether the server ended it with a message that means: not you. */
bool failure_is_refusal(const struct transport *transport);

/** The same for a key exchange, where the server may have no algorithm in common with us. */
int failure_of_key_exchange(const struct handshake *handshake, struct sp_error *err);

/** "20 s", "0.5 s". */
void failure_spell_time(int64_t time_ms, char *out, size_t room);

/* ---- channel_libssh.c ------------------------------------------------------------------------------------------- */

/** A channel that runs the subsystem: @ssh is taken. */
struct channel *channel_libssh_create(struct transport *transport, ssh_channel ssh);
