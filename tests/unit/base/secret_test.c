#include "test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/secret.h"

static const char mark[] = "correct horse battery staple";
static int wiped; /* how often memory was wiped that held the mark */

/* In the place of the C library's: what is wiped can be seen only just before. */
void explicit_bzero(void *memory, size_t length)
{
	volatile char *at = memory;
	const void *volatile seen = memory; /* or the compiler minds that it is read */
	if (memmem(seen, length, mark, strlen(mark)) != NULL)
		wiped++;
	while (length-- > 0)
		*at++ = 0;
}

static int forget(void **state)
{
	(void)state;
	wiped = 0;
	return 0;
}

static void a_secret_is_wiped_before_it_is_freed(void **state)
{
	(void)state;
	sp_secret_free(strdup(mark));
	assert_int_equal(wiped, 1);
	sp_secret_free(NULL);
}

static void a_secret_buffer_wipes_each_place_it_has_left(void **state)
{
	(void)state;
	struct sp_buffer buffer = { .secret = true };
	sp_buffer_add_text(&buffer, mark);
	size_t room = buffer.room;
	int moves = 0;
	while (moves < 3) {
		sp_buffer_add_char(&buffer, '.');
		moves += buffer.room != room;
		room = buffer.room;
		assert_int_equal(wiped, moves);
	}
	assert_memory_equal(buffer.data, mark, strlen(mark));
	assert_int_equal(strspn(buffer.data + strlen(mark), "."), buffer.length - strlen(mark));
	sp_buffer_finish(&buffer);
	assert_int_equal(wiped, 4);
	assert_true(buffer.secret);
}

static void any_other_buffer_is_left_alone(void **state)
{
	(void)state;
	struct sp_buffer buffer = { 0 };
	for (int i = 0; i < 100; i++)
		sp_buffer_add_text(&buffer, mark);
	sp_buffer_finish(&buffer);
	assert_int_equal(wiped, 0);
}

static void the_texts_of_json_are_wiped_however_deep_they_lie(void **state)
{
	(void)state;
	static const char text[] = "{\"a\": [{\"b\": \"correct horse battery staple\"}]}";
	json_t *value = NULL;
	sp_json_wipe_what_is_freed();
	assert_int_equal(sp_json_parse(text, strlen(text), &value, NULL), 0);
	int by_reading = wiped; /* the parser's own copies */
	char *written = sp_json_text(value);
	assert_true(wiped > by_reading);
	int before = wiped;
	json_decref(value);
	assert_true(wiped >
		    before); /* other parts of it may lie where an earlier test left the mark */
	before = wiped;
	sp_secret_free(written);
	assert_int_equal(wiped, before + 1);
}

enum { LINE_MAX_BYTES = 512 };

/* The kernel's flags of the mapping that begins there ("lo" for locked, "dd" for kept out of core files). */
static void flags_of(const void *pages, char out[LINE_MAX_BYTES])
{
	char line[LINE_MAX_BYTES], wanted[32];
	bool is_it = false;
	FILE *maps = fopen("/proc/self/smaps", "r");
	assert_non_null(maps);
	snprintf(wanted, sizeof(wanted), "%lx-", (unsigned long)(uintptr_t)pages);
	out[0] = '\0';
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strncmp(line, wanted, strlen(wanted)) == 0)
			is_it = true;
		if (is_it && strncmp(line, "VmFlags:", strlen("VmFlags:")) == 0) {
			memcpy(out, line, sizeof(line));
			break;
		}
	}
	fclose(maps);
}

static void pages_for_secrets_are_zeroed_locked_and_in_no_core_file(void **state)
{
	(void)state;
	enum { SIZE = 5000, MARK_AT = 4900 };
	static const char zeros[SIZE];
	char flags[LINE_MAX_BYTES];
	char *pages = sp_secret_pages(SIZE);
	assert_memory_equal(pages, zeros, SIZE);
	flags_of(pages, flags);
#ifndef __SANITIZE_ADDRESS__ /* which keeps programs from locking memory */
	assert_non_null(strstr(flags, " lo"));
#endif
	assert_non_null(strstr(flags, " dd"));
	strcpy(pages + MARK_AT, mark);
	sp_secret_pages_free(pages, SIZE);
	assert_int_equal(wiped, 1);
	sp_secret_pages_free(NULL, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_secret_is_wiped_before_it_is_freed, forget),
		cmocka_unit_test_setup(a_secret_buffer_wipes_each_place_it_has_left, forget),
		cmocka_unit_test_setup(any_other_buffer_is_left_alone, forget),
		cmocka_unit_test_setup(the_texts_of_json_are_wiped_however_deep_they_lie, forget),
		cmocka_unit_test_setup(pages_for_secrets_are_zeroed_locked_and_in_no_core_file,
				       forget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
