#include "test.h"

#include "base/checksum.h"
#include "base/text.h"

static void assert_sum(enum sp_checksum_kind kind, const char *text, size_t piece, const char *hex)
{
	struct sp_checksum checksum;
	unsigned char sum[SP_CHECKSUM_SIZE_MAX];
	char written[2 * SP_CHECKSUM_SIZE_MAX + 1];
	sp_checksum_start(&checksum, kind);
	for (size_t at = 0, left = strlen(text); left > 0;) {
		size_t length = left < piece ? left : piece;
		sp_checksum_add(&checksum, text + at, length);
		at += length;
		left -= length;
	}
	sp_hex_encode(sum, sp_checksum_end(&checksum, sum), written);
	sp_checksum_finish(&checksum);
	assert_string_equal(written, hex);
}

/* The check values of the catalogue of CRCs, and those of RFC 1321, RFC 3174 and FIPS 180. */
static void sums_are_those_of_their_definitions(void **state)
{
	(void)state;
	static const struct {
		enum sp_checksum_kind kind;
		const char *text, *hex;
	} known[] = {
		{ SP_CRC32, "123456789", "cbf43926" },
		{ SP_CRC32C, "123456789", "e3069283" },
		{ SP_CRC64NVME, "123456789", "ae8b14860a799888" },
		{ SP_CRC32, "", "00000000" },
		{ SP_CRC64NVME, "", "0000000000000000" },
		{ SP_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ SP_SHA256, "abc",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ SP_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(known); i++)
		assert_sum(known[i].kind, known[i].text, 100, known[i].hex);
}

static void pieces_make_no_difference(void **state)
{
	(void)state;
	static const char text[] = "The quick brown fox jumps over the lazy dog";
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		assert_sum(SP_CRC32, text, piece, "414fa339");
		assert_sum(SP_CRC32C, text, piece, "22620404");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_their_definitions),
		cmocka_unit_test(pieces_make_no_difference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
