/*
 * The backend of buckets at storage that speaks S3. An object gets its name by the completion of its upload, or by one
 * PUT; both carry a mark (S3_MARK_HEADER) that says which attempt at which file made it. What the storage answers to a
 * completion is not believed either way: afterwards the object is looked at, and only what bears the mark and has the size
 * was published.
 */

#include "objects/s3.h"

#include <string.h>

#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/backend.h"

enum { UPLOADS_A_PAGE = 64 };

static int check_key(const struct objects *objects, const char *bucket, const char *key,
		     struct sp_error *err)
{
	size_t length = bucket_place(objects, bucket)->prefix_length + strlen(key);
	if (object_check_length(key, err) != 0)
		return -1;
	if (length > OBJECT_KEY_MAX)
		return sp_fail(err, SP_INVALID,
			       "with its bucket's prefix the key has %zu bytes, and at most %d fit",
			       length, OBJECT_KEY_MAX);
	if (strpbrk(key, "\n\r") != NULL)
		return sp_fail(err, SP_INVALID, "a key cannot hold a line break");
	if (!sp_utf8_valid(key, strlen(key)))
		return sp_fail(err, SP_INVALID,
			       "a key at storage is UTF-8, and this one has other bytes");
	return 0;
}

/* ---- temporaries ------------------------------------------------------------------------------------------------ */

/* All that attempts at the file have begun. */
static void remove_staging(struct objects *objects, const char *bucket, const char *file_id)
{
	(void)bucket;
	const struct upload_book *book = bucket_book(objects);
	struct object_upload uploads[UPLOADS_A_PAGE];
	size_t count = 0;
	struct sp_error ignored = { 0 };
	if (book == NULL || book->list(book->ctx, file_id, INT64_MAX, NULL, uploads, UPLOADS_A_PAGE,
				       &count, &ignored) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		s3_abort(objects, &uploads[i], &ignored); /* what stays is the sweeper's */
		object_upload_finish(&uploads[i]);
	}
}

static int create_staging(struct objects *objects, const char *bucket, const char *key,
			  const char *file_id, int attempt, struct object_way *out,
			  struct sp_error *err)
{
	(void)key;
	(void)err;
	if (attempt > 1)
		remove_staging(objects, bucket, file_id);
	out->fd = -1;
	out->url = sp_strdup(bucket_place(objects, bucket)->origin);
	return 0;
}

static int open_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct object_way *out, struct sp_error *err)
{
	struct s3_place *place = bucket_place(objects, bucket);
	struct object_upload upload;
	struct s3_parts parts;
	if (s3_find_upload(objects, file_id, attempt, &upload, err) != 0)
		return -1;
	int result = s3_list_parts(place, &upload, size, &parts, err);
	object_upload_finish(&upload);
	if (result != 0)
		return -1;
	bool fits = parts.size == size && parts.count > 0;
	*out = (struct object_way){ .fd = -1, .parts = parts.count };
	s3_parts_finish(&parts);
	if (!fits)
		return sp_fail(err, SP_CHANGED, "the upload has not the parts that were sent");
	out->url = sp_strdup(place->origin);
	return 0;
}

static char *staging_key(struct objects *objects, const char *bucket, const char *file_id,
			 int attempt)
{
	(void)bucket;
	struct object_upload upload;
	struct sp_error ignored = { 0 };
	if (s3_find_upload(objects, file_id, attempt, &upload, &ignored) != 0)
		return NULL;
	char *key = sp_take_pointer(&upload.key);
	object_upload_finish(&upload);
	return key;
}

/* What was acknowledged is the storage's to keep. */
static int sync_staging(struct objects *objects, const char *bucket, const char *file_id,
			int attempt, uint64_t size, struct sp_error *err)
{
	(void)objects;
	(void)bucket;
	(void)file_id;
	(void)attempt;
	(void)size;
	(void)err;
	return 0;
}

static bool is_silent(enum sp_code code)
{
	return code == SP_UNREACHABLE || code == SP_TIMEOUT || code == SP_CLOSED;
}

static bool is_at(const struct objects *objects, const struct object_upload *upload, size_t storage)
{
	const struct s3_place *place = bucket_place(objects, upload->bucket);
	return place != NULL && place->storage == storage;
}

static size_t sweep(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
		    objects_needed_fn *is_needed, void *ctx)
{
	const struct upload_book *book = bucket_book(objects);
	SP_AUTO_FREE char *after = NULL;
	size_t removed = 0, count = book == NULL ? 0 : UPLOADS_A_PAGE;
	struct sp_error why = { 0 };
	while (count == UPLOADS_A_PAGE && removed < max && !is_silent(why.code)) {
		struct object_upload uploads[UPLOADS_A_PAGE];
		if (book->list(book->ctx, NULL, before_ms, after, uploads, UPLOADS_A_PAGE, &count,
			       &why) != 0)
			return removed;
		for (size_t i = 0; i < count; i++) {
			if (removed < max && !is_silent(why.code) &&
			    is_at(objects, &uploads[i], storage) &&
			    !is_needed(ctx, uploads[i].file_id) &&
			    s3_abort(objects, &uploads[i], &why))
				removed++;
			free(after);
			after = sp_strdup(uploads[i].id);
			object_upload_finish(&uploads[i]);
		}
	}
	return removed;
}

/* ---- publishing ------------------------------------------------------------------------------------------------- */

/* One attempt's object on its way to its key. */
struct publication {
	struct objects *objects;
	struct s3_place *place;
	const char *key;
	char mark[S3_MARK_SIZE];
	uint64_t size;
	bool replaces;
};

static int fail_publish(const struct publication *p, enum sp_code code, const char *why,
			struct sp_error *err)
{
	SP_AUTO_FREE char *shown = sp_name_shown(p->key);
	return sp_fail(err, code, "cannot publish \"%s\" in bucket \"%s\": %s", shown,
		       p->place->name, why);
}

/* 1: it is ours. 0: there is none, or another one (@out_taken). -1: nobody can say. */
static int look(const struct publication *p, bool *out_taken, struct sp_error *err)
{
	struct s3_answer answer;
	struct sp_error why = { 0 };
	*out_taken = false;
	if (s3_look(p->place, p->key, &answer, &why) != 0)
		return why.code == SP_NOT_FOUND ? 0 : sp_fail(err, why.code, "%s", why.message);
	*out_taken = true;
	bool ours = strcmp(answer.mark, p->mark) == 0 && answer.size == p->size;
	s3_answer_finish(&answer);
	return ours ? 1 : 0;
}

/* SP_NOT_FOUND: it is not published. Why the look failed, which may be for good, says nothing about that. */
static int confirm(const struct publication *p, struct sp_error *err)
{
	bool taken;
	struct sp_error why = { 0 };
	int found = look(p, &taken, &why);
	if (found == 1)
		return 0;
	if (found == -1)
		return sp_fail(err, SP_UNREACHABLE, "%s", why.message);
	return fail_publish(p, SP_NOT_FOUND,
			    taken ? "another object has its name" : "it is not there", err);
}

/* Storage that knows the condition holds to it; other storage ignores it, or says that it does not know it. */
static int ask_to_complete(const struct publication *p, const char *query,
			   const struct sp_buffer *body, struct s3_answer *out,
			   struct sp_error *err)
{
	struct s3_wish wish = { .method = "POST", .key = p->key, .query = query };
	bool if_free = !p->replaces && s3_knows_free(p->place);
	if (if_free)
		wish.headers[0] = (struct sign_header){ "if-none-match", OBJECT_PUT_FREE };
	if (s3_call(p->place, &wish, body, out, err) != 0)
		return -1;
	if (!if_free || !s3_lacks_condition(out))
		return 0;
	s3_answer_finish(out);
	wish.headers[0] = (struct sign_header){ 0 };
	if (s3_call(p->place, &wish, body, out, err) != 0)
		return -1;
	if (s3_succeeded(out))
		s3_learn_no_free(p->place);
	return 0;
}

/* What was answered is told only when the object is not there. */
static int complete(const struct publication *p, const struct object_upload *upload,
		    const struct s3_parts *parts, struct sp_error *err)
{
	struct s3_answer answer;
	struct sp_error why = { 0 }, unseen = { 0 };
	SP_AUTO_BUFFER body = { 0 };
	SP_AUTO_FREE char *query = s3_upload_query(upload, "");
	sp_buffer_format(&body, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
			 sp_buffer_text(&parts->body));
	if (ask_to_complete(p, query, &body, &answer, &why) == 0) {
		if (!s3_succeeded(&answer))
			s3_fail(p->place, &answer, "could not complete", p->key, &why);
		s3_answer_finish(&answer);
	}
	if (confirm(p, &unseen) == 0)
		return 0;
	if (why.code == SP_OK)
		why = unseen;
	/* The upload may be there still, and be completed by the next try. */
	if (why.code == SP_NOT_FOUND)
		why.code = SP_UNREACHABLE;
	return sp_fail(err, why.code, "%s", why.message);
}

static int publish_upload(const struct publication *p, const struct object_upload *upload,
			  struct sp_error *err)
{
	struct s3_parts parts;
	struct sp_error why = { 0 };
	bool taken = false;
	int found = p->replaces ? 0 : look(p, &taken, err);
	if (found != 0)
		return found == 1 ? 0 : -1;
	if (strcmp(upload->key, p->key) != 0 || taken)
		return fail_publish(p, SP_EXISTS, "there is an object of that name", err);
	if (s3_list_parts(p->place, upload, UINT64_MAX, &parts, &why) != 0)
		return why.code == SP_NOT_FOUND ? confirm(p, err)
						: fail_publish(p, why.code, why.message, err);
	int result = parts.size == p->size
			     ? complete(p, upload, &parts, err)
			     : fail_publish(p, SP_CHANGED, "its parts have not its size", err);
	s3_parts_finish(&parts);
	return result;
}

static int publish(struct objects *objects, const char *bucket, const char *key,
		   const char *file_id, int attempt, uint64_t size, bool replaces,
		   struct sp_error *err)
{
	const struct upload_book *book = bucket_book(objects);
	struct publication publication = { .objects = objects,
					   .place = bucket_place(objects, bucket),
					   .key = key,
					   .size = size,
					   .replaces = replaces };
	struct object_upload upload;
	struct sp_error why = { 0 };
	s3_mark(file_id, attempt, publication.mark);
	if (book == NULL || s3_find_upload(objects, file_id, attempt, &upload, &why) != 0)
		return why.code == SP_OK || why.code == SP_NOT_FOUND
			       ? confirm(&publication, err)
			       : sp_fail(err, why.code, "%s", why.message);
	int result = publish_upload(&publication, &upload, err);
	if (result == 0)
		result = book->forget(book->ctx, upload.id, err);
	/* An attempt whose worker died may have begun one since the last look. */
	if (result == 0 && attempt > 1)
		remove_staging(objects, bucket, file_id);
	object_upload_finish(&upload);
	return result;
}

const struct object_backend s3_backend = {
	.name = "s3",
	.check_key = check_key,
	.open_source = s3_open_source,
	.open_bytes = s3_open_bytes,
	.check_source = s3_check_source,
	.create_staging = create_staging,
	.open_staging = open_staging,
	.staging_key = staging_key,
	.sync_staging = sync_staging,
	.publish = publish,
	.is_taken = s3_is_taken,
	.sweep = sweep,
	.remove_staging = remove_staging,
	.source_url = s3_source_url,
	.part_urls = s3_part_urls,
	.allow_put = s3_allow_put,
};
