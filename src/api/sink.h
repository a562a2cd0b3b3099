#pragma once
/**
 * Where the body of an operation goes that is too large to be kept in memory: to whoever says so in the operation's row
 * (api_operation.sink), piece by piece while it comes. All of it runs on threads of the pool of bodies, where it may
 * block, and never two of one body at a time.
 */

#include <stddef.h>

#include "api/call.h"

struct api_sink {
	/** The head is verified and allowed; no byte has been read. Owned by the room's side; NULL: it has answered the call. */
	void *(*open)(struct api_call *call);
	/** Bytes as they came over the wire. After -1 with @err no more of them come. */
	int (*write)(void *sink, const void *data, size_t length, struct sp_error *err);
	/** Nothing more comes. @failed: why a write failed, or NULL. Takes @sink, and answers the call. */
	void (*finish)(void *sink, struct api_call *call, const struct sp_error *failed);
	/** The client went away before all of it came. Takes @sink. */
	void (*abandon)(void *sink);
};
