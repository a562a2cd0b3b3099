/*
 * What every backend of objects/ promises, asked of each in turn: of folders always, of storage that speaks S3 when
 * SALLYPORT_TEST_STORAGE says where there is some ("endpoint bucket credentials"), as the story `storage` does.
 */
#include "folder.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

enum { BOOK_MAX = 64, WORDS = 3 };

/* ---- a book in memory ---- */

struct book {
	struct object_upload uploads[BOOK_MAX];
	size_t count;
};

static struct object_upload copy_upload(const struct object_upload *upload)
{
	struct object_upload copy = *upload;
	copy.bucket = sp_strdup(upload->bucket);
	copy.key = sp_strdup(upload->key);
	copy.id = sp_strdup(upload->id);
	return copy;
}

static int add(void *ctx, const struct object_upload *upload, struct sp_error *err)
{
	struct book *book = ctx;
	(void)err;
	book->uploads[book->count++] = copy_upload(upload);
	return 0;
}

static int find(void *ctx, const char *file_id, int attempt, struct object_upload *out,
		struct sp_error *err)
{
	const struct book *book = ctx;
	for (size_t i = 0; i < book->count; i++) {
		if (strcmp(book->uploads[i].file_id, file_id) != 0 ||
		    book->uploads[i].attempt != attempt)
			continue;
		*out = copy_upload(&book->uploads[i]);
		return 0;
	}
	return sp_fail(err, SP_NOT_FOUND, "no upload");
}

static int list(void *ctx, const char *file_id, int64_t before_ms, const char *after,
		struct object_upload *out, size_t max, size_t *out_count, struct sp_error *err)
{
	const struct book *book = ctx;
	(void)err;
	*out_count = 0;
	for (size_t i = 0; after == NULL && i < book->count && *out_count < max; i++)
		if (book->uploads[i].created_ms < before_ms &&
		    (file_id == NULL || strcmp(book->uploads[i].file_id, file_id) == 0))
			out[(*out_count)++] = copy_upload(&book->uploads[i]);
	return 0;
}

static int forget(void *ctx, const char *upload_id, struct sp_error *err)
{
	struct book *book = ctx;
	(void)err;
	for (size_t i = 0; i < book->count; i++) {
		if (strcmp(book->uploads[i].id, upload_id) != 0)
			continue;
		object_upload_finish(&book->uploads[i]);
		book->uploads[i] = book->uploads[--book->count];
		return 0;
	}
	return 0;
}

/* ---- both kinds ---- */

struct house {
	struct fixture *folder;  /* its objects have the bucket "orders", which is a folder … */
	struct objects *storage; /* … and these one of that name at storage; NULL: there is none */
	struct book book;
	char prefix[SP_UUID_SIZE];
};

static int open_storage(struct house *house)
{
	char *words[WORDS], *rest = NULL;
	SP_AUTO_FREE char *where = sp_strdup(getenv("SALLYPORT_TEST_STORAGE"));
	if (where == NULL)
		return 0;
	char *line = where;
	for (size_t i = 0; i < WORDS; i++, line = NULL)
		if ((words[i] = strtok_r(line, " ", &rest)) == NULL)
			return -1;
	char path[256];
	sp_random_uuid(house->prefix);
	snprintf(path, sizeof(path), "s3://%s/%s", words[1], house->prefix);
	const struct bucket_option option = {
		.name = "orders", .path = path, .endpoint = words[0], .credentials = words[2]
	};
	struct sp_error err = { 0 };
	if (objects_open("other", &option, 1, &house->storage, &err) != 0)
		fail_msg("%s", err.message);
	const struct upload_book book = {
		.ctx = &house->book, .add = add, .find = find, .list = list, .forget = forget
	};
	objects_set_book(house->storage, &book);
	return 0;
}

static int open_house(void **state)
{
	struct house *house = calloc(1, sizeof(*house));
	void *folder = NULL;
	if (set_up(&folder) != 0)
		return -1;
	house->folder = folder;
	*state = house;
	return open_storage(house);
}

static int close_house(void **state)
{
	struct house *house = *state;
	void *folder = house->folder;
	objects_close(house->storage);
	for (size_t i = 0; i < house->book.count; i++)
		object_upload_finish(&house->book.uploads[i]);
	free(house);
	return tear_down(&folder);
}

static struct objects *kinds(const struct house *house, size_t i)
{
	struct objects *const both[] = { house->folder->objects, house->storage };
	return i < SP_COUNT_OF(both) ? both[i] : NULL;
}

#define EACH_KIND(house, objects)                                                                  \
	size_t kind_ = 0;                                                                          \
	for (struct objects * objects; (objects = kinds(house, kind_)) != NULL; kind_++)

/* ---- what whoever moves the bytes does ---- */

static size_t give(char *out, size_t size, size_t count, void *ctx)
{
	const char **rest = ctx;
	size_t length = strlen(*rest) < size * count ? strlen(*rest) : size * count;
	memcpy(out, *rest, length);
	*rest += length;
	return length;
}

static void put_to(const char *url, const char *text, const char *mark)
{
	CURL *handle = curl_easy_init();
	long status = 0;
	char header[128];
	snprintf(header, sizeof(header), "x-amz-meta-sallyport: %s", mark);
	struct curl_slist *headers = mark[0] == '\0' ? NULL : curl_slist_append(NULL, header);
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)strlen(text));
	curl_easy_setopt(handle, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(handle, CURLOPT_READDATA, &text);
	assert_int_equal(curl_easy_perform(handle), CURLE_OK);
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
	assert_int_equal(status, 200);
	curl_easy_cleanup(handle);
	curl_slist_free_all(headers);
}

static const char file_id[] = "00112233445566778899aabbccddeeff";

/* A temporary with @text in it. */
static void stage(struct objects *objects, const char *key, const char *id, int attempt,
		  const char *text)
{
	struct object_way way = { .fd = -1 };
	struct sp_error err = { 0 };
	if (objects_create_staging(objects, "orders", key, id, attempt, &way, &err) != 0)
		fail_msg("%s", err.message);
	if (way.fd >= 0) {
		assert_int_equal(write(way.fd, text, strlen(text)), (ssize_t)strlen(text));
	} else {
		SP_AUTO_SECRET char *urls = NULL;
		assert_int_equal(
			objects_part_urls(objects, "orders", key, id, attempt, 1, 1, &urls, &err),
			0);
		urls[strcspn(urls, "\n")] = '\0';
		put_to(urls, text, "");
	}
	object_way_finish(&way);
}

static int publish(struct objects *objects, const char *key, uint64_t size, bool replaces,
		   struct sp_error *err)
{
	return objects_publish(objects, "orders", key, file_id, 1, size, replaces, err);
}

static void make(struct objects *objects, const char *key, const char *text)
{
	struct sp_error err = { 0 };
	stage(objects, key, file_id, 1, text);
	if (publish(objects, key, strlen(text), true, &err) != 0)
		fail_msg("%s", err.message);
}

static void assert_object(struct objects *objects, const char *key, const char *text)
{
	char bytes[64] = "";
	SP_AUTO_FD fd = -1;
	struct object_identity identity;
	struct sp_error err = { 0 };
	if (objects_open_bytes(objects, "orders", key, sizeof(bytes), &fd, &identity, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(identity.size, strlen(text));
	assert_int_equal(pread(fd, bytes, sizeof(bytes) - 1, 0), (ssize_t)strlen(text));
	assert_string_equal(bytes, text);
}

/* ---- promises ---- */

static void what_is_published_is_there_as_a_whole_and_not_before(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		stage(objects, "in/a.csv", file_id, 1, "hello");
		assert_false(objects_is_taken(objects, "orders", "in/a.csv", NULL));
		assert_int_equal(objects_sync_staging(objects, "orders", file_id, 1, 5, &err), 0);
		assert_int_equal(publish(objects, "in/a.csv", 5, true, &err), 0);
		assert_true(objects_is_taken(objects, "orders", "in/a.csv", NULL));
		assert_object(objects, "in/a.csv", "hello");
	}
}

static void publishing_may_be_repeated(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		make(objects, "again", "hello");
		assert_int_equal(publish(objects, "again", 5, true, &err), 0);
		assert_object(objects, "again", "hello");
	}
}

static void what_is_there_is_replaced_only_when_it_may_be(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		make(objects, "taken", "first");
		stage(objects, "taken", file_id, 1, "second");
		assert_int_equal(publish(objects, "taken", 6, false, &err), -1);
		assert_int_equal(err.code, SP_EXISTS);
		assert_object(objects, "taken", "first");
		assert_int_equal(publish(objects, "taken", 6, true, &err), 0);
		assert_object(objects, "taken", "second");
	}
}

static void a_temporary_of_another_size_is_not_published(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		stage(objects, "short", file_id, 1, "hello");
		assert_int_equal(publish(objects, "short", 6, true, &err), -1);
		assert_int_equal(err.code, SP_CHANGED);
		assert_false(objects_is_taken(objects, "orders", "short", NULL));
		objects_remove_staging(objects, "orders", file_id);
	}
}

static void what_was_removed_is_not_there_to_be_published(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		stage(objects, "gone", file_id, 1, "hello");
		objects_remove_staging(objects, "orders", file_id);
		objects_remove_staging(objects, "orders", file_id); /* and that is no failure */
		assert_int_equal(publish(objects, "gone", 5, true, &err), -1);
		assert_int_equal(err.code, SP_NOT_FOUND);
	}
}

static void only_the_newest_attempt_has_a_temporary(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		stage(objects, "newest", file_id, 1, "old");
		stage(objects, "newest", file_id, 2, "newer");
		assert_int_equal(publish(objects, "newest", 3, true, &err), -1);
		assert_int_equal(
			objects_publish(objects, "orders", "newest", file_id, 2, 5, true, &err), 0);
		assert_object(objects, "newest", "newer");
	}
}

static void a_temporary_is_gone_on_with_only_as_it_was(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct object_way way = { .fd = -1 };
		stage(objects, "on", file_id, 1, "hello");
		struct sp_error err = { 0 };
		assert_int_equal(objects_open_staging(objects, "orders", file_id, 1, 6, &way, &err),
				 -1);
		assert_int_equal(err.code, SP_CHANGED);
		assert_int_equal(objects_open_staging(objects, "orders", file_id, 2, 5, &way, &err),
				 -1);
		assert_int_equal(err.code, SP_NOT_FOUND);
		assert_int_equal(objects_open_staging(objects, "orders", file_id, 1, 5, &way, &err),
				 0);
		assert_true(way.fd >= 0 || (way.url != NULL && way.parts == 1));
		object_way_finish(&way);
		objects_remove_staging(objects, "orders", file_id);
	}
}

static void a_source_is_known_again_until_it_is_another(void **state)
{
	EACH_KIND(*state, objects)
	{
		struct object_way way = { .fd = -1 };
		struct object_identity identity;
		struct sp_error err = { 0 };
		make(objects, "source", "hello");
		assert_int_equal(
			objects_open_source(objects, "orders", "source", &way, &identity, &err), 0);
		assert_int_equal(identity.size, 5);
		assert_true(way.fd >= 0 || way.url != NULL);
		object_way_finish(&way);
		assert_int_equal(objects_check_source(objects, "orders", "source", &identity, &err),
				 0);
		make(objects, "source", "world");
		assert_int_equal(objects_check_source(objects, "orders", "source", &identity, &err),
				 -1);
		assert_int_equal(err.code, SP_CHANGED);
		assert_int_equal(
			objects_check_source(objects, "orders", "nothing", &identity, &err), -1);
		assert_int_equal(err.code, SP_CHANGED);
		assert_int_equal(
			objects_open_source(objects, "orders", "nothing", &way, &identity, &err),
			-1);
		assert_int_equal(err.code, SP_NOT_FOUND);
		assert_non_null(strstr(err.message, "\"nothing\" in bucket \"orders\""));
	}
}

static bool is_mine(void *ctx, const char *id)
{
	return strcmp(id, ctx) == 0;
}

static void what_nobody_needs_is_swept_away_and_nothing_else(void **state)
{
	char needed[] = "ffeeddccbbaa99887766554433221100";
	EACH_KIND(*state, objects)
	{
		struct sp_error err = { 0 };
		stage(objects, "left", file_id, 1, "left");
		stage(objects, "needed", needed, 1, "needed");
		size_t where;
		if (!objects_storage_of(objects, "orders", &where))
			where = OBJECTS_FOLDERS;
		assert_int_equal(objects_sweep_staging(objects, where, 1, 10, is_mine, needed),
				 0); /* all are young */
		assert_int_equal(objects_sweep_staging(objects, where, sp_now_ms() + 60000, 10,
						       is_mine, needed),
				 1);
		assert_int_equal(publish(objects, "left", 4, true, &err), -1);
		assert_int_equal(
			objects_publish(objects, "orders", "needed", needed, 1, 6, true, &err), 0);
	}
}

static void keys_of_storage_may_be_what_folders_cannot_have(void **state)
{
	const struct house *house = *state;
	struct sp_error err = { 0 };
	assert_int_equal(objects_check_key(house->folder->objects, "orders", "a//b", &err), -1);
	if (house->storage == NULL)
		return;
	make(house->storage, "a//b", "odd");
	make(house->storage, "./%41 +=&\xc3\xa9", "odder");
	assert_object(house->storage, "a//b", "odd");
	assert_object(house->storage, "./%41 +=&\xc3\xa9", "odder");
	assert_int_equal(objects_check_key(house->storage, "orders", "a\nb", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_published_is_there_as_a_whole_and_not_before),
		cmocka_unit_test(publishing_may_be_repeated),
		cmocka_unit_test(what_is_there_is_replaced_only_when_it_may_be),
		cmocka_unit_test(a_temporary_of_another_size_is_not_published),
		cmocka_unit_test(what_was_removed_is_not_there_to_be_published),
		cmocka_unit_test(only_the_newest_attempt_has_a_temporary),
		cmocka_unit_test(a_temporary_is_gone_on_with_only_as_it_was),
		cmocka_unit_test(a_source_is_known_again_until_it_is_another),
		cmocka_unit_test(what_nobody_needs_is_swept_away_and_nothing_else),
		cmocka_unit_test(keys_of_storage_may_be_what_folders_cannot_have),
	};
	return cmocka_run_group_tests(tests, open_house, close_house);
}
