/* Multipart uploads: begun when the first part wants a URL, in the book as long as the storage may have parts of them. */

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml_texts.h"
#include "objects/s3.h"

char *s3_upload_query(const struct object_upload *upload, const char *more)
{
	struct sp_buffer query = { 0 };
	sp_buffer_format(&query, "uploadId=%s%s%s", upload->id, more[0] != '\0' ? "&" : "", more);
	return sp_buffer_take(&query);
}

int s3_find_upload(struct objects *objects, const char *file_id, int attempt,
		   struct object_upload *out, struct sp_error *err)
{
	const struct upload_book *book = bucket_book(objects);
	if (book == NULL)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot upload in parts: nobody keeps what was begun");
	return book->find(book->ctx, file_id, attempt, out, err);
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

/* Ids are opaque, and go into URLs and the store as they are. */
bool s3_upload_id_is_good(const char *id)
{
	size_t length = id == NULL ? 0 : strlen(id);
	return length > 0 && length <= 1024 && strpbrk(id, "&#?% \n\r\"<>") == NULL;
}

static int begin_upload(struct objects *objects, struct s3_place *place,
			struct object_upload *upload, struct sp_error *err)
{
	const struct upload_book *book = bucket_book(objects);
	char mark[S3_MARK_SIZE];
	struct s3_answer answer;
	s3_mark(upload->file_id, upload->attempt, mark);
	const struct s3_wish wish = { .method = "POST",
				      .key = upload->key,
				      .query = "uploads=",
				      .headers = { { S3_MARK_HEADER, mark } } };
	if (s3_call(place, &wish, NULL, &answer, err) != 0)
		return -1;
	upload->id = s3_answer_text(&answer, "UploadId");
	int result = 0;
	if (!s3_succeeded(&answer))
		result = s3_fail(place, &answer, "could not begin the upload of", upload->key, err);
	else if (!s3_upload_id_is_good(upload->id))
		result = sp_fail(err, SP_PROTOCOL,
				 "cannot use the storage at %s: it told no usable upload id",
				 place->origin);
	s3_answer_finish(&answer);
	if (result != 0)
		return -1;
	if (book->add(book->ctx, upload, err) == 0)
		return 0;
	struct sp_error ignored = { 0 };
	SP_AUTO_FREE char *query = s3_upload_query(upload, "");
	const struct s3_wish abort = { .method = "DELETE", .key = upload->key, .query = query };
	if (s3_call(place, &abort, NULL, &answer, &ignored) == 0)
		s3_answer_finish(&answer);
	return -1;
}

int s3_part_urls(struct objects *objects, const char *bucket, const char *key, const char *file_id,
		 int attempt, uint32_t first, uint32_t count, char **out_urls, struct sp_error *err)
{
	struct s3_place *place = bucket_place(objects, bucket);
	struct object_upload upload = { 0 };
	struct sp_error why = { 0 };
	if (first == 0 || first > OBJECT_PARTS_MAX)
		return sp_fail(err, SP_LIMIT, "cannot upload more than %d parts", OBJECT_PARTS_MAX);
	if (count > OBJECT_URLS_MAX)
		count = OBJECT_URLS_MAX;
	if (count > OBJECT_PARTS_MAX - first + 1)
		count = OBJECT_PARTS_MAX - first + 1;
	if (s3_find_upload(objects, file_id, attempt, &upload, &why) != 0) {
		if (why.code != SP_NOT_FOUND)
			return sp_fail(err, why.code, "%s", why.message);
		upload = (struct object_upload){ .attempt = attempt,
						 .created_ms = sp_now_ms(),
						 .bucket = sp_strdup(bucket),
						 .key = sp_strdup(key) };
		snprintf(upload.file_id, sizeof(upload.file_id), "%s", file_id);
		if (begin_upload(objects, place, &upload, err) != 0) {
			object_upload_finish(&upload);
			return -1;
		}
	}
	SP_AUTO_BUFFER urls = { .secret = true };
	int result = 0;
	for (uint32_t i = 0; result == 0 && i < count; i++) {
		char number[32];
		SP_AUTO_SECRET char *url = NULL;
		snprintf(number, sizeof(number), "partNumber=%u", first + i);
		SP_AUTO_FREE char *query = s3_upload_query(&upload, number);
		const struct s3_wish wish = { .method = "PUT",
					      .key = upload.key,
					      .query = query,
					      .lifetime_s = S3_URL_LIFETIME_S };
		result = s3_place_sign(place, &wish, &url, err);
		if (result == 0)
			sp_buffer_format(&urls, "%s\n", url);
	}
	object_upload_finish(&upload);
	if (result == 0)
		*out_urls = sp_buffer_take(&urls);
	return result;
}

/* ---- what is there ---------------------------------------------------------------------------------------------- */

/* False when they are not without a gap. @out_behind: this part begins behind @size. */
static bool note_part(struct xml_piece piece, uint64_t size, struct s3_parts *out, bool *out_behind)
{
	SP_AUTO_FREE char *number = xml_text(piece, "PartNumber");
	SP_AUTO_FREE char *etag = xml_text(piece, "ETag");
	SP_AUTO_FREE char *length = xml_text(piece, "Size");
	uint64_t part, bytes;
	*out_behind = out->size >= size;
	if (*out_behind)
		return true;
	if (number == NULL || etag == NULL || length == NULL ||
	    !sp_text_to_u64(number, 1, OBJECT_PARTS_MAX, &part) ||
	    !sp_text_to_u64(length, 1, INT64_MAX, &bytes) || part != out->count + 1 ||
	    strpbrk(etag, "<>&") != NULL)
		return false;
	out->count++;
	out->size += bytes;
	sp_buffer_format(&out->body, "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>",
			 out->count, etag);
	return true;
}

/* A page of them. @more: there is another one. */
static bool note_parts(const struct s3_answer *answer, uint64_t size, struct s3_parts *out,
		       bool *more)
{
	SP_AUTO_FREE char *truncated = s3_answer_text(answer, "IsTruncated");
	struct xml_piece rest = { sp_buffer_text(&answer->body), answer->body.length }, piece;
	bool behind = false;
	const uint32_t before = out->count;
	while (!behind && xml_next(&rest, "Part", &piece))
		if (!note_part(piece, size, out, &behind))
			return false;
	*more = !behind && out->count > before && truncated != NULL &&
		strcmp(truncated, "true") == 0;
	return true;
}

int s3_list_parts(struct s3_place *place, const struct object_upload *upload, uint64_t size,
		  struct s3_parts *out, struct sp_error *err)
{
	*out = (struct s3_parts){ 0 };
	bool more = true;
	int result = 0;
	while (result == 0 && more) {
		char marker[48];
		struct s3_answer answer;
		snprintf(marker, sizeof(marker), "part-number-marker=%u", out->count);
		SP_AUTO_FREE char *query = s3_upload_query(upload, marker);
		const struct s3_wish wish = { .method = "GET", .key = upload->key, .query = query };
		if (s3_call(place, &wish, NULL, &answer, err) != 0) {
			result = -1;
			break;
		}
		if (answer.status == 404)
			result = sp_fail(err, SP_NOT_FOUND, "the upload is not there any more");
		else if (!s3_succeeded(&answer))
			result = s3_fail(place, &answer, "could not list the parts of", upload->key,
					 err);
		else if (!note_parts(&answer, size, out, &more))
			result = sp_fail(err, SP_CHANGED,
					 "the upload has not the parts that were sent");
		s3_answer_finish(&answer);
	}
	if (result != 0)
		s3_parts_finish(out);
	return result;
}

void s3_parts_finish(struct s3_parts *parts)
{
	sp_buffer_finish(&parts->body);
	*parts = (struct s3_parts){ 0 };
}

/* ---- aborting --------------------------------------------------------------------------------------------------- */

bool s3_abort(struct objects *objects, const struct object_upload *upload, struct sp_error *err)
{
	const struct upload_book *book = bucket_book(objects);
	struct s3_place *place = bucket_place(objects, upload->bucket);
	struct s3_answer answer;
	if (place == NULL)
		return false; /* not configured any more, or not yet again */
	SP_AUTO_FREE char *query = s3_upload_query(upload, "");
	const struct s3_wish wish = { .method = "DELETE", .key = upload->key, .query = query };
	if (s3_call(place, &wish, NULL, &answer, err) != 0)
		return false;
	bool gone = s3_succeeded(&answer) || answer.status == 404;
	s3_answer_finish(&answer);
	return gone && book->forget(book->ctx, upload->id, err) == 0;
}
