#include "api/payload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/exchange.h"
#include "base/base64.h"
#include "base/scope.h"
#include "base/text.h"

#define CHECKSUM_PREFIX "x-amz-checksum-"

static const struct {
	const char *name;
	enum sp_checksum_kind kind;
} sums[] = {
	{ CHECKSUM_PREFIX "crc32", SP_CRC32 },         { CHECKSUM_PREFIX "crc32c", SP_CRC32C },
	{ CHECKSUM_PREFIX "crc64nvme", SP_CRC64NVME }, { CHECKSUM_PREFIX "sha1", SP_SHA1 },
	{ CHECKSUM_PREFIX "sha256", SP_SHA256 },
};

/* What else begins like a checksum and is none. */
static const char *const no_sums[] = { CHECKSUM_PREFIX "algorithm", CHECKSUM_PREFIX "type",
				       CHECKSUM_PREFIX "mode" };

__attribute__((format(printf, 5, 6))) static int fail(struct payload *payload, struct sp_error *err,
						      enum sp_code code, const char *name,
						      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(err, code, format, args);
	va_end(args);
	payload->code = name;
	return -1;
}

/* ---- what the head says ------------------------------------------------------------------------------------------- */

static int read_length(struct payload *payload, const struct api_call *call, struct sp_error *err)
{
	bool chunked = sign_payload_is_chunked(payload->seal->payload);
	const char *name = chunked ? "x-amz-decoded-content-length" : "content-length";
	const char *text = api_header(call, name);
	if (text == NULL)
		return fail(payload, err, SP_INVALID, "MissingContentLength",
			    "You must provide the %s HTTP header.", name);
	if (!sp_text_to_u64(text, 0, UINT64_MAX, &payload->length))
		return fail(payload, err, SP_INVALID, "InvalidArgument",
			    "the header %s must be a number of bytes, not \"%.64s\"", name, text);
	if (payload->length > PAYLOAD_MAX)
		return fail(payload, err, SP_LIMIT, "EntityTooLarge",
			    "an object has %" PRIu64 " bytes, and at most %llu may come at once: "
			    "send it in parts",
			    payload->length, PAYLOAD_MAX);
	return 0;
}

static int use_sum(struct payload *payload, const char *name, const char *value,
		   struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(sums); i++) {
		if (strcasecmp(sums[i].name, name) != 0)
			continue;
		if (payload->has_sum)
			return fail(payload, err, SP_INVALID, "InvalidRequest",
				    "Expecting a single x-amz-checksum- header. Multiple checksum "
				    "Types are not allowed.");
		payload->has_sum = true;
		payload->in_trailer = value == NULL;
		payload->said_sum = sp_strdup(value);
		snprintf(payload->sum_name, sizeof(payload->sum_name), "%s", sums[i].name);
		sp_checksum_start(&payload->sum, sums[i].kind);
		return 0;
	}
	return fail(
		payload, err, SP_UNSUPPORTED, "NotImplemented",
		"Sallyport does not compute \"%.64s\": it has crc32, crc32c, crc64nvme, sha1 and "
		"sha256",
		name);
}

static bool names_sum(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(no_sums); i++)
		if (strcasecmp(no_sums[i], name) == 0)
			return false;
	return strncasecmp(name, CHECKSUM_PREFIX, strlen(CHECKSUM_PREFIX)) == 0;
}

static int read_sums(struct payload *payload, const struct api_call *call, struct sp_error *err)
{
	for (size_t i = 0; i < call->header_count; i++)
		if (names_sum(call->headers[i].name) &&
		    use_sum(payload, call->headers[i].name, call->headers[i].value, err) != 0)
			return -1;
	const char *trailer = api_header(call, "x-amz-trailer");
	if (trailer == NULL)
		return 0;
	if (payload->seal->payload != SIGN_PAYLOAD_UNSIGNED_TRAILER &&
	    payload->seal->payload != SIGN_PAYLOAD_CHUNKS_TRAILER)
		return fail(payload, err, SP_INVALID, "MalformedTrailerError",
			    "the header x-amz-trailer names \"%.64s\", and x-amz-content-sha256 "
			    "says that there is no trailer",
			    trailer);
	return names_sum(trailer) ? use_sum(payload, trailer, NULL, err) : 0;
}

int payload_open(struct payload *out, struct api_call *call, struct sp_error *err)
{
	*out = (struct payload){ .seal = &call->seal };
	sp_checksum_start(&out->md5, SP_MD5);
	if (read_length(out, call, err) != 0 || read_sums(out, call, err) != 0)
		return -1;
	out->said_md5 = sp_strdup(api_header(call, "content-md5"));
	if (out->seal->payload == SIGN_PAYLOAD_DIGEST)
		sp_checksum_start(&out->sha256, SP_SHA256);
	if (sign_payload_is_chunked(out->seal->payload))
		sign_chunks_start(&out->chunks, out->seal, out->length);
	return 0;
}

void payload_open_plain(struct payload *out)
{
	*out = (struct payload){ .length = UINT64_MAX };
	sp_checksum_start(&out->md5, SP_MD5);
}

void payload_finish(struct payload *payload)
{
	sign_chunks_finish(&payload->chunks);
	sp_checksum_finish(&payload->md5);
	sp_checksum_finish(&payload->sha256);
	sp_checksum_finish(&payload->sum);
	free(payload->said_sum);
	free(payload->said_md5);
	*payload = (struct payload){ 0 };
}

/* ---- bytes -------------------------------------------------------------------------------------------------------- */

struct taking {
	struct payload *payload;
	sign_bytes_fn *fn;
	void *ctx;
};

static int take(void *ctx, const void *data, size_t length, struct sp_error *err)
{
	struct taking *taking = ctx;
	struct payload *payload = taking->payload;
	if (length > payload->length - payload->seen)
		return fail(payload, err, SP_PROTOCOL, "InvalidRequest",
			    "the body has more bytes than the head says");
	payload->seen += length;
	sp_checksum_add(&payload->md5, data, length);
	if (payload->sha256.digest != NULL)
		sp_checksum_add(&payload->sha256, data, length);
	if (payload->has_sum)
		sp_checksum_add(&payload->sum, data, length);
	return taking->fn(taking->ctx, data, length, err);
}

static const char *code_of_chunks(const struct sp_error *err)
{
	return err->code == SP_DENIED     ? "SignatureDoesNotMatch"
	       : err->code == SP_PROTOCOL ? "InvalidRequest"
					  : NULL;
}

int payload_add(struct payload *payload, const void *data, size_t length, sign_bytes_fn *fn,
		void *ctx, struct sp_error *err)
{
	struct taking taking = { payload, fn, ctx };
	if (payload->seal == NULL || !sign_payload_is_chunked(payload->seal->payload))
		return take(&taking, data, length, err);
	if (sign_chunks_add(&payload->chunks, data, length, take, &taking, err) == 0)
		return 0;
	if (payload->code == NULL)
		payload->code = code_of_chunks(err);
	return -1;
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

static int check_digest(struct payload *payload, struct sp_error *err)
{
	unsigned char digest[SP_CHECKSUM_SIZE_MAX];
	char hex[2 * SP_CHECKSUM_SIZE_MAX + 1];
	if (payload->sha256.digest == NULL)
		return 0;
	sp_hex_encode(digest, sp_checksum_end(&payload->sha256, digest), hex);
	if (strcasecmp(hex, payload->seal->digest) == 0)
		return 0;
	return fail(payload, err, SP_DENIED, "XAmzContentSHA256Mismatch",
		    "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

static int check_md5(struct payload *payload, struct sp_error *err)
{
	unsigned char digest[SP_CHECKSUM_SIZE_MAX];
	size_t length = sp_checksum_end(&payload->md5, digest);
	sp_hex_encode(digest, length, payload->md5_hex);
	if (payload->said_md5 == NULL)
		return 0;
	SP_AUTO_FREE char *text = sp_base64_encode(digest, length);
	if (strcmp(text, payload->said_md5) == 0)
		return 0;
	return fail(payload, err, SP_INVALID, "BadDigest",
		    "The Content-MD5 you specified did not match what we received.");
}

static int check_sum(struct payload *payload, struct sp_error *err)
{
	unsigned char digest[SP_CHECKSUM_SIZE_MAX];
	if (!payload->has_sum)
		return 0;
	if (payload->in_trailer)
		payload->said_sum = sign_chunks_trailer(&payload->chunks, payload->sum_name);
	if (payload->said_sum == NULL)
		return fail(payload, err, SP_PROTOCOL, "MalformedTrailerError",
			    "the body's trailer has no %s, which the header x-amz-trailer names",
			    payload->sum_name);
	SP_AUTO_FREE char *text = sp_base64_encode(digest, sp_checksum_end(&payload->sum, digest));
	snprintf(payload->sum_text, sizeof(payload->sum_text), "%s", text);
	if (strcmp(text, payload->said_sum) == 0)
		return 0;
	return fail(payload, err, SP_INVALID, "BadDigest",
		    "The %s you specified did not match the calculated checksum.",
		    payload->sum_name);
}

int payload_end(struct payload *payload, struct sp_error *err)
{
	bool chunked = payload->seal != NULL && sign_payload_is_chunked(payload->seal->payload);
	if (chunked && sign_chunks_end(&payload->chunks, err) != 0) {
		payload->code = "IncompleteBody";
		return -1;
	}
	if (payload->seal != NULL && payload->seen != payload->length)
		return fail(payload, err, SP_PROTOCOL, "IncompleteBody",
			    "the body has %" PRIu64 " bytes, and the head says %" PRIu64,
			    payload->seen, payload->length);
	return check_digest(payload, err) == 0 && check_md5(payload, err) == 0
		       ? check_sum(payload, err)
		       : -1;
}
