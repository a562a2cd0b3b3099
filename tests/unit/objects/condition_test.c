#include "folder.h"

#include <pthread.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/condition.h"
#include "objects/folder_notes.h"
#include "objects/folder_removal.h"

#define BUCKET "buckets/orders/"

/* Only over @etag (NULL: only where nothing is). Before it says so, somebody else may do something. */
struct wish {
	const char *etag;
	void (*meanwhile)(void);
	int asked;
};

static int judge(const void *ctx, const char *etag, struct sp_error *err)
{
	struct wish *wish = (struct wish *)ctx;
	wish->asked++;
	if (wish->etag != NULL && etag == NULL)
		return sp_fail(err, SP_NOT_FOUND, "there is nothing");
	if ((wish->etag == NULL) != (etag == NULL) ||
	    (etag != NULL && strcmp(etag, wish->etag) != 0))
		return sp_fail(err, SP_EXISTS, "it is another");
	if (wish->meanwhile != NULL)
		wish->meanwhile();
	return 0;
}

static void stage(struct fixture *f, const char *file_id, const char *text)
{
	struct sp_error err = { 0 };
	int fd = -1;
	if (create_staging(f->objects, "orders", "x", file_id, 0, &fd, &err) != 0)
		fail_msg("%s", err.message);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static enum sp_code publish(struct fixture *f, const char *key, const char *text, struct wish *wish)
{
	static const char file_id[] = "00112233445566778899aabbccddeeff";
	const struct object_condition condition = { judge, wish };
	struct sp_error err = { 0 };
	stage(f, file_id, text);
	if (objects_publish_if(f->objects, "orders", key, file_id, 0, strlen(text), &condition,
			       &err) == 0)
		return SP_OK;
	objects_remove_staging(f->objects, "orders", file_id);
	return err.code;
}

static void etag_of(const char *path, char out[OBJECT_ETAG_SIZE])
{
	struct object_notes notes;
	SP_AUTO_FD fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	object_notes_read(fd, &notes);
	strcpy(out, notes.etag);
	object_notes_finish(&notes);
}

static void assert_nothing_is_left(void)
{
	assert_int_equal(rmdir(BUCKET ".sallyport"), 0);
}

static void an_object_comes_in_the_place_of_the_one_that_was_named(void **state)
{
	struct fixture *f = *state;
	char etag[OBJECT_ETAG_SIZE];
	assert_int_equal(publish(f, "in/a", "first", &(struct wish){ 0 }), SP_OK);
	assert_int_equal(publish(f, "in/a", "second", &(struct wish){ 0 }), SP_EXISTS);
	etag_of(BUCKET "in/a", etag);
	assert_int_equal(publish(f, "in/a", "second", &(struct wish){ "other" }), SP_EXISTS);
	assert_file(BUCKET "in/a", "first");
	assert_int_equal(publish(f, "in/a", "second", &(struct wish){ etag }), SP_OK);
	assert_file(BUCKET "in/a", "second");
	assert_int_equal(publish(f, "in/a", "third", &(struct wish){ etag }), SP_EXISTS);
	assert_int_equal(publish(f, "in/b", "third", &(struct wish){ etag }), SP_NOT_FOUND);
	assert_nothing_is_left();
}

static void what_is_no_object_is_not_replaced(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(mkdir(BUCKET "folder", 0755), 0);
	assert_int_equal(publish(f, "folder", "x", &(struct wish){ "" }), SP_CONFLICT);
	assert_int_equal(publish(f, "folder", "x", &(struct wish){ 0 }), SP_CONFLICT);
	write_file(BUCKET "folder/in", "it");
	assert_int_equal(publish(f, "folder", "x", &(struct wish){ "" }), SP_CONFLICT);
	assert_file(BUCKET "folder/in", "it");
	assert_int_equal(symlink("nowhere", BUCKET "link"), 0);
	assert_int_equal(publish(f, "link", "x", &(struct wish){ 0 }), SP_EXISTS);
	assert_nothing_is_left();
}

/* ---- others who write into the folder ----------------------------------------------------------------------------- */

static void replace_it(void)
{
	write_file(BUCKET "theirs", "theirs");
	assert_int_equal(rename(BUCKET "theirs", BUCKET "a"), 0);
}

static void take_it_away(void)
{
	assert_int_equal(unlink(BUCKET "a"), 0);
}

static void put_a_folder_there(void)
{
	if (unlink(BUCKET "a") == 0)
		assert_int_equal(mkdir(BUCKET "a", 0755), 0);
}

static void what_others_put_there_meanwhile_stays(void **state)
{
	struct fixture *f = *state;
	char etag[OBJECT_ETAG_SIZE];
	write_file(BUCKET "a", "older");
	etag_of(BUCKET "a", etag);
	struct wish wish = { etag, replace_it };
	assert_int_equal(publish(f, "a", "ours", &wish), SP_EXISTS);
	assert_int_equal(wish.asked, 2);
	assert_file(BUCKET "a", "theirs");

	etag_of(BUCKET "a", etag);
	assert_int_equal(publish(f, "a", "ours", &(struct wish){ etag, take_it_away }),
			 SP_NOT_FOUND);
	assert_false(exists(BUCKET "a"));

	assert_int_equal(publish(f, "a", "ours", &(struct wish){ NULL, replace_it }), SP_EXISTS);
	assert_file(BUCKET "a", "theirs");

	etag_of(BUCKET "a", etag);
	assert_int_equal(publish(f, "a", "ours", &(struct wish){ etag, put_a_folder_there }),
			 SP_CONFLICT);
	assert_int_equal(rmdir(BUCKET "a"), 0);
	assert_nothing_is_left();
}

static void remove_folder_once(void)
{
	static bool done;
	if (!done)
		assert_int_equal(rmdir(BUCKET "new"), 0);
	done = true;
}

static void a_folder_that_goes_while_it_is_empty_is_made_again(void **state)
{
	struct fixture *f = *state;
	struct wish wish = { NULL, remove_folder_once };
	assert_int_equal(publish(f, "new/a", "ours", &wish), SP_OK);
	assert_int_equal(wish.asked, 2);
	assert_file(BUCKET "new/a", "ours");
}

/* ---- each other --------------------------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 25 };

struct counter {
	struct fixture *f;
	char file_id[33];
};

static int is_number_of(const void *ctx, const char *etag, struct sp_error *err)
{
	return etag != NULL && strcmp(etag, ctx) == 0 ? 0 : sp_fail(err, SP_EXISTS, "another");
}

/* Adds 1 to the number in the object, and begins anew when somebody else did. */
static void *count(void *ctx)
{
	struct counter *counter = ctx;
	for (int done = 0; done < ROUNDS;) {
		char etag[OBJECT_ETAG_SIZE], text[16] = "";
		struct sp_error err = { 0 };
		struct object_notes notes;
		int fd = open(BUCKET "n", O_RDONLY);
		if (read(fd, text, sizeof(text) - 1) <= 0)
			abort();
		object_notes_read(fd, &notes);
		strcpy(etag, notes.etag);
		object_notes_finish(&notes);
		close(fd);
		snprintf(text, sizeof(text), "%d", atoi(text) + 1);
		const struct object_condition condition = { is_number_of, etag };
		fd = -1;
		if (create_staging(counter->f->objects, "orders", "n", counter->file_id, 0, &fd,
				   &err) != 0 ||
		    write(fd, text, strlen(text)) != (ssize_t)strlen(text))
			abort();
		close(fd);
		if (objects_publish_if(counter->f->objects, "orders", "n", counter->file_id, 0,
				       strlen(text), &condition, &err) == 0)
			done++;
		else if (err.code != SP_EXISTS)
			abort();
		objects_remove_staging(counter->f->objects, "orders", counter->file_id);
	}
	return NULL;
}

static void nobody_among_many_is_passed_over(void **state)
{
	struct counter counters[THREADS];
	pthread_t threads[THREADS];
	char expected[16];
	write_file(BUCKET "n", "0");
	for (int i = 0; i < THREADS; i++) {
		counters[i].f = *state;
		snprintf(counters[i].file_id, sizeof(counters[i].file_id), "%032x", i);
		assert_int_equal(pthread_create(&threads[i], NULL, count, &counters[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snprintf(expected, sizeof(expected), "%d", THREADS * ROUNDS);
	assert_file(BUCKET "n", expected);
	assert_nothing_is_left();
}

/* ---- removals ----------------------------------------------------------------------------------------------------- */

static void what_goes_is_what_was_named(void **state)
{
	struct fixture *f = *state;
	char etag[OBJECT_ETAG_SIZE];
	write_file(BUCKET "a", "bytes");
	write_file(BUCKET "b", "bytes");
	etag_of(BUCKET "a", etag);
	struct wish wishes[] = { { "other" }, { etag }, { etag }, { etag } };
	struct object_condition conditions[4];
	struct object_removal list[] = { { .key = "a" },
					 { .key = "a" },
					 { .key = "a" },
					 { .key = "none/a" },
					 { .key = "b", .result = { .code = SP_DENIED } },
					 { .key = "none/b" } };
	for (size_t i = 0; i < 4; i++) {
		conditions[i] = (struct object_condition){ judge, &wishes[i] };
		list[i].condition = &conditions[i];
	}
	objects_remove(f->objects, "orders", list, SP_COUNT_OF(list));
	static const enum sp_code expected[] = { SP_EXISTS,    SP_OK,     SP_NOT_FOUND,
						 SP_NOT_FOUND, SP_DENIED, SP_OK };
	for (size_t i = 0; i < SP_COUNT_OF(list); i++)
		assert_int_equal(list[i].result.code, expected[i]);
	assert_false(exists(BUCKET "a"));
	assert_true(exists(BUCKET "b"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STORY(an_object_comes_in_the_place_of_the_one_that_was_named),
		STORY(what_is_no_object_is_not_replaced),
		STORY(what_others_put_there_meanwhile_stays),
		STORY(a_folder_that_goes_while_it_is_empty_is_made_again),
		STORY(nobody_among_many_is_passed_over),
		STORY(what_goes_is_what_was_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
