/*
 * What a worker holds gets its key by one PUT, and that may come to the storage's mind long after it was sent: its worker
 * died, the next attempt has published newer bytes, and now the old ones would replace them. So each PUT is signed together
 * with what has to be under its key: what was seen there before, or nothing. An old one then meets something else.
 *
 * Most keys are new ones: what is small and may replace anything is put onto a free key without a look, and the look comes
 * when the storage says that it was not free; then the next ones are looked at first, until one is free again.
 *
 * Storage takes ETags in a condition with quotes (RFC 9110), without (Ceph compares it like this), or knows no conditions.
 * What it takes is learnt from its answers and kept as long as the process lives.
 */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/s3.h"

enum { BLIND_MAX = 1 << 20 /* bytes that may be sent in vain, for the sake of a look */ };

/* ---- conditions ------------------------------------------------------------------------------------------------- */

/* Without quotes, and without the W/ that some put in front. False: nothing that could stand in a header. */
static bool bare_etag(const char *etag, char out[STORAGE_ETAG_SIZE])
{
	const char *from = sp_text_starts_with(etag, "W/") ? etag + 2 : etag;
	size_t length = strlen(from);
	if (length >= 2 && from[0] == '"' && from[length - 1] == '"') {
		from++;
		length -= 2;
	}
	snprintf(out, STORAGE_ETAG_SIZE, "%.*s", (int)length, from);
	for (const char *at = out; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '"')
			return false;
	return length > 0 && length < STORAGE_ETAG_SIZE - 3 && strcmp(out, OBJECT_PUT_FREE) != 0;
}

static void tell_unconditional(const struct s3_place *place, const char *condition)
{
	sp_log(SP_LOG_WARNING,
	       "the storage of bucket \"%s\" at %s takes no %s: what it acts on very late may "
	       "replace what came after it",
	       place->name, place->origin, condition);
}

bool s3_knows_free(struct s3_place *place)
{
	return !s3_place_knows(place, &place->no_if_none_match);
}

void s3_learn_no_free(struct s3_place *place)
{
	if (s3_place_learn(place, &place->no_if_none_match))
		tell_unconditional(place, "If-None-Match");
}

/* Learns from what became of the last one. Files that were under way together learn the same only once.
 * @bare  of what is there now; "" when nothing is */
static void learn(struct s3_place *place, const struct object_put *last, const char *bare)
{
	char asked[STORAGE_ETAG_SIZE];
	bool unknown = last->refused == SP_UNSUPPORTED, all_told = false;
	bool was_free = strcmp(last->condition, OBJECT_PUT_FREE) == 0;
	if (last->refused == SP_OK || last->condition[0] == '\0')
		return;
	/* It was not met, and yet it is just that. */
	if (last->refused == SP_EXISTS && !was_free && bare_etag(last->condition, asked) &&
	    strcmp(asked, bare) == 0)
		unknown = true;
	if (!unknown)
		return;
	if (was_free) {
		s3_learn_no_free(place);
		return;
	}
	pthread_mutex_lock(&place->lock);
	if (place->match == (last->condition[0] == '"' ? S3_MATCH_QUOTED : S3_MATCH_BARE)) {
		place->match++;
		all_told = place->match == S3_MATCH_NONE;
	}
	pthread_mutex_unlock(&place->lock);
	if (all_told)
		tell_unconditional(place, "If-Match");
}

/* @bare  of what was seen; "": nothing */
static void expect(struct s3_place *place, const char *bare)
{
	pthread_mutex_lock(&place->lock);
	place->expects_taken = bare[0] != '\0';
	pthread_mutex_unlock(&place->lock);
}

/* @bare  "": nothing is there; NULL: there is no telling */
static void choose_condition(struct s3_place *place, const char *bare, char out[STORAGE_ETAG_SIZE])
{
	pthread_mutex_lock(&place->lock);
	const enum s3_match match = place->match;
	pthread_mutex_unlock(&place->lock);
	out[0] = '\0';
	if (bare == NULL)
		return;
	if (bare[0] == '\0')
		snprintf(out, STORAGE_ETAG_SIZE, "%s", s3_knows_free(place) ? OBJECT_PUT_FREE : "");
	else if (match == S3_MATCH_BARE)
		snprintf(out, STORAGE_ETAG_SIZE, "%s", bare);
	else if (match == S3_MATCH_QUOTED)
		snprintf(out, STORAGE_ETAG_SIZE, "\"%.*s\"", STORAGE_ETAG_SIZE - 3, bare);
}

/* ---- the PUT ---------------------------------------------------------------------------------------------------- */

static int sign_put(const struct s3_place *place, const char *key, const char *mark,
		    struct object_put *put, struct sp_error *err)
{
	struct s3_wish wish = { .method = "PUT", .key = key, .lifetime_s = S3_URL_LIFETIME_S };
	size_t count = 0;
	if (strcmp(put->condition, OBJECT_PUT_FREE) == 0)
		wish.headers[count++] = (struct sign_header){ "if-none-match", put->condition };
	else if (put->condition[0] != '\0')
		wish.headers[count++] = (struct sign_header){ "if-match", put->condition };
	wish.headers[count] = (struct sign_header){ S3_MARK_HEADER, mark };
	return s3_place_sign(place, &wish, &put->url, err);
}

/* Who may list nothing is told this of all that is not there. */
static void note_hidden(struct s3_place *place)
{
	if (s3_place_learn(place, &place->hides_keys))
		sp_log(SP_LOG_WARNING,
		       "the credentials of bucket \"%s\" may not see what is under a key "
		       "(ListBucket and GetObject are needed): a PUT that the storage acts on very "
		       "late may replace what came after it",
		       place->name);
}

/* What is there now: 1: what this PUT would put. 0: go on, with @out_bare for the condition; -1. */
static int look(struct s3_place *place, const char *key, const char *mark,
		const struct object_put *put, char bare[STORAGE_ETAG_SIZE], bool *out_is_known,
		struct sp_error *err)
{
	struct s3_answer there;
	struct sp_error why = { 0 };
	*out_is_known = true;
	bare[0] = '\0';
	if (s3_look(place, key, &there, &why) != 0) {
		if (why.code == SP_NOT_FOUND)
			return 0;
		*out_is_known = false;
		if (why.code != SP_DENIED || !put->replaces)
			return sp_fail(err, why.code, "%s", why.message);
		note_hidden(place);
		return 0;
	}
	int result = strcmp(there.mark, mark) == 0 && there.size == put->size ? 1 : 0;
	*out_is_known = bare_etag(there.etag, bare);
	/* What an earlier attempt at this file put there very late is no reason to stop. */
	if (result == 0 && !put->replaces && !s3_mark_is_of(there.mark, put->file_id))
		result = sp_fail(err, SP_EXISTS, "there is an object of that name");
	s3_answer_finish(&there);
	return result;
}

static bool may_go_blind(struct s3_place *place, const struct object_put *put)
{
	pthread_mutex_lock(&place->lock);
	bool expects_free = !place->expects_taken && !place->no_if_none_match;
	pthread_mutex_unlock(&place->lock);
	return expects_free && put->replaces && put->refused == SP_OK && put->size <= BLIND_MAX;
}

int s3_allow_put(struct objects *objects, const char *bucket, const char *key,
		 struct object_put *put, struct sp_error *err)
{
	struct s3_place *place = bucket_place(objects, bucket);
	char mark[S3_MARK_SIZE], bare[STORAGE_ETAG_SIZE] = "";
	bool is_known;
	s3_mark(put->file_id, put->attempt, mark);
	if (may_go_blind(place, put)) {
		choose_condition(place, bare, put->condition);
		return sign_put(place, key, mark, put, err);
	}
	int found = look(place, key, mark, put, bare, &is_known, err);
	if (found != 0)
		return found == 1 ? 0 : -1;
	if (is_known) {
		expect(place, bare);
		learn(place, put, bare);
	}
	choose_condition(place, is_known ? bare : NULL, put->condition);
	return sign_put(place, key, mark, put, err);
}
