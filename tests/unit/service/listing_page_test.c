#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "service/native/listing_page.h"

static struct sp_error err;

static int object_of(const char *text, size_t length)
{
	int fd = memfd_create("listing", MFD_CLOEXEC);
	assert_int_equal(write(fd, text, length), length);
	return fd;
}

/* All pages of @max entries; returns how many there were. */
static size_t read_all(const char *text, size_t max, size_t *out_files, size_t *out_paths)
{
	SP_AUTO_FD fd = object_of(text, strlen(text));
	struct listing_page page = { .files = json_array(), .paths = json_array() };
	size_t pages = 0;
	do {
		assert_int_equal(listing_page_read(fd, max, &page, &err), 0);
		pages++;
		assert_true(json_array_size(page.files) + json_array_size(page.paths) <=
			    pages * max);
	} while (page.more);
	*out_files = json_array_size(page.files);
	*out_paths = json_array_size(page.paths);
	json_decref(page.files);
	json_decref(page.paths);
	return pages;
}

static void pages_end_where_entries_do(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t files, paths;
	} objects[] = {
		{ "{\"files\":[],\"paths\":[],\"truncated\":false}\n", 0, 0 },
		{ "{\"files\":[{\"filePath\":\"/a\"}],\"paths\":[],\"truncated\":true}\n", 1, 0 },
		{ "{\"files\":[],\"paths\":[{\"path\":\"/a\"},{\"path\":\"/"
		  "b\"}],\"truncated\":false}\n",
		  0, 2 },
		{ "{\"files\":[{\"filePath\":\"/],\\\"paths\\\":[\",\"size\":9},{\"filePath\":\"/"
		  "b\"}],"
		  "\"paths\":[{\"path\":\"/c\"}],\"truncated\":false}\n",
		  2, 1 },
	};
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		for (size_t max = 1; max < 5; max++) {
			size_t files, paths, all = objects[i].files + objects[i].paths;
			size_t pages = read_all(objects[i].text, max, &files, &paths);
			assert_int_equal(files, objects[i].files);
			assert_int_equal(paths, objects[i].paths);
			assert_int_equal(pages, all == 0 ? 1 : (all + max - 1) / max);
		}
}

/* Far more than is read at a time. */
static void entries_of_any_length_are_read_to_the_last(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, "{\"files\":[");
	for (int i = 0; i < 600; i++)
		sp_buffer_format(&text, "%s{\"filePath\":\"/%0*d\",\"size\":%d}", i > 0 ? "," : "",
				 1 + i * 7919 % 2000, i, i);
	sp_buffer_add_text(&text, "],\"paths\":[{\"path\":\"/end\"}],\"truncated\":true}\n");
	for (size_t max = 1; max <= 1000; max *= 10) {
		size_t files, paths;
		read_all(sp_buffer_text(&text), max, &files, &paths);
		assert_int_equal(files, 600);
		assert_int_equal(paths, 1);
	}
}

static void assert_refused(const char *text, const char *words)
{
	SP_AUTO_FD fd = object_of(text, strlen(text));
	struct listing_page page = { .files = json_array(), .paths = json_array() };
	assert_int_equal(listing_page_read(fd, 10, &page, &err), -1);
	assert_int_equal(err.code, SP_PROTOCOL);
	if (strstr(err.message, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.message, words);
	json_decref(page.files);
	json_decref(page.paths);
}

static void what_is_no_listing_is_refused_with_its_place(void **state)
{
	(void)state;
#define FIRST "{\"files\":[{\"filePath\":\"/a\"}"
	assert_refused("", "byte 0");
	assert_refused("{}", "byte 0");
	assert_refused("{\"files\":[", "byte 10");
	assert_refused("{\"files\":[ {\"filePath\":\"/a\"}]", "byte 10");
	assert_refused("{\"files\":[{\"path\":\"/a\"}]", "byte 10: it is no entry");
	assert_refused("{\"files\":[{\"filePath\":7}]", "byte 10: it is no entry");
	assert_refused("{\"files\":[{\"filePath\":\"/a\",\"more\":1}]", "byte 10: it is no entry");
	assert_refused("{\"files\":[{\"filePath\":\"/a\",\"size\":18446744073709551615}]",
		       "byte 10");
	assert_refused(FIRST, "byte 27: a comma is missing");
	assert_refused(FIRST "]", "byte 27");
	assert_refused(FIRST ",", "byte 28: an entry is missing");
	assert_refused(FIRST "{\"filePath\":\"/b\"}", "byte 27: a comma is missing");
	assert_refused(FIRST "],\"truncated\":false}", "byte 27");
	assert_refused(FIRST "],\"paths\":[", "byte 38");
#undef FIRST
}

/* Or an object of one entry could cost any memory. */
static void an_entry_that_does_not_end_is_refused(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "{\"files\":[{\"filePath\":\"/%0200000d\"}],\"paths\":[],", 1);
	assert_refused(sp_buffer_text(&text), "byte 10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_end_where_entries_do),
		cmocka_unit_test(entries_of_any_length_are_read_to_the_last),
		cmocka_unit_test(what_is_no_listing_is_refused_with_its_place),
		cmocka_unit_test(an_entry_that_does_not_end_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
