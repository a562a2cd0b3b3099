#pragma once
/**
 * A body that does not go into memory. libmicrohttpd's threads fill one half of a buffer while a thread of the pool of
 * bodies has the operation's sink take the other; when both are full the connection is suspended until one is not. So a
 * slow disk holds up its own client and nobody else, and a body of any size needs two halves. How many there are at a
 * time: api/places.h.
 */

#include "api/exchange.h"
#include "api/sink.h"

enum {
	BODY_HALF = 256 << 10,
	/* A client that is slower than this for as long as api_server_options.body_patience_ms holds a place that others
	 * could have. */
	BODY_RATE_MIN = 1 << 10, /* bytes/s */
};

/**
 * A place for the body of a call whose head is verified: the call has it until it is gone, or its body is. False when it was
 * refused, for there is none.
 */
bool body_take_place(struct api_call *call);

/** The head is verified and allowed: opens the sink in the pool of bodies, and lets the connection go on. @call: held by the pool's side. */
void body_begin(struct api_call *call);

/* On libmicrohttpd's threads. */

/** Whether there is one: the connection may go on with it. */
bool body_is_open(struct api_call *call);

/** Takes what fits of a piece; *length becomes what is left. MHD_NO: closes the connection. */
enum MHD_Result body_take(struct api_call *call, const char *piece, size_t *length);

/** All of it came. Nothing happens when that was known. */
enum MHD_Result body_end(struct api_call *call);

/** The request is over, whether or not there was a body, and all of it came. */
void body_gone(struct api_call *call);
