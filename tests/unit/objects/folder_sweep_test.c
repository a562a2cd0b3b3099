#include "folder.h"

#include <sys/time.h>
#include <time.h>

#include "base/text.h"

#define STAGING "buckets/orders/.sallyport"

static const char ended[] = "00112233445566778899aabbccddeeff";
static const char alive[] = "ffeeddccbbaa99887766554433221100";

/* Written to for the last time an hour ago. */
static void leave(const char *name)
{
	char path[256];
	struct timeval times[2] = { { time(NULL) - 3600, 0 }, { time(NULL) - 3600, 0 } };
	snprintf(path, sizeof(path), STAGING "/%s", name);
	write_file(path, "left");
	assert_int_equal(utimes(path, times), 0);
}

static bool is_there(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), STAGING "/%s", name);
	return exists(path);
}

static bool is_needed(void *ctx, const char *file_id)
{
	(void)ctx;
	return strcmp(file_id, alive) == 0;
}

static size_t sweep(struct fixture *f, int64_t age_s, size_t max)
{
	return objects_sweep_staging(f->objects, OBJECTS_FOLDERS,
				     ((int64_t)time(NULL) - age_s) * 1000, max, is_needed, NULL);
}

static void what_nobody_needs_goes_when_it_is_old(void **state)
{
	struct fixture *f = *state;
	char of_ended[64], of_alive[64];
	snprintf(of_ended, sizeof(of_ended), "%s-1", ended);
	snprintf(of_alive, sizeof(of_alive), "%s-12", alive);
	assert_int_equal(mkdir(STAGING, 0700), 0);
	leave(of_ended);
	leave(of_alive);
	assert_int_equal(sweep(f, 7200, 100), 0);
	assert_true(is_there(of_ended));
	assert_int_equal(sweep(f, 1800, 100), 1);
	assert_false(is_there(of_ended));
	assert_true(is_there(of_alive));
}

static void what_somebody_writes_to_stays_however_slow_he_is(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char of_ended[64];
	int fd = -1;
	snprintf(of_ended, sizeof(of_ended), "%s-0", ended);
	assert_int_equal(create_staging(f->objects, "orders", "a", ended, 0, &fd, &err), 0);
	assert_int_equal(sweep(f, -60, 100), 0);
	assert_true(is_there(of_ended));
	close(fd);
	assert_int_equal(sweep(f, -60, 100), 1);
}

static void what_is_not_named_like_ours_stays(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {
		"notes.txt",
		"00112233445566778899aabbccddeeff",
		"00112233445566778899aabbccddeeff-",
		"00112233445566778899aabbccddeeff-01",
		"00112233445566778899aabbccddeeff-1.old",
		"00112233445566778899AABBCCDDEEFF-1",
		"0112233445566778899aabbccddeeff-1",
		"00112233445566778899aabbccddeeff-99999999999",
	};
	assert_int_equal(mkdir(STAGING, 0700), 0);
	for (size_t i = 0; i < SP_COUNT_OF(names); i++)
		leave(names[i]);
	assert_int_equal(symlink("/etc/passwd", STAGING "/00112233445566778899aabbccddeeff-1"), 0);
	assert_int_equal(mkdir(STAGING "/00112233445566778899aabbccddeeff-2", 0700), 0);
	assert_int_equal(sweep(f, -60, 100), 0);
	for (size_t i = 0; i < SP_COUNT_OF(names); i++)
		assert_true(is_there(names[i]));
}

static void what_is_another_users_stays(void **state)
{
	struct fixture *f = *state;
	if (geteuid() != 0)
		skip();
	char name[64], path[128];
	snprintf(name, sizeof(name), "%s-1", ended);
	snprintf(path, sizeof(path), STAGING "/%s", name);
	assert_int_equal(mkdir(STAGING, 0700), 0);
	leave(name);
	assert_int_equal(chown(path, 1, 1), 0);
	assert_int_equal(sweep(f, 1800, 100), 0);
	assert_true(is_there(name));
}

static void a_sweep_takes_no_more_than_it_may(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(mkdir(STAGING, 0700), 0);
	for (int i = 1; i <= 5; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%s-%d", ended, i);
		leave(name);
	}
	assert_int_equal(sweep(f, 1800, 3), 3);
	assert_int_equal(sweep(f, 1800, 3), 2);
}

int main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(what_nobody_needs_goes_when_it_is_old),
		WITH_FIXTURE(what_somebody_writes_to_stays_however_slow_he_is),
		WITH_FIXTURE(what_is_not_named_like_ours_stays),
		WITH_FIXTURE(what_is_another_users_stays),
		WITH_FIXTURE(a_sweep_takes_no_more_than_it_may),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
