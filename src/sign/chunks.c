#include "sign/chunks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

#define SIGNATURE_WORD "chunk-signature="
#define SIGNATURE_NAME "x-amz-trailer-signature:"

enum { LENGTH_DIGITS_MAX = 15 };

void sign_chunks_start(struct sign_chunks *chunks, struct sign_seal *seal, uint64_t length)
{
	*chunks = (struct sign_chunks){ .seal = seal, .left = length };
}

void sign_chunks_finish(struct sign_chunks *chunks)
{
	sp_buffer_finish(&chunks->trailer);
}

static bool has_trailer(const struct sign_chunks *chunks)
{
	return chunks->seal->payload != SIGN_PAYLOAD_CHUNKS;
}

static bool is_signed(const struct sign_chunks *chunks)
{
	return chunks->seal->payload != SIGN_PAYLOAD_UNSIGNED_TRAILER;
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */

/* "1f4;chunk-signature=…" */
static int read_chunk_line(struct sign_chunks *chunks, struct sp_error *err)
{
	const char *line = chunks->line;
	size_t digits = strspn(line, "0123456789abcdefABCDEF");
	const char *rest = line + digits;
	if (digits == 0 || digits > LENGTH_DIGITS_MAX)
		return sp_fail(err, SP_PROTOCOL,
			       "a chunk of the body must begin with its length in hexadecimal "
			       "digits");
	chunks->chunk_left = strtoull(line, NULL, 16);
	chunks->is_last = chunks->chunk_left == 0;
	if (chunks->chunk_left > chunks->left)
		return sp_fail(err, SP_PROTOCOL,
			       "the body's chunks have more bytes than the header "
			       "x-amz-decoded-content-length says");
	if (!is_signed(chunks)) {
		if (*rest != '\0' && *rest != ';')
			return sp_fail(err, SP_PROTOCOL,
				       "the line of a chunk must end behind its length");
		return 0;
	}
	if (!sp_text_starts_with(rest, ";" SIGNATURE_WORD))
		return sp_fail(err, SP_DENIED, "a chunk of the body has no signature");
	rest += strlen(";" SIGNATURE_WORD);
	if (strlen(rest) != 2 * SIGN_SIGNATURE_SIZE)
		return sp_fail(err, SP_DENIED, "a chunk's signature must be 64 hexadecimal digits");
	memcpy(chunks->signature, rest, sizeof(chunks->signature));
	return 0;
}

static int check_chunk(struct sign_chunks *chunks, struct sp_error *err)
{
	unsigned char digest[SP_SHA256_SIZE];
	char hash[SP_SHA256_HEX_SIZE];
	if (!is_signed(chunks))
		return 0;
	sp_digest_end(&chunks->digest, digest);
	sp_hex_encode(digest, sizeof(digest), hash);
	if (sign_seal_chunk(chunks->seal, hash, chunks->signature))
		return 0;
	return sp_fail(err, SP_DENIED,
		       "the signature of a chunk of the body does not match its bytes");
}

static int begin_chunk(struct sign_chunks *chunks, struct sp_error *err)
{
	if (read_chunk_line(chunks, err) != 0)
		return -1;
	sp_digest_start(&chunks->digest);
	chunks->state = CHUNKS_BYTES;
	if (!chunks->is_last)
		return 0;
	if (chunks->left > 0)
		return sp_fail(err, SP_PROTOCOL,
			       "the body's chunks have %" PRIu64
			       " bytes fewer than the header x-amz-decoded-content-length says",
			       chunks->left);
	if (check_chunk(chunks, err) != 0)
		return -1;
	chunks->state = has_trailer(chunks) ? CHUNKS_TRAILER : CHUNKS_BEHIND;
	return 0;
}

static int check_trailer(struct sign_chunks *chunks, const char *signature, struct sp_error *err)
{
	char hash[SP_SHA256_HEX_SIZE];
	sp_sha256_hex(chunks->trailer.data, chunks->trailer.length, hash);
	if (!sign_seal_trailer(chunks->seal, hash, signature))
		return sp_fail(err, SP_DENIED, "the signature of the body's trailer is wrong");
	chunks->trailer_signed = true;
	return 0;
}

static int read_trailer_line(struct sign_chunks *chunks, struct sp_error *err)
{
	char *line = chunks->line;
	if (*line == '\0') {
		if (is_signed(chunks) && !chunks->trailer_signed)
			return sp_fail(err, SP_DENIED, "the body's trailer has no signature");
		chunks->state = CHUNKS_OVER;
		return 0;
	}
	char *colon = strchr(line, ':');
	if (colon == NULL || ++chunks->trailer_lines > SIGN_TRAILER_LINES_MAX ||
	    chunks->trailer_signed)
		return sp_fail(err, SP_PROTOCOL,
			       "the body's trailer must be at most %d lines \"name:value\", the "
			       "signature last",
			       SIGN_TRAILER_LINES_MAX);
	for (char *at = line; at < colon; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (is_signed(chunks) && sp_text_starts_with(line, SIGNATURE_NAME))
		return check_trailer(chunks, line + strlen(SIGNATURE_NAME), err);
	const char *value = colon + 1 + strspn(colon + 1, " ");
	sp_buffer_format(&chunks->trailer, "%.*s:%s\n", (int)(colon - line), line, value);
	return 0;
}

static int fail_behind(struct sp_error *err)
{
	return sp_fail(err, SP_PROTOCOL, "there is something behind the body's last chunk");
}

static int end_line(struct sign_chunks *chunks, struct sp_error *err)
{
	switch (chunks->state) {
	case CHUNKS_LINE:
		return begin_chunk(chunks, err);
	case CHUNKS_TRAILER:
		return read_trailer_line(chunks, err);
	case CHUNKS_BEHIND:
		if (chunks->line_length != 0)
			return sp_fail(err, SP_PROTOCOL,
				       "a chunk of the body has more bytes than its line says");
		chunks->state = chunks->is_last ? CHUNKS_OVER : CHUNKS_LINE;
		return 0;
	case CHUNKS_BYTES:
	case CHUNKS_OVER:
		break;
	}
	return fail_behind(err);
}

/* One byte of a line: up to "\n", with a "\r" in front of it that does not count. */
static int add_to_line(struct sign_chunks *chunks, char c, struct sp_error *err)
{
	if (c != '\n') {
		if (c == '\0' || chunks->line_length == SIGN_CHUNK_LINE_MAX)
			return sp_fail(err, SP_PROTOCOL,
				       "a line between the body's chunks is longer than %d bytes, "
				       "or no text",
				       SIGN_CHUNK_LINE_MAX);
		chunks->line[chunks->line_length++] = c;
		return 0;
	}
	if (chunks->line_length > 0 && chunks->line[chunks->line_length - 1] == '\r')
		chunks->line_length--;
	chunks->line[chunks->line_length] = '\0';
	int result = end_line(chunks, err);
	chunks->line_length = 0;
	return result;
}

/* ---- bytes -------------------------------------------------------------------------------------------------------- */

static int take_bytes(struct sign_chunks *chunks, const char *data, size_t length,
		      sign_bytes_fn *fn, void *ctx, struct sp_error *err)
{
	if (is_signed(chunks))
		sp_digest_add(&chunks->digest, data, length);
	chunks->chunk_left -= length;
	chunks->left -= length;
	if (fn(ctx, data, length, err) != 0)
		return -1;
	if (chunks->chunk_left > 0)
		return 0;
	chunks->state = CHUNKS_BEHIND;
	return check_chunk(chunks, err);
}

int sign_chunks_add(struct sign_chunks *chunks, const void *data, size_t length, sign_bytes_fn *fn,
		    void *ctx, struct sp_error *err)
{
	const char *at = data;
	while (length > 0) {
		size_t taken = 1;
		int result;
		if (chunks->state == CHUNKS_OVER)
			return fail_behind(err);
		if (chunks->state == CHUNKS_BYTES) {
			taken = chunks->chunk_left < length ? (size_t)chunks->chunk_left : length;
			result = take_bytes(chunks, at, taken, fn, ctx, err);
		} else {
			result = add_to_line(chunks, *at, err);
		}
		if (result != 0)
			return -1;
		at += taken;
		length -= taken;
	}
	return 0;
}

int sign_chunks_end(const struct sign_chunks *chunks, struct sp_error *err)
{
	if (chunks->state != CHUNKS_OVER)
		return sp_fail(err, SP_PROTOCOL, "the body ends before its last chunk is whole");
	return 0;
}

char *sign_chunks_trailer(const struct sign_chunks *chunks, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = sp_buffer_text(&chunks->trailer); *line != '\0';) {
		size_t size = strcspn(line, "\n");
		if (size > length && memcmp(line, name, length) == 0 && line[length] == ':')
			return strndup(line + length + 1, size - length - 1);
		line += size + (line[size] == '\n');
	}
	return NULL;
}
