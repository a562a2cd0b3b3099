#include "test.h"

#include "base/base64.h"
#include "base/text.h"

/* RFC 4648, section 10. */
static void has_the_vectors_of_the_rfc(void **state)
{
	(void)state;
	static const struct {
		const char *text, *bytes;
	} good[] = { { "", "" },
		     { "Zg==", "f" },
		     { "Zm8=", "fo" },
		     { "Zm9v", "foo" },
		     { "Zm9vYg==", "foob" },
		     { "Zm9vYmE=", "fooba" },
		     { "+/+/", "\xfb\xff\xbf" } };
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		/* Exactly as long as promised, so that the address sanitizer sees a byte too much. */
		uint8_t *out = malloc(sp_base64_decoded_max(strlen(good[i].text)));
		size_t length = 99;
		assert_true(sp_base64_decode(good[i].text, strlen(good[i].text), out, &length));
		assert_int_equal(length, strlen(good[i].bytes));
		assert_memory_equal(out, good[i].bytes, length);
		free(out);
		char *text = sp_base64_encode(good[i].bytes, length);
		assert_string_equal(text, good[i].text);
		free(text);
	}
}

static void refuses_what_is_not_whole_or_has_a_second_text(void **state)
{
	(void)state;
	static const char *const bad[] = { "Z",
					   "Zg",
					   "Zg=",
					   "Zm9vY",
					   "====",
					   "=",
					   "Z===",
					   "Zg==Zg==",
					   "Zg=A",
					   "Zm9v\n",
					   "Zm 9vYmE",
					   "Zm9-",
					   "Zm9_YmE=",
					   "Zh==",
					   "Zm9=",
					   "Zm9vYmF=",
					   "\xff\xff\xff\xff" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		uint8_t *out = malloc(sp_base64_decoded_max(strlen(bad[i])) + 1);
		size_t length;
		assert_false(sp_base64_decode(bad[i], strlen(bad[i]), out, &length));
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_vectors_of_the_rfc),
		cmocka_unit_test(refuses_what_is_not_whole_or_has_a_second_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
