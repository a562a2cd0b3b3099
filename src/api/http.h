#pragma once
/** What libmicrohttpd calls, on its threads: requests are read, given to the pool, and answered. */

#include <microhttpd.h>

#include "api/exchange.h"
#include "api/tls.h"

struct api_server {
	struct MHD_Daemon *daemon;
	struct tls *tls; /* NULL: plain HTTP */
	struct pool *operations;
	size_t body_max;
	uint16_t port;
	struct api_catalogue catalogue;
	const struct api_page *pages;

	pthread_mutex_t lock; /* never taken while a call's lock is held */
	pthread_cond_t changed;
	LIST_HEAD(, api_call) under_way;
	size_t under_way_count; /* from the pool to the last byte of the answer */
	bool closing;
};

/** The request line is here; the target still has its escapes. Always NULL: the call is begun with its headers. */
void *http_on_target(void *server, const char *target, struct MHD_Connection *connection);

/** The headers are here, then each piece of the body, then its end; and again when there is an answer. */
enum MHD_Result http_on_request(void *server, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *piece,
				size_t *piece_length, void **call);

/** Answered or not, the request is over. */
void http_on_completed(void *server, struct MHD_Connection *connection, void **call,
		       enum MHD_RequestTerminationCode how);

/** A connection begins or ends. */
void http_on_connection(void *server, struct MHD_Connection *connection, void **of_connection,
			enum MHD_ConnectionNotificationCode what);
