#pragma once
/** The head of an HTTP/1.1 response, as far as storage that speaks S3 needs it. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_HEAD_MAX = 16384, /* bytes */
	HTTP_ETAG_SIZE = 128,
};

struct http_head {
	int status;
	bool has_length, chunked, closes;
	uint64_t length;           /* of the body */
	bool has_range;            /* that of the body in the whole, which is bytes … */
	uint64_t first, last;      /* … from this one to this one, both of them in it */
	char etag[HTTP_ETAG_SIZE]; /* with its quotes; "" when there is none */
};

/** The bytes of the head, with the empty line behind it; 0 while it is not all there; -1 when it is none. */
int http_head_read(const char *data, size_t length, struct http_head *out);
