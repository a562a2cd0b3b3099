#pragma once
/**
 * A body in chunks ("aws-chunked"), read as it comes: each has a line with its length, and with its signature where chunks
 * are signed; behind the last one may be headers. Of a chunk whose signature is wrong bytes were given on before that is
 * known: whoever takes them must not count them as anybody's until sign_chunks_end().
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "sign/seal.h"

enum {
	SIGN_CHUNK_LINE_MAX = 512, /* bytes of one line: of a chunk's or of the trailer's */
	SIGN_TRAILER_LINES_MAX = 8,
};

enum sign_chunks_state {
	CHUNKS_LINE,    /* within the line in front of a chunk */
	CHUNKS_BYTES,   /* within its bytes */
	CHUNKS_BEHIND,  /* within the line end behind them */
	CHUNKS_TRAILER, /* within a line of the trailer */
	CHUNKS_OVER,    /* all of it came */
};

struct sign_chunks {
	struct sign_seal *seal; /* borrowed: changes from chunk to chunk */
	enum sign_chunks_state state;
	char line[SIGN_CHUNK_LINE_MAX + 1];
	size_t line_length;
	uint64_t chunk_left;     /* bytes of the chunk */
	uint64_t left;           /* bytes of the object */
	bool is_last;            /* the chunk without bytes */
	struct sp_digest digest; /* of the chunk */
	char signature[2 * SIGN_SIGNATURE_SIZE + 1];
	struct sp_buffer trailer; /* "name:value\n" of each line, as it is signed */
	size_t trailer_lines;
	bool trailer_signed;
};

/** Takes what is in the chunks, in pieces. -1 with @err ends it. */
typedef int sign_bytes_fn(void *ctx, const void *data, size_t length, struct sp_error *err);

/** @length: bytes of the object, as x-amz-decoded-content-length has it. */
void sign_chunks_start(struct sign_chunks *chunks, struct sign_seal *seal, uint64_t length);
void sign_chunks_finish(struct sign_chunks *chunks);

/** SP_PROTOCOL: it is not what this form is. SP_DENIED: a signature is wrong. */
int sign_chunks_add(struct sign_chunks *chunks, const void *data, size_t length, sign_bytes_fn *fn,
		    void *ctx, struct sp_error *err);

/** Nothing more comes. SP_PROTOCOL unless it was whole. */
int sign_chunks_end(const struct sign_chunks *chunks, struct sp_error *err);

/** The value of a header of the trailer, owned by the caller; NULL when there is none. @name: in lower case. */
char *sign_chunks_trailer(const struct sign_chunks *chunks, const char *name);
