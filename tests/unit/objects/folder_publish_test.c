#include "folder.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/text.h"

static const char file_id[] = "00112233445566778899aabbccddeeff";
#define STAGING "buckets/orders/.sallyport"

static void stage(struct fixture *f, const char *key, int attempt, const char *text)
{
	struct sp_error err = { 0 };
	int fd = -1;
	if (create_staging(f->objects, "orders", key, file_id, attempt, &fd, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int publish(struct fixture *f, const char *key, uint64_t size, struct sp_error *err)
{
	return objects_publish(f->objects, "orders", key, file_id, 1, size, true, err);
}

static void assert_publish_fails(struct fixture *f, const char *key, uint64_t size,
				 enum sp_code code, const char *says)
{
	struct sp_error err = { 0 };
	assert_int_equal(publish(f, key, size, &err), -1);
	if (err.code != code || strstr(err.message, says) == NULL)
		fail_msg("\"%s\": code %d: %s", key, err.code, err.message);
}

static void publishes_under_names_of_any_kind(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char longest[256];
	memset(longest, 'n', 255);
	longest[255] = '\0';
	const char *const keys[] = {
		"a.csv",
		"new/folder/deep/a.csv",
		"with space 'and' \"quotes\"/x",
		"\xc3\xa9t\xc3\xa9",
		"latin-\xe9/\xe9",
		longest,
	};
	umask(027);
	for (size_t i = 0; i < SP_COUNT_OF(keys); i++) {
		char path[400];
		snprintf(path, sizeof(path), "buckets/orders/%s", keys[i]);
		stage(f, keys[i], 1, "bytes");
		assert_false(exists(path));
		assert_int_equal(objects_sync_staging(f->objects, "orders", file_id, 1, 5, &err),
				 0);
		assert_int_equal(publish(f, keys[i], 5, &err), 0);
		assert_file(path, "bytes");
		struct stat status;
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0640);
	}
	umask(022);
	struct stat status;
	assert_int_equal(stat(STAGING, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(rmdir(STAGING), 0); /* so it is empty */
}

static void replaces_what_was_there(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	write_file("buckets/orders/a", "old content");
	write_file("outside", "stays");
	assert_int_equal(symlink("../../outside", "buckets/orders/link"), 0);
	stage(f, "a", 1, "new");
	assert_file("buckets/orders/a", "old content");
	assert_int_equal(publish(f, "a", 3, &err), 0);
	assert_file("buckets/orders/a", "new");

	stage(f, "link", 1, "new");
	assert_int_equal(publish(f, "link", 3, &err), 0);
	assert_file("buckets/orders/link", "new");
	assert_file("outside", "stays");
}

/* A crash may come after each of the steps that publishing has: create, sync, folders, rename. */
static void goes_on_from_wherever_it_was_stopped(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	stage(f, "in/deep/a", 1, "bytes");
	assert_int_equal(objects_sync_staging(f->objects, "orders", file_id, 1, 5, &err), 0);
	assert_int_equal(objects_sync_staging(f->objects, "orders", file_id, 1, 5, &err), 0);
	assert_int_equal(mkdir("buckets/orders/in", 0755), 0);
	assert_int_equal(publish(f, "in/deep/a", 5, &err), 0);
	assert_int_equal(publish(f, "in/deep/a", 5, &err), 0);
	assert_file("buckets/orders/in/deep/a", "bytes");
	assert_int_equal(rmdir(STAGING), 0);
	assert_int_equal(publish(f, "in/deep/a", 5, &err), 0);
}

static void never_takes_another_file_for_the_one_that_was_written(void **state)
{
	struct fixture *f = *state;
	assert_publish_fails(f, "a", 5, SP_NOT_FOUND, "temporary is gone");
	write_file("buckets/orders/a", "old");
	assert_publish_fails(f, "a", 5, SP_NOT_FOUND, "no file of its size");
	stage(f, "a", 1, "short");
	assert_publish_fails(f, "a", 6, SP_CHANGED, "has 5 bytes where 6 were written");
	struct sp_error err = { 0 };
	assert_int_equal(objects_sync_staging(f->objects, "orders", file_id, 1, 4, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	assert_int_equal(objects_sync_staging(f->objects, "orders", file_id, 2, 5, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_file("buckets/orders/a", "old");
}

static void a_folder_or_file_in_the_way_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(mkdir("buckets/orders/folder", 0755), 0);
	assert_int_equal(mkdir("buckets/orders/full", 0755), 0);
	write_file("buckets/orders/full/x", "x");
	write_file("buckets/orders/file", "x");
	assert_int_equal(symlink("nowhere", "buckets/orders/dangling"), 0);
	assert_int_equal(symlink("../..", "buckets/orders/out"), 0);
	stage(f, "folder", 1, "bytes");
	assert_publish_fails(f, "folder", 5, SP_CONFLICT, "there is a folder of that name");
	assert_publish_fails(f, "full", 5, SP_CONFLICT, "there is a folder of that name");
	assert_publish_fails(f, "file/a", 5, SP_CONFLICT, "\"file\" is a file and no folder");
	assert_publish_fails(f, "file/a/b", 5, SP_CONFLICT, "\"file\" is a file and no folder");
	assert_publish_fails(f, "dangling/a", 5, SP_CONFLICT, "leads nowhere");
	assert_publish_fails(f, "out/a", 5, SP_DENIED, "leads out of the bucket");
	assert_publish_fails(f, "../a", 5, SP_INVALID, "\"..\"");
	assert_false(exists("a"));
	assert_false(exists("buckets/a"));
}

static void a_newer_attempt_sweeps_the_older_ones_away(void **state)
{
	struct fixture *f = *state;
	stage(f, "a", 1, "first");
	write_file(STAGING "/ffeeddccbbaa99887766554433221100-1", "another file's");
	stage(f, "a", 2, "second");
	assert_false(exists(STAGING "/00112233445566778899aabbccddeeff-1"));
	assert_file(STAGING "/00112233445566778899aabbccddeeff-2", "second");
	assert_file(STAGING "/ffeeddccbbaa99887766554433221100-1", "another file's");

	/* A restored store counts from 1 again: what lies there is not written to. */
	stage(f, "a", 1, "3");
	assert_file(STAGING "/00112233445566778899aabbccddeeff-1", "3");

	objects_remove_staging(f->objects, "orders", file_id);
	assert_false(exists(STAGING "/00112233445566778899aabbccddeeff-1"));
	assert_false(exists(STAGING "/00112233445566778899aabbccddeeff-2"));
	assert_file(STAGING "/ffeeddccbbaa99887766554433221100-1", "another file's");
	objects_remove_staging(f->objects, "orders", file_id);
	objects_remove_staging(f->objects, "no-such-bucket", file_id);
}

static void temporaries_lie_in_a_real_folder_or_nowhere(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	int fd = -1;
	assert_int_equal(mkdir("elsewhere", 0755), 0);
	assert_int_equal(symlink("../../elsewhere", STAGING), 0);
	assert_int_equal(create_staging(f->objects, "orders", "a", file_id, 1, &fd, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(unlink(STAGING), 0);
	write_file(STAGING, "a file");
	assert_int_equal(create_staging(f->objects, "orders", "a", file_id, 1, &fd, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(create_staging(f->objects, "orders", "a", "../../x", 1, &fd, &err), -1);
	assert_int_equal(err.code, SP_INTERNAL);
	assert_int_equal(fd, -1);
}

/* What needs mounts or another user runs in a child that has its own mount namespace. */
static void in_a_child(struct fixture *f, void (*story)(struct fixture *f))
{
	if (geteuid() != 0) {
		print_message("only root can mount: not tried\n");
		skip();
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
			_exit(77);
		story(f);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("this machine lets nobody mount: not tried\n");
		skip();
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the child ended with status %#x", (unsigned)status);
}

/* cmocka's assertions jump out of the test function, which a child must not do. */
#define CHILD_CHECK(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_message("%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void another_file_system_story(struct fixture *f)
{
	struct sp_error err = { 0 };
	int fd = -1;
	CHILD_CHECK(mkdir("buckets/orders/mounted", 0755) == 0);
	CHILD_CHECK(mount("tmpfs", "buckets/orders/mounted", "tmpfs", 0, "size=64k") == 0);
	CHILD_CHECK(create_staging(f->objects, "orders", "mounted/a", file_id, 1, &fd, &err) == 0);
	CHILD_CHECK(publish(f, "mounted/a", 0, &err) == -1);
	CHILD_CHECK(err.code == SP_UNSUPPORTED);
	CHILD_CHECK(strstr(err.message, "on another file system") != NULL);
}

static void a_mount_inside_a_bucket_is_said_so(void **state)
{
	in_a_child(*state, another_file_system_story);
}

static void no_space_story(struct fixture *f)
{
	struct sp_error err = { 0 };
	int fd = -1;
	CHILD_CHECK(mount("tmpfs", "buckets/orders", "tmpfs", 0, "nr_inodes=4") == 0);
	/* The root, .sallyport, the temporary, and one folder fit. */
	CHILD_CHECK(create_staging(f->objects, "orders", "in/deep/a", file_id, 1, &fd, &err) == 0);
	CHILD_CHECK(publish(f, "in/deep/a", 0, &err) == -1);
	CHILD_CHECK(err.code == SP_NO_SPACE);
	CHILD_CHECK(create_staging(f->objects, "orders", "b", "ab", 1, &fd, &err) == -1);
	CHILD_CHECK(err.code == SP_NO_SPACE);
	CHILD_CHECK(strstr(err.message, "\"b\"") != NULL);
}

static void a_full_disk_is_said_so(void **state)
{
	in_a_child(*state, no_space_story);
}

static void read_only_story(struct fixture *f)
{
	struct sp_error err = { 0 };
	int fd = -1;
	CHILD_CHECK(mkdir("buckets/orders/locked", 0555) == 0);
	CHILD_CHECK(chown("buckets/orders", 65534, 65534) == 0);
	CHILD_CHECK(chmod(f->root, 0755) == 0);
	write_file("buckets/orders/private", "x");
	CHILD_CHECK(chmod("buckets/orders/private", 0) == 0);
	CHILD_CHECK(setegid(65534) == 0 && seteuid(65534) == 0);
	CHILD_CHECK(create_staging(f->objects, "orders", "locked/a", file_id, 1, &fd, &err) == 0);
	CHILD_CHECK(publish(f, "locked/a", 0, &err) == -1);
	CHILD_CHECK(err.code == SP_DENIED);
	CHILD_CHECK(strstr(err.message, "Permission denied") != NULL);
	struct object_identity identity = { 0 };
	CHILD_CHECK(open_source(f->objects, "orders", "private", &fd, &identity, &err) == -1);
	CHILD_CHECK(err.code == SP_DENIED);
}

static void a_folder_that_may_not_be_written_is_said_so(void **state)
{
	in_a_child(*state, read_only_story);
}

static void what_has_the_name_stays_when_nothing_may_be_replaced(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	write_file("buckets/orders/a", "older");
	stage(f, "a", 1, "newer");
	assert_true(objects_is_taken(f->objects, "orders", "a", NULL));
	/* What is no key has nothing, whatever its dots lead to. */
	assert_false(objects_is_taken(f->objects, "orders", "b/../a", NULL));
	assert_int_equal(objects_publish(f->objects, "orders", "a", file_id, 1, 5, false, &err),
			 -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_file("buckets/orders/a", "older");

	assert_false(objects_is_taken(f->objects, "orders", "b/a (2)", NULL));
	assert_int_equal(
		objects_publish(f->objects, "orders", "b/a (2)", file_id, 1, 5, false, &err), 0);
	assert_file("buckets/orders/b/a (2)", "newer");
	/* And once more, as after a crash. */
	assert_int_equal(
		objects_publish(f->objects, "orders", "b/a (2)", file_id, 1, 5, false, &err), 0);
}

static void a_name_that_was_given_by_a_link_is_given_once(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	stage(f, "a", 1, "bytes");
	/* What a crash leaves on a file system without RENAME_NOREPLACE. */
	char staged[128];
	snprintf(staged, sizeof(staged), STAGING "/%s-1", file_id);
	assert_int_equal(link(staged, "buckets/orders/a"), 0);
	assert_int_equal(objects_publish(f->objects, "orders", "a", file_id, 1, 5, false, &err), 0);
	assert_file("buckets/orders/a", "bytes");
	assert_false(exists(staged));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(what_has_the_name_stays_when_nothing_may_be_replaced),
		STORY(a_name_that_was_given_by_a_link_is_given_once),
		STORY(publishes_under_names_of_any_kind),
		STORY(replaces_what_was_there),
		STORY(goes_on_from_wherever_it_was_stopped),
		STORY(never_takes_another_file_for_the_one_that_was_written),
		STORY(a_folder_or_file_in_the_way_is_a_conflict),
		STORY(a_newer_attempt_sweeps_the_older_ones_away),
		STORY(temporaries_lie_in_a_real_folder_or_nowhere),
		STORY(a_mount_inside_a_bucket_is_said_so),
		STORY(a_full_disk_is_said_so),
		STORY(a_folder_that_may_not_be_written_is_said_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
