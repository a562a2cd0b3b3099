#include "test.h"

#include "base/text.h"
#include "service/s3/conditions.h"
#include "service/s3/copy_source.h"
#include "service/s3/request.h"

static void ranges_are_within_what_there_is(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t size;
		enum range_kind kind;
		uint64_t offset, length;
	} ranges[] = {
		{ NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=0-0", 10, RANGE_PART, 0, 1 },
		{ "bytes=2-", 10, RANGE_PART, 2, 8 },
		{ "bytes=2-99", 10, RANGE_PART, 2, 8 },
		{ "bytes=-3", 10, RANGE_PART, 7, 3 },
		{ "bytes=-30", 10, RANGE_PART, 0, 10 },
		{ "bytes=0-9", 10, RANGE_PART, 0, 10 },
		{ "bytes=10-", 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=-0", 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=0-", 0, RANGE_OUTSIDE, 0, 0 },
		{ "bytes=-1", 0, RANGE_OUTSIDE, 0, 0 },
		{ "bytes=18446744073709551615-", 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=99999999999999999999999-", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=5-4", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=-", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=1-2,4-5", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes 1-2", 10, RANGE_WHOLE, 0, 10 },
		{ "", 10, RANGE_WHOLE, 0, 10 },
	};
	for (size_t i = 0; i < SP_COUNT_OF(ranges); i++) {
		uint64_t offset = 1, length = 1;
		enum range_kind kind = range_read(ranges[i].text, ranges[i].size, &offset, &length);
		if (kind != ranges[i].kind || offset != ranges[i].offset ||
		    length != ranges[i].length)
			fail_msg("%s of %d: %d, %d, %d", ranges[i].text, (int)ranges[i].size, kind,
				 (int)offset, (int)length);
	}
}

static void etags_are_the_same_with_quotes_or_without(void **state)
{
	(void)state;
	assert_true(door_same_etag("\"abc-1\"", "abc-1"));
	assert_true(door_same_etag("abc-1", "abc-1"));
	assert_true(door_same_etag("W/\"abc-1\"", "abc-1"));
	assert_true(door_same_etag("*", "abc-1"));
	assert_false(door_same_etag("\"abc-1", "abc-1"));
	assert_false(door_same_etag("abc-1\"", "abc-1"));
	assert_false(door_same_etag("abc-12", "abc-1"));
	assert_false(door_same_etag("", "abc-1"));
}

static void a_copys_source_is_a_bucket_and_a_key(void **state)
{
	(void)state;
	struct copy_source source;
	struct sp_error err = { 0 };
	assert_int_equal(copy_source_read("/b/a%20b/c+d?versionId=null", &source, &err), 0);
	assert_string_equal(source.bucket, "b");
	assert_string_equal(source.key, "a b/c+d");
	copy_source_finish(&source);
	static const char *const refused[] = { "", "/", "b", "b/", "/b", "//k", "b/%ff", "b/%00" };
	for (size_t i = 0; i < SP_COUNT_OF(refused); i++) {
		assert_int_equal(copy_source_read(refused[i], &source, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
	}
	assert_int_equal(copy_source_read("b/k?versionId=7", &source, &err), -1);
	assert_int_equal(err.code, SP_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_within_what_there_is),
		cmocka_unit_test(etags_are_the_same_with_quotes_or_without),
		cmocka_unit_test(a_copys_source_is_a_bucket_and_a_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
