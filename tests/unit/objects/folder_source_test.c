#include "folder.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "base/text.h"

static int open_object(struct fixture *f, const char *key, struct object_identity *out,
		       struct sp_error *err)
{
	int fd = -1;
	struct object_identity identity = { 0 };
	if (open_source(f->objects, "orders", key, &fd, &identity, err) != 0)
		return -1;
	close(fd);
	if (out != NULL)
		*out = identity;
	return 0;
}

static void assert_refused(struct fixture *f, const char *key, enum sp_code code, const char *says)
{
	struct sp_error err = { 0 };
	assert_int_equal(open_object(f, key, NULL, &err), -1);
	if (err.code != code || strstr(err.message, says) == NULL)
		fail_msg("\"%s\": code %d: %s", key, err.code, err.message);
}

static void reads_files_of_any_name(void **state)
{
	struct fixture *f = *state;
	char longest[256];
	memset(longest, 'n', 255);
	longest[255] = '\0';
	const char *const names[] = {
		"plain", "with space 'and' \"quotes\"", "\xc3\xa9t\xc3\xa9", "latin-\xe9", longest,
		"*.csv",
	};
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		char path[300];
		snprintf(path, sizeof(path), "buckets/orders/%s", names[i]);
		write_file(path, "twelve bytes");
		struct object_identity identity = { 0 };
		struct sp_error err = { 0 };
		assert_int_equal(open_object(f, names[i], &identity, &err), 0);
		assert_int_equal(identity.size, 12);
		assert_int_equal(
			objects_check_source(f->objects, "orders", names[i], &identity, &err), 0);
	}
}

static void says_what_is_not_there(void **state)
{
	struct fixture *f = *state;
	write_file("buckets/orders/file", "x");
	assert_refused(f, "missing.csv", SP_NOT_FOUND,
		       "there is no \"missing.csv\" in bucket \"orders\"");
	assert_refused(f, "*.csv", SP_NOT_FOUND, "wildcards are not expanded");
	assert_refused(f, "no/such/folder", SP_NOT_FOUND, "\"no/such/folder\"");
	assert_refused(f, "file/below", SP_NOT_FOUND, "\"file/below\"");
}

static void refuse_bucket(struct fixture *f, const char *bucket, struct sp_error *err)
{
	int fd = -1;
	struct object_identity identity;
	assert_int_equal(open_source(f->objects, bucket, "key", &fd, &identity, err), -1);
	assert_int_equal(err->code, SP_NOT_FOUND);
}

static void an_unknown_bucket_is_answered_with_the_known_ones(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	assert_int_equal(mkdir("buckets/invoices", 0755), 0);
	assert_int_equal(mkdir("buckets/NotABucket", 0755), 0);
	assert_int_equal(mkdir("elsewhere", 0755), 0);
	assert_int_equal(symlink("../elsewhere", "buckets/linked"), 0);
	write_file("buckets/file", "x");

	const struct {
		const char *name, *end;
	} unknown[] = {
		{ "order", "there are invoices, orders" },
		{ "file", "there are invoices, orders" },
		{ "NotABucket", "no two dots in a row" },
		{ "..", "no two dots in a row" },
		{ ".", "no two dots in a row" },
		{ "a/b", "no two dots in a row" },
		{ "", "no two dots in a row" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(unknown); i++) {
		refuse_bucket(f, unknown[i].name, &err);
		assert_true(sp_text_ends_with(err.message, unknown[i].end));
	}
	refuse_bucket(f, "linked", &err);
	assert_non_null(strstr(err.message, "symbolic link"));

	for (int i = 0; i < 20; i++) {
		char path[64];
		snprintf(path, sizeof(path), "buckets/more-%02d", i);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	refuse_bucket(f, "order", &err);
	assert_true(sp_text_ends_with(err.message, "more-07, more-08 and 12 more"));
}

static void a_configured_folder_is_a_bucket(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	assert_int_equal(mkdir("elsewhere", 0755), 0);
	write_file("elsewhere/file", "abc");
	char path[96];
	snprintf(path, sizeof(path), "%s/elsewhere", f->root);
	struct objects *objects = NULL;
	struct bucket_option named = { .name = "outside", .path = path };
	assert_int_equal(objects_open("buckets", &named, 1, &objects, &err), 0);
	int fd = -1;
	struct object_identity identity = { 0 };
	assert_int_equal(open_source(objects, "outside", "file", &fd, &identity, &err), 0);
	close(fd);
	objects_close(objects);

	const struct bucket_option bad[] = {
		{ .name = "outside", .path = "relative" },
		{ .name = "outside", .path = "/no/such/folder" },
		{ .name = "Outside", .path = path },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		objects = NULL;
		assert_int_equal(objects_open("buckets", &bad[i], 1, &objects, &err), -1);
		assert_null(objects);
		assert_non_null(strstr(err.message, bad[i].name));
	}
}

static void links_that_stay_inside_are_followed_and_none_leaves(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char outside[96];
	snprintf(outside, sizeof(outside), "%s/secret", f->root);
	write_file("secret", "not yours");
	assert_int_equal(mkdir("buckets/orders/real", 0755), 0);
	write_file("buckets/orders/real/file", "inside");
	assert_int_equal(symlink("real", "buckets/orders/folder"), 0);
	assert_int_equal(symlink("real/file", "buckets/orders/inside"), 0);
	assert_int_equal(symlink("../file", "buckets/orders/real/up"), 0);
	write_file("buckets/orders/file", "inside");
	assert_int_equal(open_object(f, "folder/file", NULL, &err), 0);
	assert_int_equal(open_object(f, "inside", NULL, &err), 0);
	assert_int_equal(open_object(f, "real/up", NULL, &err), 0);

	assert_int_equal(symlink(outside, "buckets/orders/absolute"), 0);
	assert_int_equal(symlink("../../secret", "buckets/orders/relative"), 0);
	assert_int_equal(symlink("../..", "buckets/orders/above"), 0);
	assert_int_equal(symlink("/proc/self/root", "buckets/orders/magic"), 0);
	assert_int_equal(symlink("loop", "buckets/orders/loop"), 0);
	assert_refused(f, "absolute", SP_DENIED, "leads out of bucket");
	assert_refused(f, "relative", SP_DENIED, "leads out of bucket");
	assert_refused(f, "above/secret", SP_DENIED, "leads out of bucket");
	assert_refused(f, "magic/etc/passwd", SP_DENIED, "leads out of bucket");
	assert_refused(f, "loop", SP_DENIED, "too many symbolic links");
	assert_refused(f, "../secret", SP_INVALID, "\"..\"");
	assert_refused(f, ".sallyport/x", SP_INVALID, "unfinished");
}

/* Would hang for ever on a pipe without O_NONBLOCK; the alarm ends the test then. */
static void only_regular_files_are_sources(void **state)
{
	struct fixture *f = *state;
	alarm(30);
	assert_int_equal(mkdir("buckets/orders/folder", 0755), 0);
	assert_int_equal(mkfifo("buckets/orders/pipe", 0644), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "buckets/orders/socket" };
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_refused(f, "folder", SP_UNSUPPORTED, "it is a folder");
	assert_refused(f, "pipe", SP_UNSUPPORTED, "it is a pipe");
	assert_refused(f, "socket", SP_UNSUPPORTED, "it is a socket");
	if (mknod("buckets/orders/device", S_IFCHR | 0644, makedev(1, 3)) == 0)
		assert_refused(f, "device", SP_UNSUPPORTED, "it is a device");
	else
		print_message("only root can make a device: not tried\n");
	alarm(0);
}

static void a_source_that_changed_is_told_from_one_that_did_not(void **state)
{
	struct fixture *f = *state;
	const char *path = "buckets/orders/file";
	struct object_identity identity = { 0 };
	struct sp_error err = { 0 };
	write_file(path, "before");
	assert_int_equal(open_object(f, "file", &identity, &err), 0);
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &identity, &err), 0);

	write_file("replacement", "before");
	const struct timespec times[2] = {
		{ identity.mtime_ns / 1000000000, identity.mtime_ns % 1000000000 },
		{ identity.mtime_ns / 1000000000, identity.mtime_ns % 1000000000 },
	};
	const struct timespec later[2] = { { 2000000000, 0 }, { 2000000000, 0 } };

	struct object_identity of_file = identity;
	assert_int_equal(truncate(path, 3), 0);
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &of_file, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_non_null(strstr(err.message, "its size is another"));

	assert_int_equal(open_object(f, "file", &of_file, &err), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &of_file, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_non_null(strstr(err.message, "it was written to"));

	/* Same size, the modification time put back: the change time tells. */
	assert_int_equal(open_object(f, "file", &of_file, &err), 0);
	of_file.ctime_ns -= 1;
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &of_file, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_non_null(strstr(err.message, "attributes"));

	assert_int_equal(open_object(f, "file", &of_file, &err), 0);
	assert_int_equal(utimensat(AT_FDCWD, "replacement", times, 0), 0);
	assert_int_equal(rename("replacement", path), 0);
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &of_file, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_non_null(strstr(err.message, "another file"));

	assert_int_equal(unlink(path), 0);
	assert_int_equal(objects_check_source(f->objects, "orders", "file", &of_file, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_non_null(strstr(err.message, "it is gone"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(reads_files_of_any_name),
		STORY(says_what_is_not_there),
		STORY(an_unknown_bucket_is_answered_with_the_known_ones),
		STORY(a_configured_folder_is_a_bucket),
		STORY(links_that_stay_inside_are_followed_and_none_leaves),
		STORY(only_regular_files_are_sources),
		STORY(a_source_that_changed_is_told_from_one_that_did_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
