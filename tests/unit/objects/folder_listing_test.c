#include "folder.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/resource.h>

#include "base/text.h"
#include "objects/buckets.h"
#include "objects/folder_listing.h"
#include "objects/folder_removal.h"
#include "objects/folder_uploads.h"

#define BUCKET "buckets/orders/"

static const struct listing_query everything = { "", "", false, LISTING_PAGE_MAX };

/* The keys of a page with a space between them, as one text. */
static void list(struct fixture *f, const struct listing_query *query, char *out, bool *out_more)
{
	struct object_listing listing;
	struct sp_error err = { 0 };
	if (objects_list(f->objects, "orders", query, &listing, &err) != 0)
		fail_msg("%s", err.message);
	*out = '\0';
	for (size_t i = 0; i < listing.count; i++)
		sprintf(out + strlen(out), "%s%s", i > 0 ? " " : "", listing.objects[i].key);
	*out_more = listing.more;
	object_listing_finish(&listing);
}

static void assert_lists(struct fixture *f, struct listing_query query, const char *expected)
{
	char keys[4096];
	bool more;
	list(f, &query, keys, &more);
	assert_string_equal(keys, expected);
	assert_false(more);
}

static void make_keys(const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char path[512], *slash = path + strlen(BUCKET);
		snprintf(path, sizeof(path), BUCKET "%s", keys[i]);
		while ((slash = strchr(slash, '/')) != NULL) {
			*slash = '\0';
			mkdir(path, 0755);
			*slash++ = '/';
		}
		write_file(path, keys[i]);
	}
}

/* What sorts between "a/" and "a": the slash that a folder's name does not have. */
static const char *const odd[] = { "a!", "a-b/1", "a.txt", "a/1", "a/b/c", "a/b.c", "a0", "b" };

static void keys_come_in_the_order_of_their_bytes(void **state)
{
	struct fixture *f = *state;
	make_keys(odd, SP_COUNT_OF(odd));
	assert_lists(f, everything, "a! a-b/1 a.txt a/1 a/b.c a/b/c a0 b");
	assert_lists(f, (struct listing_query){ "a/", "", false, 100 }, "a/1 a/b.c a/b/c");
	assert_lists(f, (struct listing_query){ "a/b", "", false, 100 }, "a/b.c a/b/c");
	assert_lists(f, (struct listing_query){ "a", "", true, 100 }, "a! a-b/ a.txt a/ a0");
	assert_lists(f, (struct listing_query){ "", "", true, 100 }, "a! a-b/ a.txt a/ a0 b");
	assert_lists(f, (struct listing_query){ "a/", "", true, 100 }, "a/1 a/b.c a/b/");
}

static void a_page_goes_on_where_the_one_before_ended(void **state)
{
	struct fixture *f = *state;
	static const struct {
		bool grouped;
		const char *all;
	} lists[] = { { false, "a! a-b/1 a.txt a/1 a/b.c a/b/c a0 b" },
		      { true, "a! a-b/ a.txt a/ a0 b" } };
	make_keys(odd, SP_COUNT_OF(odd));
	for (size_t size = 1; size <= 9; size++) {
		for (size_t i = 0; i < SP_COUNT_OF(lists); i++) {
			char all[4096] = "", page[1024], after[1024] = "";
			bool more = true;
			while (more) {
				struct listing_query query = { "", after, lists[i].grouped, size };
				list(f, &query, page, &more);
				if (*all != '\0')
					strcat(all, " ");
				strcat(all, page);
				const char *last = strrchr(page, ' ');
				strcpy(after, last == NULL ? page : last + 1);
			}
			assert_string_equal(all, lists[i].all);
		}
	}
}

static void what_comes_after_a_key_within_a_group_still_has_the_group(void **state)
{
	struct fixture *f = *state;
	make_keys(odd, SP_COUNT_OF(odd));
	assert_lists(f, (struct listing_query){ "", "a/1", true, 100 }, "a/ a0 b");
	assert_lists(f, (struct listing_query){ "", "a/1", false, 100 }, "a/b.c a/b/c a0 b");
	assert_lists(f, (struct listing_query){ "", "a/", false, 100 }, "a/1 a/b.c a/b/c a0 b");
	assert_lists(f, (struct listing_query){ "", "zz", false, 100 }, "");
	assert_lists(f, (struct listing_query){ "a/", "a/b", false, 100 }, "a/b.c a/b/c");
	assert_lists(f, (struct listing_query){ "a/", "a", false, 100 }, "a/1 a/b.c a/b/c");
	assert_lists(f, (struct listing_query){ "a/", "b", false, 100 }, "");
	assert_lists(f, (struct listing_query){ "a/", "a/b/", true, 100 }, "");
}

static void what_is_no_key_is_not_listed(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "x/.sallyport/y", "latin-\xe9", "good" };
	make_keys(keys, SP_COUNT_OF(keys));
	mkdir(BUCKET ".sallyport", 0700);
	write_file(BUCKET ".sallyport/temporary", "");
	mkdir(BUCKET "empty", 0755);
	assert_int_equal(symlink("good", BUCKET "link"), 0);
	assert_int_equal(mkfifo(BUCKET "pipe", 0600), 0);
	assert_lists(f, everything, "good x/.sallyport/y");
	assert_lists(f, (struct listing_query){ "", "", true, 100 }, "empty/ good x/");
	static const char *const nowhere[] = { "../", "good/",       "..",   "a//b",
					       "/",   ".sallyport/", "link/" };
	for (size_t i = 0; i < SP_COUNT_OF(nowhere); i++)
		assert_lists(f, (struct listing_query){ nowhere[i], "", false, 100 }, "");
}

static void a_folder_of_more_names_than_are_kept_is_whole(void **state)
{
	struct fixture *f = *state;
	enum { FILES = 3 * LISTING_PAGE_MAX };
	for (int i = 0; i < FILES; i++) {
		char path[64];
		snprintf(path, sizeof(path), BUCKET "%06d", i * 7919 % 999983);
		write_file(path, "");
	}
	/* Empty folders in front: a page must not end because the names that were kept led to nothing. */
	for (int i = 0; i < 2 * LISTING_PAGE_MAX; i++) {
		char path[64];
		snprintf(path, sizeof(path), BUCKET "!%06d", i);
		mkdir(path, 0755);
	}
	char after[64] = "";
	size_t seen = 0;
	for (bool more = true; more;) {
		struct object_listing listing;
		struct sp_error err = { 0 };
		struct listing_query query = { "", after, false, LISTING_PAGE_MAX };
		assert_int_equal(objects_list(f->objects, "orders", &query, &listing, &err), 0);
		for (size_t i = 0; i < listing.count; i++, seen++) {
			assert_true(strcmp(listing.objects[i].key, after) > 0);
			strcpy(after, listing.objects[i].key);
		}
		more = listing.more;
		object_listing_finish(&listing);
	}
	assert_int_equal(seen, FILES);
}

static void deeper_folders_than_the_limit_are_refused(void **state)
{
	struct fixture *f = *state;
	char path[1024] = BUCKET;
	for (int i = 0; i <= LISTING_DEPTH_MAX; i++) {
		strcat(path, "d/");
		assert_int_equal(mkdir(path, 0755), 0);
	}
	struct object_listing listing;
	struct sp_error err = { 0 };
	assert_int_equal(objects_list(f->objects, "orders", &everything, &listing, &err), -1);
	assert_int_equal(err.code, SP_UNSUPPORTED);
	assert_non_null(strstr(err.message, "is deeper than 64 folders"));
}

/* ---- what cannot be read: who mirrors the bucket removes what is not listed ---------------------------------------- */

static enum sp_code listing_fails(struct fixture *f, const char *word)
{
	struct object_listing listing;
	struct sp_error err = { 0 };
	if (objects_list(f->objects, "orders", &everything, &listing, &err) == 0) {
		object_listing_finish(&listing);
		return SP_OK;
	}
	if (word != NULL)
		assert_non_null(strstr(err.message, word));
	return err.code;
}

static void no_page_is_told_without_what_there_were_no_descriptors_for(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "a", "lost+found/b/c/d/2" };
	make_keys(keys, SP_COUNT_OF(keys));
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	size_t refused = 0;
	bool was_listed = false;
	int next = dup(0);
	assert_true(next > 0);
	close(next);
	for (int more = 0; more < 12; more++) {
		limit = (struct rlimit){ (rlim_t)(next + more), before.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
		enum sp_code code = listing_fails(f, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		assert_true(code == SP_OK ? more > 0 : code == SP_LIMIT && !was_listed);
		if (code == SP_LIMIT)
			refused++;
		else if (!was_listed)
			assert_lists(f, everything, "a lost+found/b/c/d/2");
		was_listed = code == SP_OK;
	}
	assert_true(was_listed);
	assert_true(refused > 5); /* the bucket, its prefix, and each folder of the deepest key */
}

/* Root may read all. */
static void become(uid_t user)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(user), 0);
}

static void a_folder_that_may_not_be_read_fails_the_page_and_lost_found_does_not(void **state)
{
	struct fixture *f = *state;
	enum { NOBODY = 65534 };
	static const char *const keys[] = { "a", "lost+found/x", "sub/lost+found/y", "z" };
	make_keys(keys, SP_COUNT_OF(keys));
	assert_int_equal(chmod(f->root, 0755), 0);
	assert_int_equal(chmod(BUCKET "lost+found", 0), 0);
	become(NOBODY);
	assert_lists(f, everything, "a sub/lost+found/y z");
	become(0);
	assert_int_equal(chmod(BUCKET "sub/lost+found", 0), 0);
	become(NOBODY);
	assert_int_equal(listing_fails(f, "\"sub/lost+found/\" cannot be read"), SP_DENIED);
	assert_lists(f, (struct listing_query){ "", "", true, 100 }, "a lost+found/ sub/ z");
	become(0);
	/* Its names can be read, and not what they are. */
	assert_int_equal(chmod(BUCKET "sub/lost+found", 0744), 0);
	become(NOBODY);
	assert_int_equal(listing_fails(f, "\"sub/lost+found/y\" cannot be read"), SP_DENIED);
	become(0);
	assert_int_equal(chmod(BUCKET "lost+found", 0755), 0);
	assert_int_equal(chmod(BUCKET "sub/lost+found", 0755), 0);
}

/* The disk's: from the so-manieth entry on it cannot be read. */
static int entries_until_failure = -1;

struct dirent *readdir(DIR *folder)
{
	static struct dirent *(*real)(DIR *);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "readdir64");
	if (entries_until_failure == 0) {
		errno = EIO;
		return NULL;
	}
	if (entries_until_failure > 0)
		entries_until_failure--;
	return real(folder);
}

static void a_folder_whose_disk_fails_is_no_short_one(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "a", "b/c" };
	enum { ENTRIES = 7 }; /* with "." and ".." */
	make_keys(keys, SP_COUNT_OF(keys));
	for (int i = 0; i < ENTRIES; i++) {
		entries_until_failure = i;
		assert_int_equal(listing_fails(f, "cannot be read"), SP_SYSTEM);
	}
	entries_until_failure = -1;
	assert_lists(f, everything, "a b/c");

	char id[UPLOAD_ID_SIZE];
	struct upload_part *parts;
	struct upload_listing uploads;
	const struct uploads_query query = { "", "", "", false, 10 };
	struct listed_bucket *buckets;
	size_t count;
	struct sp_error err = { 0 };
	assert_int_equal(uploads_begin(f->objects, "orders", "k", NULL, id, &err), 0);
	entries_until_failure = 2;
	assert_int_equal(uploads_list_parts(f->objects, "orders", id, &parts, &count, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	entries_until_failure = 2;
	assert_int_equal(uploads_list(f->objects, "orders", &query, &uploads, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	entries_until_failure = 2;
	assert_int_equal(objects_all_buckets(f->objects, &buckets, &count, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	entries_until_failure = -1;
}

/* ---- what goes ---------------------------------------------------------------------------------------------------- */

static enum sp_code remove_key(struct fixture *f, const char *key)
{
	struct object_removal removal = { .key = key };
	objects_remove(f->objects, "orders", &removal, 1);
	return removal.result.code;
}

static void objects_go_and_folders_stay(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "in/a", "in/b" };
	make_keys(keys, SP_COUNT_OF(keys));
	assert_int_equal(remove_key(f, "in/a"), SP_OK);
	assert_int_equal(remove_key(f, "in/a"), SP_OK);
	assert_int_equal(remove_key(f, "in"), SP_OK);
	assert_int_equal(remove_key(f, "in/"), SP_OK);
	assert_int_equal(remove_key(f, "in/b/c"), SP_OK);
	assert_lists(f, everything, "in/b");
	assert_int_equal(remove_key(f, "in/b"), SP_OK);
	assert_true(objects_has_folder(f->objects, "orders", "in/"));
	assert_int_equal(remove_key(f, "in/"), SP_OK);
	assert_false(objects_has_folder(f->objects, "orders", "in/"));
	static const char *const refused[] = { "../x", ".sallyport/x", "a//b", "/" };
	for (size_t i = 0; i < SP_COUNT_OF(refused); i++)
		assert_int_equal(remove_key(f, refused[i]), SP_INVALID);
}

static void folders_are_made_with_those_above_them(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	assert_int_equal(objects_make_folder(f->objects, "orders", "x/y/z/", &err), 0);
	assert_int_equal(objects_make_folder(f->objects, "orders", "x/y/z/", &err), 0);
	assert_true(exists(BUCKET "x/y/z"));
	write_file(BUCKET "file", "");
	assert_int_equal(objects_make_folder(f->objects, "orders", "file/", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(objects_make_folder(f->objects, "orders", "file/in/", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(symlink("/tmp", BUCKET "out"), 0);
	assert_int_equal(objects_make_folder(f->objects, "orders", "out/in/", &err), -1);
	assert_int_equal(err.code, SP_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_come_in_the_order_of_their_bytes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_page_goes_on_where_the_one_before_ended, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			what_comes_after_a_key_within_a_group_still_has_the_group, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_not_listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_of_more_names_than_are_kept_is_whole,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(deeper_folders_than_the_limit_are_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			no_page_is_told_without_what_there_were_no_descriptors_for, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_folder_that_may_not_be_read_fails_the_page_and_lost_found_does_not,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_folder_whose_disk_fails_is_no_short_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(objects_go_and_folders_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(folders_are_made_with_those_above_them, set_up,
						tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
