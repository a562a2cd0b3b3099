#include "test.h"

#include "api/page.h"

static const struct api_page pages[] = {
	{ "/console/", "text/html", "\"1\"", (const unsigned char *)"<p>", 3, false, false },
	{ "/console/a.js", "text/javascript", "\"2\"", (const unsigned char *)"1", 1, true, true },
	{ 0 },
};

static void finds_what_has_just_that_path(void **state)
{
	(void)state;
	assert_ptr_equal(page_find(pages, "GET", "/console/"), &pages[0]);
	assert_ptr_equal(page_find(pages, "HEAD", "/console/a.js"), &pages[1]);
	assert_ptr_equal(page_find(pages, "GET", "/console/a.js?x=/v1/transfers"), &pages[1]);
}

static void finds_nothing_else(void **state)
{
	(void)state;
	static const char *const others[] = {
		"",
		"/",
		"/console",
		"/console/a.j",
		"/console/a.jsx",
		"/console//a.js",
		"/console/./a.js",
		"/console/%61.js",
		"/console/../v1/transfers",
		"/CONSOLE/",
		"/v1/transfers",
		"/v1/transfers?/console/",
		"//console/",
		"http://host/console/",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(page_find(pages, "GET", others[i]));
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "get", "" };
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		assert_null(page_find(pages, methods[i], "/console/"));
	assert_null(page_find(NULL, "GET", "/console/"));
}

static void reads_what_encodings_a_client_takes(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool accepts;
	} cases[] = {
		{ NULL, true },
		{ "gzip", true },
		{ "GZIP", true },
		{ "x-gzip", true },
		{ "deflate, gzip;q=1.0, *;q=0.5", true },
		{ "br;q=1,gzip ; q=0.2", true },
		{ "*", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.000, *", false },
		{ "*;q=0", false },
		{ "identity", false },
		{ "br, deflate", false },
		{ "gzipped", false },
		{ "", false },
		{ ",,", false },
		{ "gzip;", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (page_accepts_gzip(cases[i].header) != cases[i].accepts)
			fail_msg("\"%s\"", cases[i].header);
}

static void knows_its_etag_again(void **state)
{
	(void)state;
	assert_true(page_is_known("\"1\"", "\"1\""));
	assert_true(page_is_known("\"0\", W/\"1\" ", "\"1\""));
	assert_true(page_is_known("*", "\"1\""));
	assert_false(page_is_known(NULL, "\"1\""));
	assert_false(page_is_known("", "\"1\""));
	assert_false(page_is_known("\"11\", 1, \"1", "\"1\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_has_just_that_path),
		cmocka_unit_test(finds_nothing_else),
		cmocka_unit_test(reads_what_encodings_a_client_takes),
		cmocka_unit_test(knows_its_etag_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
