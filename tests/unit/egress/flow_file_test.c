/* The flow log's file: whole lines, rotation, and what goes on after a failure. */

#include "test.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "egress/flow_file.h"

#define MUCH (1ll << 30)

static char folder[64], path[128];
static struct sp_error err;

static int set_up(void **state)
{
	(void)state;
	alarm(60);
	err = (struct sp_error){ 0 };
	strcpy(folder, "/tmp/sallyport-flow-file-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/flows.jsonl", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	alarm(0);
	return 0;
}

static struct flow_file *open_it(int64_t size_max, int64_t kept)
{
	struct flow_file *file;
	if (flow_file_open(path, size_max, kept, &file, &err) != 0)
		fail_msg("%s", err.message);
	return file;
}

static void add(struct flow_file *file, const char *line)
{
	flow_file_add(file, line, strlen(line));
}

static void assert_holds(const char *ending, const char *expected)
{
	char name[160], text[4096] = "";
	snprintf(name, sizeof(name), "%s%s", path, ending);
	FILE *stream = fopen(name, "r");
	if (stream == NULL)
		fail_msg("there is no %s", name);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	assert_string_equal(text, expected);
}

static bool is_there(const char *ending)
{
	char name[160];
	snprintf(name, sizeof(name), "%s%s", path, ending);
	return access(name, F_OK) == 0;
}

static void lines_are_appended_also_by_the_next_run(void **state)
{
	(void)state;
	struct stat status;
	struct flow_file *file = open_it(MUCH, 1);
	add(file, "{\"a\": 1}\n");
	add(file, "{\"b\": 2}\n{\"c\": 3}\n");
	flow_file_close(file);
	assert_holds("", "{\"a\": 1}\n{\"b\": 2}\n{\"c\": 3}\n");
	flow_file_close(open_it(MUCH, 1));
	file = open_it(MUCH, 1);
	add(file, "{\"d\": 4}\n");
	flow_file_close(file);
	assert_holds("", "{\"a\": 1}\n{\"b\": 2}\n{\"c\": 3}\n{\"d\": 4}\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07007, 0);
}

static void a_line_that_a_crash_has_cut_does_not_swallow_the_next(void **state)
{
	(void)state;
	FILE *stream = fopen(path, "w");
	fputs("{\"whole\": 1}\n{\"cut\": ", stream);
	fclose(stream);
	struct flow_file *file = open_it(MUCH, 1);
	add(file, "{\"next\": 1}\n");
	flow_file_close(file);
	assert_holds("", "{\"whole\": 1}\n{\"cut\": \n{\"next\": 1}\n");
}

static void a_full_file_is_renamed_and_the_oldest_goes(void **state)
{
	(void)state;
	struct flow_file *file = open_it(16, 2);
	add(file, "first--\nsecond-\nthird--\nfourth-\nfifth--\nsixth--\nseventh\n");
	flow_file_close(file);
	assert_holds("", "seventh\n");
	assert_holds(".1", "fifth--\nsixth--\n");
	assert_holds(".2", "third--\nfourth-\n");
	assert_false(is_there(".3"));
	assert_false(is_there(".0"));
}

static void a_line_longer_than_a_file_gets_a_file_for_itself(void **state)
{
	(void)state;
	struct flow_file *file = open_it(8, 3);
	add(file, "short\na line that is longer than that\nend\n");
	flow_file_close(file);
	assert_holds(".2", "short\n");
	assert_holds(".1", "a line that is longer than that\n");
	assert_holds("", "end\n");
}

static void a_file_that_was_moved_away_is_begun_anew(void **state)
{
	(void)state;
	char moved[160];
	snprintf(moved, sizeof(moved), "%s.moved", path);
	struct flow_file *file = open_it(MUCH, 1);
	assert_int_equal(rename(path, moved), 0);
	add(file, "after\n");
	flow_file_close(file);
	assert_holds(".moved", "");
	assert_holds("", "after\n");
}

/* A limit on the size of files is a full disk that needs no privileges. */
static void set_room(rlim_t room)
{
	static struct rlimit before;
	if (before.rlim_max == 0)
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	struct rlimit limit = { room < before.rlim_max ? room : before.rlim_max, before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_does_not_fit_the_disk_waits(void **state)
{
	(void)state;
	struct flow_file *file = open_it(MUCH, 1);
	set_room(10);
	add(file, "first\n");
	add(file, "second, which is long\n");
	set_room(RLIM_INFINITY);
	add(file, "third\n");
	flow_file_close(file);
	assert_holds("", "first\nsecond, which is long\nthird\n");
}

static void a_full_disk_leaves_no_half_line(void **state)
{
	(void)state;
	struct flow_file *file = open_it(MUCH, 1);
	add(file, "first\n");
	flow_file_close(file);
	file = open_it(MUCH, 1);
	set_room(10);
	add(file, "second, which is long\n");
	flow_file_close(file);
	set_room(RLIM_INFINITY);
	assert_holds("", "first\n");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	struct flow_file *file;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(flow_file_open(path, MUCH, 1, &file, &err), -1);
	assert_non_null(strstr(err.message, path));
	assert_non_null(strstr(err.message, "is no file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(flow_file_open(path, MUCH, 1, &file, &err), -1);
	assert_int_equal(flow_file_open("/nonexistent/flows.jsonl", MUCH, 1, &file, &err), -1);
	assert_non_null(strstr(err.message, "/nonexistent/flows.jsonl"));
}

static void without_a_file_nothing_happens(void **state)
{
	(void)state;
	flow_file_add(NULL, "x\n", 2);
	flow_file_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_appended_also_by_the_next_run),
		TEST(a_line_that_a_crash_has_cut_does_not_swallow_the_next),
		TEST(a_full_file_is_renamed_and_the_oldest_goes),
		TEST(a_line_longer_than_a_file_gets_a_file_for_itself),
		TEST(a_file_that_was_moved_away_is_begun_anew),
		TEST(what_does_not_fit_the_disk_waits),
		TEST(a_full_disk_leaves_no_half_line),
		TEST(what_is_no_file_is_refused),
		TEST(without_a_file_nothing_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
