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
 * Each of @served has its protocol read the request, checks the input against the operation's shape, and writes whatever
 * answer follows: a refusal, or the input itself as if it were the output. A call whose input fits goes to @use.
 */
void fuzz_request_serve(const uint8_t *data, size_t size, const struct api_served *served,
			size_t count, void (*use)(const struct api_call *call));

/** An answer has a status, and a body that is UTF-8, and JSON where it says so. Frees it. */
void fuzz_request_check_answer(struct api_answer *answer);
