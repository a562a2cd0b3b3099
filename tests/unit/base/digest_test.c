#include "test.h"

#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"

/* FIPS 180-4's example of two blocks. */
#define TEXT "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define SUM  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

static void assert_sum(struct sp_digest *digest, const char *expected)
{
	unsigned char sum[SP_SHA256_SIZE];
	char hex[SP_SHA256_HEX_SIZE];
	sp_digest_end(digest, sum);
	sp_hex_encode(sum, sizeof(sum), hex);
	assert_string_equal(hex, expected);
}

static void a_saved_state_goes_on_at_any_byte(void **state)
{
	(void)state;
	for (size_t at = 0; at <= strlen(TEXT); at++) {
		struct sp_digest digest;
		char saved[SP_DIGEST_STATE_MAX];
		uint64_t length;
		sp_digest_start(&digest);
		sp_digest_add(&digest, TEXT, at);
		sp_digest_save(&digest, saved);
		memset(&digest, 0xff, sizeof(digest));
		assert_true(sp_digest_restore(&digest, saved, &length));
		assert_int_equal(length, at);
		sp_digest_add(&digest, &TEXT[at], strlen(TEXT) - at);
		assert_sum(&digest, SUM);
	}
}

/* More bits than fit 32 bits: the counter's upper word matters. */
static void a_state_behind_a_gigabyte_goes_on(void **state)
{
	(void)state;
	enum { PIECE = 1 << 20, PIECES = 600 };
	SP_AUTO_FREE unsigned char *bytes = sp_alloc(PIECE);
	struct sp_digest digest, whole;
	char saved[SP_DIGEST_STATE_MAX];
	uint64_t length;
	sp_digest_start(&digest);
	for (int i = 0; i < PIECES; i++)
		sp_digest_add(&digest, bytes, PIECE);
	whole = digest;
	sp_digest_save(&digest, saved);
	assert_true(sp_digest_restore(&digest, saved, &length));
	assert_int_equal(length, (uint64_t)PIECE * PIECES);
	sp_digest_add(&digest, TEXT, 5);
	sp_digest_add(&whole, TEXT, 5);
	unsigned char expected[SP_SHA256_SIZE];
	char hex[SP_SHA256_HEX_SIZE];
	sp_digest_end(&whole, expected);
	sp_hex_encode(expected, sizeof(expected), hex);
	assert_sum(&digest, hex);
}

static void what_was_not_saved_is_refused(void **state)
{
	(void)state;
	struct sp_digest digest;
	char saved[SP_DIGEST_STATE_MAX];
	uint64_t length;
	sp_digest_start(&digest);
	sp_digest_add(&digest, TEXT, 10);
	sp_digest_save(&digest, saved);
	assert_false(sp_digest_restore(&digest, "", &length));
	assert_false(sp_digest_restore(&digest, saved + 1, &length));
	assert_false(
		sp_digest_restore(&digest, saved + 2, &length)); /* a byte of its rest is missing */
	saved[3] = 'x';
	assert_false(sp_digest_restore(&digest, saved, &length));
	char long_text[4 * SP_DIGEST_STATE_MAX];
	memset(long_text, '0', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_false(sp_digest_restore(&digest, long_text, &length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_state_goes_on_at_any_byte),
		cmocka_unit_test(a_state_behind_a_gigabyte_goes_on),
		cmocka_unit_test(what_was_not_saved_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
