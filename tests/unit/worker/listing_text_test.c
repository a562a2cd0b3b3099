#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "worker/listing_text.h"

static struct listing_text text;
static struct sp_buffer out;

static int begin(void **state)
{
	(void)state;
	listing_text_init(&text, "/out");
	return 0;
}

static int end(void **state)
{
	(void)state;
	listing_text_finish(&text);
	sp_buffer_finish(&out);
	return 0;
}

static struct remote_entry entry_of(const char *name)
{
	struct remote_entry entry = {
		.attributes = { .has_size = true,
				.size = 1000,
				.has_times = true,
				.mtime = 1700000000 },
	};
	snprintf(entry.name, sizeof(entry.name), "%s", name);
	return entry;
}

static void add_file(const struct remote_entry *entry)
{
	listing_text_file(&text, entry, &out);
}

static void an_empty_directory_is_two_empty_lists(void **state)
{
	(void)state;
	listing_text_begin(&out);
	listing_text_between(&out);
	listing_text_end(false, &out);
	assert_string_equal(out.data, "{\"files\":[],\"paths\":[],\"truncated\":false}\n");
}

static void files_and_directories_have_the_members_of_the_contract(void **state)
{
	(void)state;
	struct remote_entry a = entry_of("a"), b = entry_of("b"), folder = entry_of("folder");
	listing_text_begin(&out);
	add_file(&a);
	add_file(&b);
	listing_text_between(&out);
	listing_text_path(&text, &folder, &out);
	listing_text_end(true, &out);
	assert_string_equal(
		out.data,
		"{\"files\":[{\"filePath\":\"/out/"
		"a\",\"modifiedTimestamp\":\"2023-11-14T22:13:20Z\","
		"\"size\":1000},{\"filePath\":\"/out/b\",\"modifiedTimestamp\":"
		"\"2023-11-14T22:13:20Z\",\"size\":1000}],\"paths\":[{\"path\":\"/out/folder\"}],"
		"\"truncated\":true}\n");
}

static void what_a_server_does_not_tell_is_left_out(void **state)
{
	(void)state;
	struct remote_entry entry = entry_of("a");
	entry.attributes = (struct remote_attributes){ 0 };
	add_file(&entry);
	assert_string_equal(out.data, "{\"filePath\":\"/out/a\"}");
}

static void a_link_has_no_size(void **state)
{
	(void)state;
	struct remote_entry entry = entry_of("a");
	entry.is_link = true;
	add_file(&entry);
	assert_null(strstr(out.data, "size"));
	assert_non_null(strstr(out.data, "modifiedTimestamp"));
}

static void the_last_second_that_there_is_has_a_time(void **state)
{
	(void)state;
	struct remote_entry entry = entry_of("a");
	entry.attributes.mtime = UINT32_MAX;
	add_file(&entry);
	assert_non_null(strstr(out.data, "\"2106-02-07T06:28:15Z\""));
}

/* The root has its slash already. */
static void names_stand_behind_one_slash(void **state)
{
	(void)state;
	struct remote_entry entry = entry_of("a");
	struct listing_text root;
	listing_text_init(&root, "/");
	listing_text_path(&root, &entry, &out);
	assert_string_equal(out.data, "{\"path\":\"/a\"}");
	listing_text_finish(&root);
}

static void every_byte_of_a_name_comes_through_json(void **state)
{
	(void)state;
	static const struct {
		const char *name, *json;
	} cases[] = {
		{ "with \"quotes\"", "with \\\"quotes\\\"" },
		{ "back\\slash", "back\\\\slash" },
		{ "\\x41", "\\\\x5cx41" },
		{ "tab\t", "tab\\\\x09" },
		{ "latin-\xe9", "latin-\\\\xe9" },
		{ "gr\xc3\xbcn", "gr\xc3\xbcn" },
		{ "\x7f", "\\\\x7f" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct remote_entry entry = entry_of(cases[i].name);
		char wanted[128];
		sp_buffer_clear(&out);
		text.paths = 0;
		listing_text_path(&text, &entry, &out);
		snprintf(wanted, sizeof(wanted), "{\"path\":\"/out/%s\"}", cases[i].json);
		assert_string_equal(out.data, wanted);
		json_t *parsed = NULL;
		assert_int_equal(sp_json_parse(out.data, out.length, &parsed, NULL), 0);
		json_decref(parsed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_directory_is_two_empty_lists, begin, end),
		cmocka_unit_test_setup_teardown(
			files_and_directories_have_the_members_of_the_contract, begin, end),
		cmocka_unit_test_setup_teardown(what_a_server_does_not_tell_is_left_out, begin,
						end),
		cmocka_unit_test_setup_teardown(a_link_has_no_size, begin, end),
		cmocka_unit_test_setup_teardown(the_last_second_that_there_is_has_a_time, begin,
						end),
		cmocka_unit_test_setup_teardown(names_stand_behind_one_slash, begin, end),
		cmocka_unit_test_setup_teardown(every_byte_of_a_name_comes_through_json, begin,
						end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
