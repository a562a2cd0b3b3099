#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "sign/chunks.h"

/* The key, time and signatures of the two examples in AWS's documentation of bodies in chunks: 65 KiB of "a". */
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define STAMP  "20130524T000000Z"
#define SCOPE  "20130524/us-east-1/s3/aws4_request"

enum { FIRST = 65536, SECOND = 1024, LENGTH = FIRST + SECOND };

static const struct example {
	enum sign_payload payload;
	const char *before, *first, *second, *last, *trailer;
} examples[] = {
	{ SIGN_PAYLOAD_CHUNKS, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
	  ";chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
	  ";chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
	  ";chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "" },
	{ SIGN_PAYLOAD_CHUNKS_TRAILER,
	  "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
	  ";chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
	  ";chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
	  ";chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
	  "x-amz-checksum-crc32c:sOO8/Q==\r\n"
	  "x-amz-trailer-signature:"
	  "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n" },
	{ SIGN_PAYLOAD_UNSIGNED_TRAILER, "", "", "", "", "x-amz-checksum-crc32c: sOO8/Q==\r\n" },
};

static struct sign_seal seal_of(const struct example *example)
{
	const struct sign_scope scope = { .stamp = STAMP, .region = "us-east-1", .service = "s3" };
	struct sign_seal seal = { .payload = example->payload, .stamp = STAMP, .scope = SCOPE };
	sign_derive_key(&scope, SECRET, seal.key);
	strcpy(seal.before, example->before);
	return seal;
}

/* The body as it travels; owned by the caller. */
static char *body_of(const struct example *example, size_t *out_length)
{
	struct sp_buffer body = { 0 };
	SP_AUTO_FREE char *bytes = sp_alloc(FIRST + 1);
	memset(bytes, 'a', FIRST);
	sp_buffer_format(&body, "%x%s\r\n%s\r\n", FIRST, example->first, bytes);
	sp_buffer_format(&body, "%x%s\r\n%.*s\r\n", SECOND, example->second, SECOND, bytes);
	sp_buffer_format(&body, "0%s\r\n%s\r\n", example->last, example->trailer);
	*out_length = body.length;
	return sp_buffer_take(&body);
}

static int count_bytes(void *ctx, const void *data, size_t length, struct sp_error *err)
{
	(void)data;
	(void)err;
	*(size_t *)ctx += length;
	return 0;
}

/* In pieces of @piece bytes, each in memory of just its size. */
static int read_in(const struct example *example, const char *body, size_t length, size_t piece,
		   uint64_t said, char **out_trailer, struct sp_error *err)
{
	struct sign_seal seal = seal_of(example);
	struct sign_chunks chunks;
	size_t seen = 0;
	int result = 0;
	sign_chunks_start(&chunks, &seal, said);
	for (size_t at = 0; at < length && result == 0; at += piece) {
		size_t size = length - at < piece ? length - at : piece;
		SP_AUTO_FREE char *copy = malloc(size);
		memcpy(copy, body + at, size);
		result = sign_chunks_add(&chunks, copy, size, count_bytes, &seen, err);
	}
	if (result == 0)
		result = sign_chunks_end(&chunks, err);
	if (result == 0)
		assert_int_equal(seen, LENGTH);
	if (out_trailer != NULL)
		*out_trailer = sign_chunks_trailer(&chunks, "x-amz-checksum-crc32c");
	sign_chunks_finish(&chunks);
	return result;
}

static void the_documentations_examples_are_good_in_pieces_of_any_size(void **state)
{
	(void)state;
	static const size_t pieces[] = { 1, 7, 4096, FIRST, 1 << 20 };
	for (size_t i = 0; i < SP_COUNT_OF(examples); i++) {
		size_t length;
		SP_AUTO_FREE char *body = body_of(&examples[i], &length);
		for (size_t j = 0; j < SP_COUNT_OF(pieces); j++) {
			struct sp_error err = { 0 };
			SP_AUTO_FREE char *trailer = NULL;
			if (read_in(&examples[i], body, length, pieces[j], LENGTH, &trailer,
				    &err) != 0)
				fail_msg("example %zu in pieces of %zu: %s", i, pieces[j],
					 err.message);
			if (examples[i].payload == SIGN_PAYLOAD_CHUNKS)
				assert_null(trailer);
			else
				assert_string_equal(trailer, "sOO8/Q==");
		}
	}
}

static void a_byte_that_was_changed_is_refused(void **state)
{
	(void)state;
	static const size_t of_bytes[] = { 200, 40000, FIRST + 400 };
	for (size_t i = 0; i < 2; i++) { /* those that are signed */
		size_t length;
		SP_AUTO_FREE char *body = body_of(&examples[i], &length);
		for (size_t j = 0; j < SP_COUNT_OF(of_bytes); j++) {
			struct sp_error err = { 0 };
			body[of_bytes[j]] ^= 1;
			assert_int_equal(
				read_in(&examples[i], body, length, 4096, LENGTH, NULL, &err), -1);
			assert_int_equal(err.code, SP_DENIED);
			body[of_bytes[j]] ^= 1;
		}
	}
}

static void a_signature_that_was_changed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t length;
		SP_AUTO_FREE char *body = body_of(&examples[i], &length);
		char *at = body;
		while ((at = memmem(at, length - (size_t)(at - body), "signature", 9)) != NULL) {
			struct sp_error err = { 0 };
			at += strlen("signature=") + 5;
			char digit = *at;
			*at = digit == '0' ? '1' : '0';
			assert_int_equal(
				read_in(&examples[i], body, length, 4096, LENGTH, NULL, &err), -1);
			assert_int_equal(err.code, SP_DENIED);
			*at = digit;
		}
	}
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(examples); i++) {
		size_t length;
		SP_AUTO_FREE char *body = body_of(&examples[i], &length);
		for (size_t cut = 0; cut < length;
		     cut += cut < 200 || cut > length - 400 ? 1 : 997) {
			struct sp_error err = { 0 };
			assert_int_equal(read_in(&examples[i], body, cut, 8192, LENGTH, NULL, &err),
					 -1);
			assert_int_equal(err.code, SP_PROTOCOL);
		}
	}
}

static void another_length_than_was_said_is_refused(void **state)
{
	(void)state;
	size_t length;
	struct sp_error err = { 0 };
	SP_AUTO_FREE char *body = body_of(&examples[0], &length);
	assert_int_equal(read_in(&examples[0], body, length, 8192, LENGTH - 1, NULL, &err), -1);
	assert_non_null(strstr(err.message, "more bytes than"));
	assert_int_equal(read_in(&examples[0], body, length, 8192, LENGTH + 1, NULL, &err), -1);
	assert_non_null(strstr(err.message, "1 bytes fewer than"));
}

static void what_is_no_chunk_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t example;
		const char *body, *says;
	} wrong[] = {
		{ 2, "\r\n", "must begin with its length" },
		{ 2, "zz\r\n", "must begin with its length" },
		{ 2, "0000000000000001\r\n", "must begin with its length" },
		{ 2, "ffffffffffffff\r\n", "more bytes than the header" },
		{ 2, "1x\r\n", "must end behind its length" },
		{ 2, "1\r\nab\r\n", "has more bytes than its line says" },
		{ 2, "0\r\nname\r\n\r\n", "bytes fewer than" },
		{ 0, "1\r\na", "has no signature" },
		{ 0, "1;chunk-signature=00\r\na", "must be 64 hexadecimal digits" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(wrong); i++) {
		struct sp_error err = { 0 };
		assert_int_equal(read_in(&examples[wrong[i].example], wrong[i].body,
					 strlen(wrong[i].body), 3, LENGTH, NULL, &err),
				 -1);
		if (strstr(err.message, wrong[i].says) == NULL)
			fail_msg("\"%s\": %s", wrong[i].body, err.message);
	}
}

static void nothing_may_come_behind_the_last_chunk(void **state)
{
	(void)state;
	static const char *const behind[] = { "x", "\r", "\r\n", "1;chunk-signature=" };
	for (size_t i = 0; i < SP_COUNT_OF(examples); i++) {
		for (size_t j = 0; j < SP_COUNT_OF(behind); j++) {
			size_t length;
			struct sp_error err = { 0 };
			SP_AUTO_FREE char *body = body_of(&examples[i], &length);
			SP_AUTO_FREE char *longer = sp_alloc(length + strlen(behind[j]) + 1);
			memcpy(longer, body, length);
			strcpy(longer + length, behind[j]);
			assert_int_equal(read_in(&examples[i], longer, length + strlen(behind[j]),
						 8192, LENGTH, NULL, &err),
					 -1);
			assert_non_null(strstr(err.message, "behind the body's last chunk"));
		}
	}
}

static void a_trailer_must_be_signed_where_chunks_are(void **state)
{
	(void)state;
	struct example example = examples[1];
	size_t length;
	struct sp_error err = { 0 };
	example.trailer = "x-amz-checksum-crc32c:sOO8/Q==\r\n";
	SP_AUTO_FREE char *without = body_of(&example, &length);
	assert_int_equal(read_in(&example, without, length, 8192, LENGTH, NULL, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
	SP_AUTO_FREE char *trailer = strdup(examples[1].trailer);
	trailer[strlen("x-amz-checksum-crc32c:")] = 'x';
	example.trailer = trailer;
	SP_AUTO_FREE char *changed = body_of(&example, &length);
	assert_int_equal(read_in(&example, changed, length, 8192, LENGTH, NULL, &err), -1);
	assert_non_null(strstr(err.message, "trailer is wrong"));
}

static void what_a_header_says_of_the_body_is_known(void **state)
{
	(void)state;
	enum sign_payload payload;
	assert_true(sign_payload_of("UNSIGNED-PAYLOAD", &payload));
	assert_false(sign_payload_is_chunked(payload));
	assert_true(sign_payload_of("STREAMING-UNSIGNED-PAYLOAD-TRAILER", &payload));
	assert_true(sign_payload_is_chunked(payload));
	assert_true(sign_payload_of(
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", &payload));
	assert_int_equal(payload, SIGN_PAYLOAD_DIGEST);
	assert_false(sign_payload_of("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", &payload));
	assert_false(sign_payload_of("", &payload));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documentations_examples_are_good_in_pieces_of_any_size),
		cmocka_unit_test(a_byte_that_was_changed_is_refused),
		cmocka_unit_test(a_signature_that_was_changed_is_refused),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(another_length_than_was_said_is_refused),
		cmocka_unit_test(what_is_no_chunk_is_refused),
		cmocka_unit_test(nothing_may_come_behind_the_last_chunk),
		cmocka_unit_test(a_trailer_must_be_signed_where_chunks_are),
		cmocka_unit_test(what_a_header_says_of_the_body_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
