#pragma once
/**
 * The HTTP front: libmicrohttpd's threads only parse; a request that is complete is suspended and goes to the pool of
 * operations, which verifies its signature, finds its service by the credential's scope, and runs it.
 */

#include <stddef.h>
#include <stdint.h>

#include "api/guard.h"
#include "api/limits.h"
#include "api/page.h"
#include "api/places.h"
#include "api/service.h"
#include "loop/pool.h"
#include "sign/verify.h"

struct api_server;

struct api_served {
	const struct api_service *service;
	void *context; /* kept: api_context() */
};

struct api_server_options {
	const char *listen; /* "127.0.0.1:8722", "[::1]:0"; port 0 takes a free one */
	/* Paths of PEM files; NULL: plain HTTP, which is served on loopback only. */
	const char *tls_certificate;
	const char *tls_key;
	size_t io_threads;
	size_t body_max; /* bytes; more is refused with 413 */
	size_t connection_max;
	int64_t idle_timeout_ms;
	const char *region, *account;  /* kept */
	const struct sign_keys *keys;  /* kept: who may ask */
	const struct api_guard *guard; /* kept: what they may do */
	struct api_limits *limits;     /* kept: how often */
	struct pool *operations;       /* kept */
	struct pool *bodies; /* kept: for bodies that have a sink. NULL: no operation has one */
	struct api_places *places; /* kept: of such bodies */
	int64_t body_patience_ms; /* one that is slower than BODY_RATE_MIN for so long is cut off */
	const struct api_served *services; /* kept */ /* kept, as what they point to */
	size_t service_count;
	const struct api_page *pages; /* kept; ends with a NULL path. NULL: none */
};

int api_server_open(const struct api_server_options *options, struct api_server **out,
		    struct sp_error *err);

/** The port really listened on. */
uint16_t api_server_port(const struct api_server *server);

/**
 * Takes no new connections, waits up to @timeout_ms for the requests under way, refuses those that are left, closes.
 * A handler that has not answered by then may go on and answer into the void: what the options named as kept, and the
 * services' contexts, must outlive the pool's threads and every deferred answer. NULL is fine.
 */
void api_server_close(struct api_server *server, int64_t timeout_ms);

/** Reads certificate and key again for connections to come. The old ones stay when the new ones do not fit. */
int api_server_reload(struct api_server *server, struct sp_error *err);
