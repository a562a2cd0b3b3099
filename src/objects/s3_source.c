/* Objects at storage as sources: what they are, whether they still are that, how they are read. */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/name.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "objects/s3.h"

enum { PIECE = 1 << 20 };

/* FNV-1a: for those who tell objects apart by a number. */
#define FNV_START 14695981039346656037ull
#define FNV_PRIME 1099511628211ull

static bool needs_a_word(struct s3_place *place, const struct s3_answer *answer)
{
	return answer->status == 404 ? !s3_place_knows(place, &place->bucket_seen)
				     : answer->status >= 300 && answer->status < 404;
}

/* A HEAD is answered without a body: a byte is asked for too, to hear why. What is answered to that counts only when it
 * is the same. */
static void ask_for_word(struct s3_place *place, const char *key, struct s3_answer *answer)
{
	struct s3_answer told;
	struct sp_error ignored = { 0 };
	const struct s3_wish wish = { .method = "GET",
				      .key = key,
				      .headers = { { "range", "bytes=0-0" } } };
	if (s3_call(place, &wish, NULL, &told, &ignored) != 0)
		return;
	if (told.status != answer->status) {
		s3_answer_finish(&told);
		return;
	}
	s3_answer_finish(answer);
	*answer = told;
	if (answer->status == 404 && !s3_lacks_bucket(answer))
		s3_place_learn(place, &place->bucket_seen);
}

int s3_look(struct s3_place *place, const char *key, struct s3_answer *out, struct sp_error *err)
{
	const struct s3_wish wish = { .method = "HEAD", .key = key };
	if (s3_call(place, &wish, NULL, out, err) != 0)
		return -1;
	if (s3_succeeded(out)) {
		s3_place_learn(place, &place->bucket_seen);
		return 0;
	}
	if (needs_a_word(place, out))
		ask_for_word(place, key, out);
	s3_fail(place, out, "could not look at", key, err);
	s3_answer_finish(out);
	return -1;
}

static struct object_identity identity_of(const struct s3_answer *answer)
{
	struct object_identity identity = { .size = answer->size };
	snprintf(identity.etag, sizeof(identity.etag), "%s", answer->etag);
	identity.inode = FNV_START;
	for (const char *at = answer->etag; *at != '\0'; at++)
		identity.inode = (identity.inode ^ (unsigned char)*at) * FNV_PRIME;
	return identity;
}

int s3_source_url(struct objects *objects, const char *bucket, const char *key, char **out_url,
		  struct sp_error *err)
{
	const struct s3_wish wish = { .method = "GET",
				      .key = key,
				      .lifetime_s = S3_URL_LIFETIME_S };
	return s3_place_sign(bucket_place(objects, bucket), &wish, out_url, err);
}

static int look_at_source(struct objects *objects, const char *bucket, const char *key,
			  struct object_identity *out, struct sp_error *err)
{
	struct s3_place *place = bucket_place(objects, bucket);
	struct s3_answer answer;
	if (s3_look(place, key, &answer, err) != 0)
		return -1;
	*out = identity_of(&answer);
	bool has_size = answer.has_size;
	s3_answer_finish(&answer);
	if (out->etag[0] != '\0' && has_size)
		return 0;
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	return sp_fail(
		err, SP_UNSUPPORTED, "cannot read \"%s\" in bucket \"%s\": %s", shown, bucket,
		has_size ? "the storage tells no ETag, by which one would see that it changes"
			 : "the storage does not tell how large it is");
}

int s3_open_source(struct objects *objects, const char *bucket, const char *key,
		   struct object_way *out, struct object_identity *out_identity,
		   struct sp_error *err)
{
	out->fd = -1;
	if (look_at_source(objects, bucket, key, out_identity, err) != 0)
		return -1;
	return s3_source_url(objects, bucket, key, &out->url, err);
}

int s3_check_source(struct objects *objects, const char *bucket, const char *key,
		    const struct object_identity *identity, struct sp_error *err)
{
	struct object_identity now;
	struct sp_error why = { 0 };
	if (look_at_source(objects, bucket, key, &now, &why) != 0) {
		if (why.code == SP_NOT_FOUND)
			return objects_fail_changed(err, bucket, key, "it is gone");
		return sp_fail(err, why.code, "%s", why.message);
	}
	if (strcmp(now.etag, identity->etag) != 0 || now.size != identity->size)
		return objects_fail_changed(err, bucket, key, "another object is in its place");
	return 0;
}

bool s3_is_taken(struct objects *objects, const char *bucket, const char *key, const char *but_of)
{
	struct s3_answer answer;
	struct sp_error why = { 0 };
	/* A look that failed found nothing. Who publishes looks again, and says why that cannot be. */
	if (s3_look(bucket_place(objects, bucket), key, &answer, &why) != 0)
		return false;
	bool is_excepted = but_of != NULL && s3_mark_is_of(answer.mark, but_of);
	s3_answer_finish(&answer);
	return !is_excepted;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static int fetch_piece(struct s3_place *place, const char *key, uint64_t from, int fd,
		       const struct object_identity *identity, struct sp_error *err)
{
	char range[64], named[64];
	struct s3_answer answer;
	snprintf(range, sizeof(range), "bytes=%llu-%llu", (unsigned long long)from,
		 (unsigned long long)from + PIECE - 1);
	const struct s3_wish wish = { .method = "GET",
				      .key = key,
				      .headers = { { "range", range } } };
	if (s3_call(place, &wish, NULL, &answer, err) != 0)
		return -1;
	uint64_t wanted = identity->size - from < PIECE ? identity->size - from : PIECE;
	snprintf(named, sizeof(named), "bytes %llu-%llu/", (unsigned long long)from,
		 (unsigned long long)(from + wanted - 1));
	int result = 0;
	if (answer.status != 206)
		result = s3_fail(place, &answer, "could not read", key, err);
	else if (strcmp(answer.etag, identity->etag) != 0 || answer.body.length != wanted)
		result = objects_fail_changed(err, place->name, key,
					      "another object is in its place");
	else if (!sp_text_starts_with(answer.range, named))
		result = sp_fail(err, SP_PROTOCOL,
				 "the storage did not answer with the range that it was asked for");
	else if (pwrite(fd, answer.body.data, answer.body.length, (off_t)from) !=
		 (ssize_t)answer.body.length)
		result = sp_fail_errno(err, "could not keep what was read");
	s3_answer_finish(&answer);
	return result;
}

int s3_open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		  int *out_fd, struct object_identity *out_identity, struct sp_error *err)
{
	struct s3_place *place = bucket_place(objects, bucket);
	if (look_at_source(objects, bucket, key, out_identity, err) != 0)
		return -1;
	if (out_identity->size > max)
		return sp_fail(err, SP_LIMIT,
			       "cannot fetch an object of %llu bytes into memory: at most %llu",
			       (unsigned long long)out_identity->size, (unsigned long long)max);
	SP_AUTO_FD fd = memfd_create("object", MFD_CLOEXEC);
	if (fd == -1)
		return sp_fail_errno(err, "could not make room for an object");
	for (uint64_t at = 0; at < out_identity->size; at += PIECE)
		if (fetch_piece(place, key, at, fd, out_identity, err) != 0)
			return -1;
	*out_fd = sp_take_fd(&fd);
	return 0;
}
