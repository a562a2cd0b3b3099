#include "folder.h"

#include <utime.h>

#include "base/clock.h"
#include "base/text.h"
#include "objects/buckets.h"
#include "objects/folder_notes.h"
#include "objects/folder_uploads.h"

#define STAGING   "buckets/orders/.sallyport"
#define UNKNOWN   "ffffffffffffffffffffffffffffffff"
#define ASSEMBLED "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char md5_of_one[] = "11111111111111111111111111111111";
static const char md5_of_two[] = "22222222222222222222222222222222";
static const char md5_of_new[] = "33333333333333333333333333333333";

static int put(struct fixture *f, const char *id, int number, const char *md5, const char *text,
	       struct sp_error *err)
{
	struct upload_part part = { .number = number, .size = strlen(text) };
	char file_id[UPLOAD_ID_SIZE];
	strcpy(part.md5, md5);
	snprintf(file_id, sizeof(file_id), "%032x", (unsigned)number);
	int fd = -1;
	assert_int_equal(create_staging(f->objects, "orders", "big", file_id, 0, &fd, err), 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return uploads_put_part(f->objects, "orders", id, file_id, &part, err);
}

static void begin(struct fixture *f, char id[UPLOAD_ID_SIZE], struct upload *upload)
{
	struct sp_error err = { 0 };
	json_t *told = json_pack("{s:s}", "content-type", "text/plain");
	if (uploads_begin(f->objects, "orders", "big", told, id, &err) != 0)
		fail_msg("%s", err.message);
	json_decref(told);
	assert_int_equal(uploads_find(f->objects, "orders", "big", id, upload, &err), 0);
}

static int assemble(struct fixture *f, const struct upload *upload, struct upload_part *parts,
		    size_t count, struct sp_error *err)
{
	int fd = -1;
	int result = uploads_assemble(f->objects, "orders", upload, parts, count, ASSEMBLED, &fd,
				      NULL, NULL, err);
	if (fd != -1)
		close(fd);
	return result;
}

static void who_completes_an_upload_does_so_alone(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char id[UPLOAD_ID_SIZE];
	struct upload upload;
	int first = -1, second = -1;
	begin(f, id, &upload);
	assert_int_equal(uploads_hold(f->objects, "orders", &upload, &first, &err), 0);
	assert_int_equal(uploads_hold(f->objects, "orders", &upload, &second, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	close(first);
	assert_int_equal(uploads_hold(f->objects, "orders", &upload, &first, &err), 0);
	assert_int_equal(uploads_remove(f->objects, "orders", id, &err), 0);
	assert_int_equal(uploads_hold(f->objects, "orders", &upload, &second, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(second, -1);
	close(first);
	upload_finish(&upload);
}

static void parts_become_one_object(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char id[UPLOAD_ID_SIZE];
	struct upload upload;
	begin(f, id, &upload);
	assert_string_equal(sp_json_string(upload.told, "content-type"), "text/plain");

	/* In any order, and one of them twice. */
	assert_int_equal(put(f, id, 2, md5_of_two, "two", &err), 0);
	assert_int_equal(put(f, id, 1, md5_of_one, "one ", &err), 0);
	assert_int_equal(put(f, id, 2, md5_of_new, "three", &err), 0);

	struct upload_part *parts;
	size_t count;
	assert_int_equal(uploads_list_parts(f->objects, "orders", id, &parts, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(parts[1].number, 2);
	assert_string_equal(parts[1].md5, md5_of_new);
	assert_int_equal(parts[1].size, 5);

	assert_int_equal(assemble(f, &upload, parts, count, &err), 0);
	assert_false(exists("buckets/orders/big"));
	assert_int_equal(objects_publish(f->objects, "orders", "big", ASSEMBLED, 0, 9, true, &err),
			 0);
	assert_file("buckets/orders/big", "one three");
	free(parts);

	assert_int_equal(uploads_remove(f->objects, "orders", id, &err), 0);
	assert_int_equal(uploads_remove(f->objects, "orders", id, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(put(f, id, 3, md5_of_one, "late", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	upload_finish(&upload);
}

static void a_part_that_is_not_there_leaves_nothing_half(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char id[UPLOAD_ID_SIZE];
	struct upload upload;
	begin(f, id, &upload);
	assert_int_equal(put(f, id, 1, md5_of_one, "one ", &err), 0);
	struct upload_part parts[] = { { .number = 1 }, { .number = 2 } };
	strcpy(parts[0].md5, md5_of_one);
	strcpy(parts[1].md5, md5_of_two);
	assert_int_equal(assemble(f, &upload, parts, 2, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_false(exists(STAGING "/" ASSEMBLED "-0"));
	assert_int_equal(assemble(f, &upload, parts, 1, &err), 0);
	upload_finish(&upload);
}

static void an_upload_is_found_by_its_key_and_id_only(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char id[UPLOAD_ID_SIZE];
	struct upload upload, other;
	begin(f, id, &upload);
	static const char *const wrong[] = { UNKNOWN, "", "../x", "upload-x" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(uploads_find(f->objects, "orders", "big", wrong[i], &other, &err),
				 -1);
		assert_int_equal(err.code, SP_NOT_FOUND);
	}
	assert_int_equal(uploads_find(f->objects, "orders", "small", id, &other, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);

	upload_finish(&upload);
}

/* All pages of @query, with a space between their items: keys, and groups as they are. */
static void list(struct fixture *f, struct uploads_query query, char ids[][UPLOAD_ID_SIZE],
		 size_t id_count, char *out)
{
	char key[32] = "", id[UPLOAD_ID_SIZE] = "";
	struct sp_error err = { 0 };
	*out = '\0';
	query.after_key = key;
	query.after_id = id;
	for (bool more = true; more;) {
		struct upload_listing page;
		assert_int_equal(uploads_list(f->objects, "orders", &query, &page, &err), 0);
		assert_true(page.count <= query.max && (page.count == query.max || !page.more));
		for (size_t i = 0; i < page.count; i++) {
			const struct listed_upload *one = &page.list[i];
			size_t at = 0;
			while (at < id_count && strcmp(ids[at], one->upload.id) != 0)
				at++;
			assert_true(one->is_group == (at == id_count));
			sprintf(out + strlen(out), "%s%s", *out != '\0' ? " " : "",
				one->upload.key);
			strcpy(key, one->upload.key);
			strcpy(id, one->upload.id);
		}
		more = page.more;
		upload_listing_finish(&page);
	}
}

static void uploads_are_listed_in_order_a_page_at_a_time(void **state)
{
	struct fixture *f = *state;
	static const char *const keys[] = { "b", "a/2", "c/1", "a/1", "b",     "a/1", "b",
					    "a", "c/2", "c/1", "d",   "c/0/x", "a/1", "c/1" };
	static const struct {
		const char *prefix;
		bool grouped;
		const char *expected;
	} lists[] = {
		{ "", false, "a a/1 a/1 a/1 a/2 b b b c/0/x c/1 c/1 c/1 c/2 d" },
		{ "", true, "a a/ b b b c/ d" },
		{ "c/", true, "c/0/ c/1 c/1 c/1 c/2" },
		{ "c", true, "c/" },
		{ "a/1", false, "a/1 a/1 a/1" },
		{ "e", true, "" },
	};
	char ids[SP_COUNT_OF(keys)][UPLOAD_ID_SIZE], found[1024];
	struct sp_error err = { 0 };
	list(f, (struct uploads_query){ .prefix = "", .max = 3 }, ids, 0, found);
	assert_string_equal(found, "");
	for (size_t i = 0; i < SP_COUNT_OF(keys); i++)
		assert_int_equal(uploads_begin(f->objects, "orders", keys[i], NULL, ids[i], &err),
				 0);
	for (size_t i = 0; i < SP_COUNT_OF(lists); i++) {
		for (size_t max = 1; max < 20; max++) {
			struct uploads_query query = { .prefix = lists[i].prefix,
						       .grouped = lists[i].grouped,
						       .max = max };
			list(f, query, ids, SP_COUNT_OF(ids), found);
			assert_string_equal(found, lists[i].expected);
		}
	}
}

static bool nothing_is_needed(void *ctx, const char *file_id)
{
	(void)ctx;
	(void)file_id;
	return false;
}

static void a_sweep_takes_uploads_that_nobody_touches(void **state)
{
	struct fixture *f = *state;
	char id[UPLOAD_ID_SIZE], path[128];
	struct upload upload;
	begin(f, id, &upload);
	snprintf(path, sizeof(path), STAGING "/upload-%s", id);
	int64_t now_ms = sp_now_ms();
	assert_int_equal(objects_sweep_staging(f->objects, OBJECTS_FOLDERS, now_ms + 1000, 10,
					       nothing_is_needed, NULL),
			 0);
	struct utimbuf old = { .modtime = (time_t)((now_ms - UPLOADS_KEPT_MS) / 1000 - 60) };
	utime(path, &old);
	assert_int_equal(objects_sweep_staging(f->objects, OBJECTS_FOLDERS, now_ms, 10,
					       nothing_is_needed, NULL),
			 1);
	assert_false(exists(path));

	/* What a crash left of one that was on its way out need not be that old. */
	mkdir(STAGING "/upload-" UNKNOWN, 0700);
	write_file(STAGING "/upload-" UNKNOWN "/00001-11111111111111111111111111111111", "x");
	old.modtime = (time_t)(now_ms / 1000 - 60);
	utime(STAGING "/upload-" UNKNOWN, &old);
	assert_int_equal(objects_sweep_staging(f->objects, OBJECTS_FOLDERS, now_ms, 10,
					       nothing_is_needed, NULL),
			 1);
	assert_false(exists(STAGING "/upload-" UNKNOWN));
	upload_finish(&upload);
}

static void whoever_completes_an_upload_keeps_its_parts_until_the_end(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	char id[UPLOAD_ID_SIZE], path[128];
	struct upload upload;
	int hold = -1;
	begin(f, id, &upload);
	snprintf(path, sizeof(path), STAGING "/upload-%s", id);
	int64_t now_ms = sp_now_ms();
	struct utimbuf old = { .modtime = (time_t)((now_ms - UPLOADS_KEPT_MS) / 1000 - 60) };
	utime(path, &old);
	assert_int_equal(uploads_hold(f->objects, "orders", &upload, &hold, &err), 0);
	assert_int_equal(uploads_abort(f->objects, "orders", &upload, &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_int_equal(objects_sweep_staging(f->objects, OBJECTS_FOLDERS, now_ms, 10,
					       nothing_is_needed, NULL),
			 0);
	assert_true(exists(path));
	close(hold);
	assert_int_equal(uploads_abort(f->objects, "orders", &upload, &err), 0);
	assert_false(exists(path));
	assert_int_equal(uploads_abort(f->objects, "orders", &upload, &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	upload_finish(&upload);
}

/* ---- what is said of an object ------------------------------------------------------------------------------------ */

static void notes_hold_until_the_file_is_written_to(void **state)
{
	(void)state;
	struct sp_error err = { 0 };
	struct object_notes notes = { .told = json_pack("{s:s,s:s}", "content-type", "text/plain",
							"checksum", "sum") };
	struct object_notes found;
	strcpy(notes.etag, "0123456789abcdef0123456789abcdef");
	int fd = open("buckets/orders/a", O_RDWR | O_CREAT, 0644);
	assert_int_equal(write(fd, "text", 4), 4);
	if (object_notes_write(fd, &notes, &err) != 0)
		skip(); /* this file system keeps no attributes */
	object_notes_read(fd, &found);
	assert_string_equal(found.etag, notes.etag);
	assert_string_equal(sp_json_string(found.told, "checksum"), "sum");
	object_notes_finish(&found);

	assert_int_equal(write(fd, "more", 4), 4);
	object_notes_read(fd, &found);
	assert_non_null(strstr(found.etag, "-0"));
	assert_null(sp_json_string(found.told, "checksum"));
	assert_string_equal(sp_json_string(found.told, "content-type"), "text/plain");
	object_notes_finish(&found);

	char long_text[OBJECT_NOTES_MAX + 1] = "";
	memset(long_text, 'x', sizeof(long_text) - 1);
	json_object_set_new(notes.told, "long", json_string(long_text));
	assert_int_equal(object_notes_write(fd, &notes, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	object_notes_finish(&notes);
	close(fd);
}

static void a_file_of_others_has_an_etag_of_its_own(void **state)
{
	(void)state;
	struct object_notes first, second;
	write_file("buckets/orders/a", "text");
	write_file("buckets/orders/b", "text");
	int fd = open("buckets/orders/a", O_RDONLY);
	object_notes_read(fd, &first);
	object_notes_read(fd, &second);
	assert_string_equal(first.etag, second.etag);
	close(fd);
	fd = open("buckets/orders/b", O_RDONLY);
	object_notes_read(fd, &second);
	assert_string_not_equal(first.etag, second.etag);
	close(fd);
}

/* ---- buckets ------------------------------------------------------------------------------------------------------ */

static void why_a_bucket_could_not_be_made_is_said(void **state)
{
	struct fixture *f = *state;
	enum { NOBODY = 65534 };
	struct sp_error err = { 0 };
	assert_int_equal(chmod(f->root, 0755), 0);
	assert_int_equal(chmod("buckets", 0555), 0);
	if (getuid() == 0)
		assert_int_equal(seteuid(NOBODY), 0);
	assert_int_equal(objects_make_bucket(f->objects, "made", &err), -1);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod("buckets", 0755), 0);
	assert_int_equal(err.code, SP_DENIED);
	assert_non_null(strstr(err.message, "could not make bucket \"made\": Permission denied"));
}

static void a_folder_of_the_configuration_that_is_away_is_not_one_that_there_is_none_of(
	void **state)
{
	struct fixture *f = *state;
	char directory[96], path[96];
	struct objects *objects;
	struct sp_error err = { 0 };
	snprintf(directory, sizeof(directory), "%s/buckets", f->root);
	snprintf(path, sizeof(path), "%s/mounted", f->root);
	assert_int_equal(mkdir("mounted", 0755), 0);
	const struct bucket_option named = { .name = "mounted", .path = path };
	assert_int_equal(objects_open(directory, &named, 1, &objects, &err), 0);
	assert_int_equal(objects_find_bucket(objects, "mounted", &err), 0);
	assert_int_equal(rmdir("mounted"), 0);
	assert_int_equal(objects_find_bucket(objects, "mounted", &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	assert_non_null(strstr(err.message, "not mounted"));
	assert_int_equal(objects_find_bucket(objects, "nowhere", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(rename("buckets", "away"), 0);
	assert_int_equal(objects_find_bucket(objects, "orders", &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	assert_int_equal(rename("away", "buckets"), 0);
	objects_close(objects);
}

static void a_bucket_goes_when_only_empty_folders_are_in_it(void **state)
{
	struct fixture *f = *state;
	struct sp_error err = { 0 };
	assert_int_equal(objects_make_bucket(f->objects, "orders", &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_int_equal(objects_make_bucket(f->objects, "No", &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_int_equal(objects_make_bucket(f->objects, "made", &err), 0);
	assert_int_equal(objects_find_bucket(f->objects, "made", &err), 0);

	struct listed_bucket *buckets;
	size_t count;
	assert_int_equal(objects_all_buckets(f->objects, &buckets, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(buckets[0].name, "made");
	assert_true(buckets[0].time_ms > 0);
	listed_buckets_finish(buckets, 2);

	mkdir("buckets/made/a", 0755);
	mkdir("buckets/made/a/b", 0755);
	mkdir("buckets/made/.sallyport", 0700);
	write_file("buckets/made/a/b/file", "");
	assert_int_equal(objects_remove_bucket(f->objects, "made", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_true(exists("buckets/made/a/b/file"));
	unlink("buckets/made/a/b/file");
	assert_int_equal(objects_remove_bucket(f->objects, "made", &err), 0);
	assert_false(exists("buckets/made"));
	assert_int_equal(objects_remove_bucket(f->objects, "made", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_completes_an_upload_does_so_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(parts_become_one_object, set_up, tear_down),
		cmocka_unit_test_setup_teardown(uploads_are_listed_in_order_a_page_at_a_time,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_part_that_is_not_there_leaves_nothing_half,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_upload_is_found_by_its_key_and_id_only, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			whoever_completes_an_upload_keeps_its_parts_until_the_end, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_sweep_takes_uploads_that_nobody_touches, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(notes_hold_until_the_file_is_written_to, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_file_of_others_has_an_etag_of_its_own, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(why_a_bucket_could_not_be_made_is_said, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_folder_of_the_configuration_that_is_away_is_not_one_that_there_is_none_of,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bucket_goes_when_only_empty_folders_are_in_it,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
