#pragma once
/**
 * The narrow door to SSH: one connection over a connected socket, channels in it. libssh stands behind it
 * (transport_libssh.c); tests put sftp-server(8) on a pipe behind it.
 *
 * A transport and its channels belong to one thread. transport_open() waits (poll with the deadline); everything
 * after it never blocks: channel_wait() is the only place where the thread sleeps.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "model/failure.h"
#include "model/security_policy.h"

struct transport;

struct transport_login {
	const char *password;    /* NULL: none */
	const char *private_key; /* text of a key file; NULL: none */
};

struct transport_options {
	int fd;                  /* connected; taken, also when the call fails */
	const char *user;        /* all borrowed for the call */
	const char *password;    /* NULL: none */
	const char *private_key; /* text of a key file; NULL: none */
	/* Tried in their order, on the same connection, when that was refused. */
	const struct transport_login *others;
	size_t other_count;
	const char *trusted_keys; /* lines "[host] type base64 [comment]"; NULL or "": none */
	const struct security_policy *policy;
	int64_t timeout_ms; /* from here to the authenticated connection */
	int cancel_fd;      /* readable: give up with SP_CANCELLED; -1: none */
	/* A server that let us in before, as transport_server() writes it, and how: then it is not asked first which ways
	 * it has. NULL: none is known. */
	const char *known_server, *known_method;
	/* Called before anything secret is sent, to a server that is trusted: waits until that may be, or fails. NULL: at once. */
	int (*admit)(void *ctx, int64_t deadline_ms, struct sp_error *err);
	void *admit_ctx;
};

enum {
	TRANSPORT_HOST_KEY_MAX = 2048,
	TRANSPORT_FINGERPRINT_MAX = 80,
	TRANSPORT_METHODS_MAX = 128,
	TRANSPORT_SERVER_SIZE = 384,
	ALGORITHM_LIST_SIZE = 320,
};

enum algorithm_kind {
	ALGORITHM_KEX,
	ALGORITHM_HOST_KEY,
	ALGORITHM_CIPHER,
	ALGORITHM_MAC,
	ALGORITHM_KIND_COUNT,
};

/** What was learnt on the way, also when it failed. */
struct transport_report {
	enum failure_step step;                      /* the step that failed */
	char banner[256];                            /* the server's version line */
	char host_key[TRANSPORT_HOST_KEY_MAX];       /* "type base64", "" until it was seen */
	char fingerprint[TRANSPORT_FINGERPRINT_MAX]; /* "SHA256:…" */
	char kex[64], cipher[64], mac[64], host_key_algorithm[64];
	char authenticated_by
		[32]; /* "publickey", "password", "keyboard-interactive"; "none": nothing was asked for */
	bool by_one_method; /* it asked for no other */
	char methods
		[TRANSPORT_METHODS_MAX]; /* "publickey, password": what the server offered last */
	char offered[ALGORITHM_KIND_COUNT][ALGORITHM_LIST_SIZE]; /* by us: names joined by commas */
	int64_t took_ms[FAILURE_STEP_COUNT];                     /* of the steps that were begun */
	int64_t step_since_ms; /* monotonic; for the next of them */
};

/** Who the server is, for comparing: its version line and the fingerprint of its host key. */
void transport_server(const char *banner, const char *fingerprint, char out[TRANSPORT_SERVER_SIZE]);

/** Process-wide, once, before any thread: libraries read their files now, so that a sandbox may close the doors after. */
int transport_init(struct sp_error *err);

/**
 * Banner, key exchange, host key (compared with the trusted ones before anything secret is sent), authentication
 * (publickey, then password, on the same connection).
 *
 * SP_UNTRUSTED without a matching trusted key (the report has the server's), SP_AUTH when it refuses us, SP_INVALID
 * for a private key that cannot be used (and why), SP_UNSUPPORTED without a common algorithm (both lists are named),
 * SP_TIMEOUT, SP_CLOSED, SP_PROTOCOL, SP_CANCELLED.
 */
int transport_open(const struct transport_options *options, struct transport **out,
		   struct transport_report *report, struct sp_error *err);
void transport_close(
	struct transport
		*transport); /* closes its channels' ground: close them first. NULL is fine */

/** Something harmless that the server may ignore, to keep the connection warm. */
int transport_keepalive(struct transport *transport, struct sp_error *err);

/* ---- channels -------------------------------------------------------------------------------------------------- */

struct channel;

/** A channel with the subsystem "sftp" running. */
int transport_open_sftp(struct transport *transport, int64_t timeout_ms, int cancel_fd,
			struct channel **out, struct sp_error *err);

/** A further one, for a session that must not stand still meanwhile. */
struct channel_opener {
	void *ctx;
	/** NULL when that failed already. */
	struct channel_opening *(*begin)(void *ctx, int64_t timeout_ms, struct sp_error *err);
	/** 1 and the channel; 0: not yet; -1: it was refused, or took too long. All but 0 end the opening. Never waits. */
	int (*step)(struct channel_opening *opening, struct channel **out, struct sp_error *err);
	void (*give_up)(struct channel_opening *opening);
};

/** Channels of @transport, which is kept. */
struct channel_opener transport_opener(struct transport *transport);

/** Every function is required. Called by one thread. */
struct channel_backend {
	/** Bytes there now, 0 when none, -1 with SP_CLOSED at the end. */
	ssize_t (*read)(struct channel *channel, void *out, size_t room, struct sp_error *err);
	/** Bytes taken (as many as window and budget allow, 0 when none now), or -1. */
	ssize_t (*write)(struct channel *channel, const void *data, size_t length,
			 struct sp_error *err);
	/** Sleeps until bytes may be read, or (@want_write) may be written, or @other_fd (-1: none) is readable, or time is
	 *  up. Also sends what the layer below still holds. Returns 0 for all of these, -1 when the connection is dead. */
	int (*wait)(struct channel *channel, bool want_write, int other_fd, int timeout_ms,
		    struct sp_error *err);
	/** How many bytes the caller expects to have under way towards us: the receive window follows. */
	void (*expect)(struct channel *channel, size_t bytes);
	void (*close)(struct channel *channel); /* accepts the half-open */
};

/** First member of each backend's own struct. */
struct channel {
	const struct channel_backend *backend;
	int64_t round_trip_us; /* that the server took to open it; 0: not measured */
};
