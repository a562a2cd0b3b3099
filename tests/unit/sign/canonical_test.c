#include "test.h"

#include "base/text.h"
#include "sign/canonical.h"

static void paths_are_resolved_and_encoded_once_more(void **state)
{
	(void)state;
	static const struct {
		const char *path, *canonical;
	} cases[] = {
		{ "", "/" },
		{ "/", "/" },
		{ "//", "/" },
		{ "/.", "/" },
		{ "/..", "/" },
		{ "/a/", "/a/" },
		{ "/a//b/./c", "/a/b/c" },
		{ "/a/../b", "/b" },
		{ "/a/b/..", "/a" },
		{ "/a/b/../", "/a/" },
		{ "/../../a", "/a" },
		{ "/...", "/..." },
		{ "/tags/arn%3Aaws", "/tags/arn%253Aaws" },
		{ "/~user/a-b_c.d", "/~user/a-b_c.d" },
		{ "/\xc3\xa9 ", "/%C3%A9%20" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_BUFFER out = { 0 };
		sign_canonical_path(cases[i].path, strlen(cases[i].path), &out);
		assert_string_equal(sp_buffer_text(&out), cases[i].canonical);
	}
}

static void queries_are_recoded_and_sorted(void **state)
{
	(void)state;
	static const struct {
		const char *query, *canonical;
	} cases[] = {
		{ "", "" },
		{ "&&", "" },
		{ "a", "a=" },
		{ "b=2&a=1&a=0", "a=0&a=1&b=2" },
		{ "a=1&B=2", "B=2&a=1" },
		{ "a=x=y", "a=x%3Dy" },
		{ "a=%2f%7e+", "a=%2F~%2B" },
		{ "a=100%&b=%zz", "a=100%25&b=%25zz" },
		{ "a=1&X-Amz-Signature=00&b=2", "a=1&b=2" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		SP_AUTO_BUFFER out = { 0 };
		assert_true(sign_canonical_query(cases[i].query, "X-Amz-Signature", &out));
		assert_string_equal(sp_buffer_text(&out), cases[i].canonical);
	}
}

static void a_query_with_too_many_parameters_is_refused(void **state)
{
	(void)state;
	SP_AUTO_BUFFER query = { 0 };
	SP_AUTO_BUFFER out = { 0 };
	for (int i = 0; i < SIGN_QUERY_PAIRS_MAX; i++)
		sp_buffer_format(&query, "p%d=&", i);
	assert_true(sign_canonical_query(sp_buffer_text(&query), NULL, &out));
	sp_buffer_add_text(&query, "one=more");
	assert_false(sign_canonical_query(sp_buffer_text(&query), NULL, &out));
}

static void header_values_are_trimmed_collapsed_and_joined(void **state)
{
	(void)state;
	static const struct sign_header headers[] = {
		{ "Host", "example.com" }, { "My-Header", "  b   \"c  d\"\r\n  e\t" },
		{ "other", "x" },          { "MY-HEADER", "a" },
		{ "empty", "" },
	};
	const struct sign_request request = { .headers = headers,
					      .header_count = SP_COUNT_OF(headers) };
	SP_AUTO_BUFFER out = { 0 };
	assert_true(sign_canonical_headers(&request, "empty;host;my-header", &out));
	assert_string_equal(sp_buffer_text(&out),
			    "empty:\nhost:example.com\nmy-header:b \"c d\" e,a\n");
	assert_false(sign_canonical_headers(&request, "host;not-there", &out));
}

static void header_names_must_be_in_order(void **state)
{
	(void)state;
	assert_true(sign_names_are_canonical("host"));
	assert_true(sign_names_are_canonical("a;a-b;host;x-amz-date"));
	static const char *const bad[] = { "",     ";",    "host;", ";host",    "host;a", "a;a",
					   "a;;b", "Host", "a b",   "host;a-b", "ab;a;b" };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_false(sign_names_are_canonical(bad[i]));
	assert_true(sign_names_contain("a;host", "Host"));
	assert_false(sign_names_contain("a;hostname", "host"));
}

static void query_values_are_decoded(void **state)
{
	(void)state;
	char *value = sign_query_value("a=1&X-Amz-Credential=k%2F2026&b", "X-Amz-Credential");
	assert_string_equal(value, "k/2026");
	free(value);
	value = sign_query_value("a=1&b", "b");
	assert_string_equal(value, "");
	free(value);
	assert_null(sign_query_value("a=1&b", "c"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_resolved_and_encoded_once_more),
		cmocka_unit_test(queries_are_recoded_and_sorted),
		cmocka_unit_test(a_query_with_too_many_parameters_is_refused),
		cmocka_unit_test(header_values_are_trimmed_collapsed_and_joined),
		cmocka_unit_test(header_names_must_be_in_order),
		cmocka_unit_test(query_values_are_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
