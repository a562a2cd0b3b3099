#pragma once
/** From the bytes of one packet to the reply that a request was waiting for. Pure. */

#include "base/bytes.h"
#include "base/error.h"
#include "remote/requests.h"

/**
 * @type    of the packet; DATA packets do not come here, they are stored as they arrive
 * @reader  what follows the id
 *
 * -1 with SP_PROTOCOL when the packet is malformed or no answer to @request.
 */
int reply_decode(const struct request *request, uint8_t type, struct sp_reader *reader,
		 struct reply *out, struct sp_error *err);

/** The reply whose only content is what the request had. */
struct reply reply_for(const struct request *request);

/** A STATUS that says @code. */
bool reply_is_status(const struct reply *reply, uint32_t code);

/** The error that a reply stands for which is no success: the session's end, or the STATUS with the server's words. */
int reply_fail(const struct reply *reply, struct sp_error *err);
