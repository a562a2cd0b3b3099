#pragma once
/**
 * HTTP requests for fuzz targets, as people would write them down: "POST /path", then "Name: value" lines, a blank line,
 * and the body.
 */

#include <stddef.h>
#include <stdint.h>

#include "api/protocol.h"

/** A call as libmicrohttpd's side hands it on: call_release() it. NULL when there is not even a request line. */
struct api_call *fuzz_request_read(const uint8_t *data, size_t size);

/**
 * Has @service's protocol read the request, checks the input against the operation's shape, and writes whatever
 * answer follows: a refusal, or the input itself as if it were the output.
 */
void fuzz_request_answer(struct api_call *call, const struct api_service *service);

/** An answer has a status, and a body that is UTF-8, and JSON where it says so. Frees it. */
void fuzz_request_check_answer(struct api_answer *answer);
