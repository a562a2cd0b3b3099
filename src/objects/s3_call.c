#include "objects/s3_call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml_texts.h"

enum {
	TRIES = 5,
	DELAY_MS = 200,
	DELAY_MAX_MS = 3000,
	CONNECT_MS = 10000,
	SILENCE_S = 30,     /* without a byte, … */
	CALL_S = 120,       /* … and until it is answered whole, all tries together. */
	COMPLETION_S = 300, /* It may take long, and says nothing meanwhile. */
	CA_KEPT_S = 60,     /* certificates that were replaced count after so long */
	BODY_MAX = 4 << 20, /* of an answer */
};

/* ---- connections ----------------------------------------------------------------------------------------------- */

static CURL *take_handle(struct s3_place *place)
{
	CURL *handle = NULL;
	pthread_mutex_lock(&place->lock);
	if (place->idle_count > 0)
		handle = place->idle[--place->idle_count];
	pthread_mutex_unlock(&place->lock);
	return handle != NULL ? handle : curl_easy_init();
}

static void give_back(struct s3_place *place, CURL *handle)
{
	curl_easy_reset(handle); /* which keeps its connection */
	pthread_mutex_lock(&place->lock);
	if (place->idle_count < S3_IDLE_CALLS_MAX) {
		place->idle[place->idle_count++] = handle;
		handle = NULL;
	}
	pthread_mutex_unlock(&place->lock);
	curl_easy_cleanup(handle);
}

/* ---- what comes ------------------------------------------------------------------------------------------------ */

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct s3_answer *answer = ctx;
	sp_buffer_add(&answer->body, data, size * count);
	return answer->body.failed ? 0 : size * count;
}

static void copy_value(const char *value, size_t length, char *out, size_t room)
{
	while (length > 0 && (value[0] == ' ' || value[0] == '\t')) {
		value++;
		length--;
	}
	while (length > 0 && strchr("\r\n\t ", value[length - 1]) != NULL)
		length--;
	snprintf(out, room, "%.*s", (int)length, value);
}

static size_t take_header(char *line, size_t size, size_t count, void *ctx)
{
	struct s3_answer *answer = ctx;
	const struct {
		const char *name;
		char *out;
		size_t room;
	} headers[] = {
		{ "etag:", answer->etag, sizeof(answer->etag) },
		{ S3_MARK_HEADER ":", answer->mark, sizeof(answer->mark) },
		{ "last-modified:", answer->modified, sizeof(answer->modified) },
		{ "content-range:", answer->range, sizeof(answer->range) },
	};
	size_t length = size * count;
	for (size_t i = 0; i < SP_COUNT_OF(headers); i++) {
		size_t name = strlen(headers[i].name);
		if (length > name && strncasecmp(line, headers[i].name, name) == 0)
			copy_value(line + name, length - name, headers[i].out, headers[i].room);
	}
	return length;
}

/* ---- one try --------------------------------------------------------------------------------------------------- */

/* A request with a body that is no PUT is the completion of an upload. */
static bool completes(const struct s3_wish *wish, const struct sp_buffer *body)
{
	return body != NULL && strcmp(wish->method, "POST") == 0;
}

static void set_up(CURL *handle, const struct s3_place *place, const struct s3_wish *wish,
		   const char *url, const struct sp_buffer *body, struct s3_answer *answer)
{
	bool looks = strcmp(wish->method, "HEAD") == 0, posts = strcmp(wish->method, "POST") == 0;
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
			 (long)(completes(wish, body) ? COMPLETION_S : SILENCE_S));
	curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_KEPT_S);
	if (place->ca != NULL)
		curl_easy_setopt(handle, CURLOPT_CAINFO, place->ca);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(handle, CURLOPT_HEADERDATA, answer);
	if (looks) {
		curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
		return;
	}
	if (posts || body != NULL) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(body == NULL ? 0 : body->length));
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS,
				 body == NULL ? "" : sp_buffer_text(body));
	}
	if (!posts)
		curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, wish->method);
}

static struct curl_slist *make_headers(const struct s3_wish *wish)
{
	/* Storage answers at once, and a body that is ours has no type. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	headers = curl_slist_append(headers, "Content-Type:");
	for (size_t i = 0; i < s3_wish_headers(wish); i++) {
		SP_AUTO_BUFFER line = { 0 };
		sp_buffer_format(&line, "%s: %s", wish->headers[i].name, wish->headers[i].value);
		headers = curl_slist_append(headers, sp_buffer_text(&line));
	}
	return headers;
}

static enum sp_code code_of(CURLcode result)
{
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return SP_UNREACHABLE;
	case CURLE_OPERATION_TIMEDOUT:
		return SP_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return SP_UNTRUSTED;
	default:
		return SP_CLOSED;
	}
}

/* @why  what libcurl knows beyond its code; "" */
static int fail_try(const struct s3_place *place, CURLcode result, const char *why,
		    struct sp_error *err)
{
	const enum sp_code code = code_of(result);
	return sp_fail(err, code, "could not ask the storage at %s: %s%s%s", place->origin,
		       why[0] != '\0' ? why : curl_easy_strerror(result),
		       code == SP_UNTRUSTED ? "; what is trusted: " : "",
		       code != SP_UNTRUSTED ? ""
		       : place->ca != NULL  ? place->ca
					    : "the system's certificates");
}

static int try_once(struct s3_place *place, const struct s3_wish *wish,
		    const struct sp_buffer *body, int64_t ends_ms, struct s3_answer *answer,
		    struct sp_error *err)
{
	const int64_t left_ms = ends_ms - sp_monotonic_ms();
	SP_AUTO_SECRET char *url = NULL;
	if (s3_place_sign(place, wish, &url, err) != 0)
		return -1;
	CURL *handle = take_handle(place);
	if (handle == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not prepare a request to the storage");
	struct curl_slist *headers = make_headers(wish);
	set_up(handle, place, wish, url, body, answer);
	curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
			 left_ms > 0 ? (long)left_ms : 1L); /* 0: none */
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
	char why[CURL_ERROR_SIZE] = "";
	curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why);
	CURLcode result = curl_easy_perform(handle);
	curl_off_t size = -1;
	curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
	curl_easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	answer->has_size = size >= 0;
	answer->size = answer->has_size ? (uint64_t)size : 0;
	curl_slist_free_all(headers);
	give_back(place, handle);
	if (result != CURLE_OK)
		return fail_try(place, result, why, err);
	return 0;
}

/* ---- until it is answered -------------------------------------------------------------------------------------- */

static bool is_busy(const struct s3_answer *answer)
{
	return (answer->status >= 500 && answer->status != S3_STATUS_NOT_IMPLEMENTED) ||
	       answer->status == 429 || answer->status == 408;
}

static bool says_one_of(const struct s3_answer *answer, const char *const words[], size_t count)
{
	SP_AUTO_FREE char *code = s3_answer_text(answer, "Code");
	for (size_t i = 0; code != NULL && i < count; i++)
		if (strcmp(code, words[i]) == 0)
			return true;
	return false;
}

/* A session that ended, and may have been renewed since it was signed with. To a HEAD storage says no more than 400. */
static bool is_expired(const struct s3_answer *answer)
{
	static const char *const words[] = { "ExpiredToken", "InvalidToken", "RequestExpired" };
	return answer->status == 400 &&
	       (answer->body.length == 0 || says_one_of(answer, words, SP_COUNT_OF(words)));
}

bool s3_lacks_condition(const struct s3_answer *answer)
{
	static const char *const words[] = { "InvalidArgument", "InvalidRequest",
					     "NotImplemented" };
	return answer->status == S3_STATUS_NOT_IMPLEMENTED ||
	       (answer->status == 400 && says_one_of(answer, words, SP_COUNT_OF(words)));
}

static void pause_before(int tries)
{
	uint32_t random;
	sp_random_bytes(&random, sizeof(random));
	int64_t ms = sp_backoff_ms(DELAY_MS, DELAY_MAX_MS, tries, random);
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static bool may_help(const struct sp_error *err)
{
	return err->code == SP_CLOSED || err->code == SP_TIMEOUT || err->code == SP_UNREACHABLE;
}

static int64_t patience_ms(const struct s3_wish *wish, const struct sp_buffer *body)
{
	if (wish->patience_ms != 0)
		return wish->patience_ms;
	return (completes(wish, body) ? COMPLETION_S : CALL_S) * INT64_C(1000);
}

int s3_call(struct s3_place *place, const struct s3_wish *wish, const struct sp_buffer *body,
	    struct s3_answer *out, struct sp_error *err)
{
	const int64_t ends_ms = sp_monotonic_ms() + patience_ms(wish, body);
	struct sp_error why = { 0 };
	for (int tries = 1;; tries++) {
		*out = (struct s3_answer){ .body = { .limit = BODY_MAX } };
		int result = try_once(place, wish, body, ends_ms, out, &why);
		if (result == 0 && !is_busy(out) && !is_expired(out))
			return 0;
		if (tries == TRIES || wish->patience_ms != 0 || sp_monotonic_ms() >= ends_ms ||
		    (result != 0 && !may_help(&why))) {
			if (result == 0)
				return 0;
			s3_answer_finish(out);
			return sp_fail(err, why.code, "%s", why.message);
		}
		s3_answer_finish(out);
		pause_before(tries);
	}
}

void s3_answer_finish(struct s3_answer *answer)
{
	sp_buffer_finish(&answer->body);
}

bool s3_succeeded(const struct s3_answer *answer)
{
	return answer->status >= 200 && answer->status < 300 &&
	       strstr(sp_buffer_text(&answer->body), "<Error>") == NULL;
}

bool s3_lacks_bucket(const struct s3_answer *answer)
{
	static const char *const words[] = { "NoSuchBucket" };
	return answer->status == 404 && says_one_of(answer, words, SP_COUNT_OF(words));
}

static enum sp_code code_of_status(const struct s3_answer *answer)
{
	switch (answer->status) {
	case 404:
		return SP_NOT_FOUND;
	case 401:
	case 403:
		return SP_DENIED;
	case 409: /* something else is being done to it just now */
		return SP_UNREACHABLE;
	case 412:
		return SP_EXISTS;
	case S3_STATUS_NOT_IMPLEMENTED:
		return SP_UNSUPPORTED;
	default:
		if (is_expired(answer))
			return SP_DENIED;
		return is_busy(answer) || answer->status < 300 ? SP_UNREACHABLE : SP_PROTOCOL;
	}
}

/* Whether a wrong bucket, region or key may be why: then they are named. */
static bool is_about_settings(const struct s3_answer *answer)
{
	return answer->status == 301 || answer->status == 400 || answer->status == 401 ||
	       answer->status == 403;
}

char *s3_answer_text(const struct s3_answer *answer, const char *name)
{
	return xml_text((struct xml_piece){ sp_buffer_text(&answer->body), answer->body.length },
			name);
}

int s3_fail(const struct s3_place *place, const struct s3_answer *answer, const char *what,
	    const char *key, struct sp_error *err)
{
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	SP_AUTO_FREE char *code = s3_answer_text(answer, "Code");
	if (code != NULL)
		sp_text_make_readable(code);
	if (answer->status == 404 && (code == NULL || strcmp(code, "NoSuchKey") == 0))
		return sp_fail(err, SP_NOT_FOUND,
			       "there is no \"%s\" in bucket \"%s\", which is %s at %s%s", shown,
			       place->name, place->path, place->origin,
			       strpbrk(key, "*?[") != NULL ? ", and wildcards are not expanded"
							   : "");
	if (s3_lacks_bucket(answer))
		return sp_fail(
			err, SP_SYSTEM,
			"%s \"%s\" in bucket \"%s\": there is no bucket \"%s\" (region %s) at "
			"the storage at %s",
			what, shown, place->name, place->bucket, place->region, place->origin);
	SP_AUTO_FREE char *where = is_about_settings(answer)
					   ? sp_format(" for its bucket \"%s\", region %s",
						       place->bucket, place->region)
					   : sp_strdup("");
	return sp_fail(err, code_of_status(answer),
		       "%s \"%s\" in bucket \"%s\": the storage at %s answered %ld%s%s%s", what,
		       shown, place->name, place->origin, answer->status, code == NULL ? "" : " ",
		       code == NULL ? "" : code, where);
}
