#pragma once
/**
 * An object's bytes as S3's clients send them: plain or in chunks, and what they have to be: as long as the head says,
 * with the SHA-256 that was signed, the Content-MD5, and the checksum that a header or the trailer has. Their MD5 is
 * computed in any case.
 */

#include <stdint.h>

#include "api/call.h"
#include "base/checksum.h"
#include "sign/chunks.h"

enum {
	PAYLOAD_MD5_SIZE = 33, /* hex digits and a NUL */
	PAYLOAD_CHECKSUM_NAME_SIZE = 32,
	PAYLOAD_CHECKSUM_SIZE = 48, /* base64 of the longest, and a NUL */
};

/** Bytes of an object that may come at once; larger ones come in parts. S3's limit. */
#define PAYLOAD_MAX (5ULL << 30)

struct payload {
	uint64_t length, seen;  /* bytes of the object */
	const char *code;       /* of S3's error, once something failed */
	struct sign_seal *seal; /* borrowed: the call's */
	struct sign_chunks chunks;
	struct sp_checksum md5, sha256, sum;
	bool has_sum, in_trailer;
	char sum_name[PAYLOAD_CHECKSUM_NAME_SIZE]; /* "x-amz-checksum-crc32" */
	char *said_sum, *said_md5;                 /* owned: base64; NULL: nothing was said */
	/* After the end. */
	char md5_hex[PAYLOAD_MD5_SIZE];
	char sum_text[PAYLOAD_CHECKSUM_SIZE]; /* base64; "" when none was asked for */
};

/** Of a call whose head was verified. @out is to be finished also after a failure. */
int payload_open(struct payload *out, struct api_call *call, struct sp_error *err);

/** Of bytes that come another way: only their MD5 is asked for. */
void payload_open_plain(struct payload *out);

/** Gives the object's bytes to @fn. -1 with @err and a code. */
int payload_add(struct payload *payload, const void *data, size_t length, sign_bytes_fn *fn,
		void *ctx, struct sp_error *err);

/** All came: are they what was said? -1 with @err and a code. */
int payload_end(struct payload *payload, struct sp_error *err);

void payload_finish(struct payload *payload);
