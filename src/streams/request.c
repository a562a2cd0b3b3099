/* Requests: those that wait, and what becomes of one that is answered or whose connection breaks. */

#include <stdio.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"
#include "streams/depot_inside.h"

enum {
	TRIES = 8,
	DELAY_MS = 100,
	DELAY_MAX_MS = 4000,
	BUSY_STATUS = 429,
	NOT_IMPLEMENTED = 501,
};

/* ---- those that wait -------------------------------------------------------------------------------------------- */

static void append(struct depot *depot, struct request *request)
{
	struct request **at = &depot->first;
	while (*at != NULL)
		at = &(*at)->next;
	request->next = NULL;
	request->waits = true;
	*at = request;
}

static void take_out(struct depot *depot, struct request *request)
{
	struct request **at = &depot->first;
	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	request->waits = false;
}

void request_begin(struct depot *depot, struct request *request)
{
	request->tries = 0;
	request->not_before_ms = 0;
	request->err = (struct sp_error){ 0 };
	origin_of(depot, request->url); /* which makes it known */
	append(depot, request);
}

static void forget(struct request *request)
{
	sp_secret_free(sp_take_pointer(&request->url));
	request->line = NULL;
}

void request_cancel(struct depot *depot, struct request *request)
{
	if (request->waits)
		take_out(depot, request);
	else if (request->line != NULL)
		line_drop(depot, request->line); /* nobody else can use it in the middle of this */
	forget(request);
}

static void end(struct request *request, enum request_result result)
{
	forget(request);
	request->done(request, result);
}

/* Once more, after a while; or it was the last time. */
static void try_again(struct depot *depot, struct request *request)
{
	uint32_t random;
	request->line = NULL;
	if (++request->tries >= TRIES) {
		end(request, REQUEST_FAILED);
		return;
	}
	sp_random_bytes(&random, sizeof(random));
	request->not_before_ms =
		sp_monotonic_ms() + sp_backoff_ms(DELAY_MS, DELAY_MAX_MS, request->tries, random);
	append(depot, request);
}

void request_start(struct depot *depot, struct request *request, struct line *line)
{
	take_out(depot, request);
	if (line_begin(line, request, &request->err) != 0)
		end(request, REQUEST_FAILED);
}

void requests_fail(struct depot *depot, const struct origin *origin, const struct sp_error *why)
{
	int64_t now = sp_monotonic_ms();
	struct request *next, *ready = NULL;
	for (struct request *request = depot->first; request != NULL; request = next) {
		next = request->next;
		if (request->not_before_ms > now || origin_of(depot, request->url) != origin)
			continue;
		take_out(depot, request);
		request->next = ready;
		ready = request;
	}
	for (; ready != NULL; ready = next) {
		next = ready->next;
		ready->err = *why;
		if (why->code == SP_UNTRUSTED)
			end(ready, REQUEST_FAILED); /* as when the certificate is another one */
		else
			try_again(depot, ready);
	}
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

/* The word that S3 has for it, for sentences. */
static void find_code(const struct line *line, char *out, size_t room)
{
	const char *end = line->in + line->in_length;
	const char *from = memmem(line->in, line->in_length, "<Code>", 6);
	size_t length = 0;
	if (from != NULL)
		for (from += 6; from + length < end && from[length] != '<';)
			length++;
	snprintf(out, room, "%.*s", (int)(length < room ? length : room - 1),
		 from == NULL ? "" : from);
	sp_text_make_readable(out);
}

enum said_of { ANYTHING, PLAIN /* without a condition */, CONDITION };

/*
 * Under a condition 404 is said of an object that was removed meanwhile, 409 while others write it, and 400 by storage that
 * does not know the condition, as far as its word tells. 400 is also said of a session that has ended: what that has signed
 * is signed anew.
 */
static const struct answer {
	int status;
	enum said_of of;
	const char *word; /* NULL: whichever; "": none */
	enum sp_code code;
} answers[] = {
	{ 400, ANYTHING, "ExpiredToken", SP_DENIED },
	{ 400, ANYTHING, "InvalidToken", SP_DENIED },
	{ 400, ANYTHING, "RequestExpired", SP_DENIED },
	{ 400, CONDITION, "", SP_UNSUPPORTED },
	{ 400, CONDITION, "InvalidArgument", SP_UNSUPPORTED },
	{ 400, CONDITION, "InvalidRequest", SP_UNSUPPORTED },
	{ 400, CONDITION, "NotImplemented", SP_UNSUPPORTED },
	{ 401, ANYTHING, NULL, SP_DENIED },
	{ 403, ANYTHING, NULL, SP_DENIED },
	{ 404, ANYTHING, "NoSuchBucket", SP_NOT_FOUND },
	{ 404, PLAIN, NULL, SP_CHANGED },
	{ 404, CONDITION, NULL, SP_EXISTS },
	{ 409, CONDITION, NULL, SP_CONFLICT },
	{ 412, PLAIN, NULL, SP_CHANGED },
	{ 412, CONDITION, NULL, SP_EXISTS },
	{ 416, PLAIN, NULL, SP_CHANGED },
	{ 507, ANYTHING, NULL, SP_NO_SPACE },
	{ NOT_IMPLEMENTED, CONDITION, NULL, SP_UNSUPPORTED },
};

static enum sp_code find_meaning(int status, bool has_condition, const char *word)
{
	for (size_t i = 0; i < SP_COUNT_OF(answers); i++)
		if (answers[i].status == status &&
		    (answers[i].of == ANYTHING || (answers[i].of == CONDITION) == has_condition) &&
		    (answers[i].word == NULL || strcmp(answers[i].word, word) == 0))
			return answers[i].code;
	return status >= 500 || status == BUSY_STATUS ? SP_UNREACHABLE : SP_PROTOCOL;
}

static void note_refusal(struct request *request, const struct line *line)
{
	const int status = line->head.status;
	char word[64];
	find_code(line, word, sizeof(word));
	sp_fail(&request->err, find_meaning(status, request->condition != NULL, word),
		"the storage answered %d%s%s to a %s of byte %llu", status,
		word[0] == '\0' ? "" : " ", word, request->puts ? "PUT" : "GET",
		(unsigned long long)request->first);
}

/* Also 400, when nothing else is known of it: RequestTimeout, and bytes that were changed on their way. */
static bool may_repeat(int status, enum sp_code code)
{
	return (status >= 500 && status != NOT_IMPLEMENTED) || status == BUSY_STATUS ||
	       status == 408 || (status == 400 && code == SP_PROTOCOL);
}

void request_judge_answer(struct depot *depot, struct request *request, const struct line *line)
{
	int status = line->head.status;
	bool is_done = status >= 200 && status < 300;
	if (!is_done)
		note_refusal(request, line);
	if (is_done)
		end(request, REQUEST_DONE);
	else if (request->err.code == SP_DENIED)
		end(request, REQUEST_DENIED);
	else if (may_repeat(status, request->err.code))
		try_again(depot, request);
	else
		end(request, REQUEST_FAILED);
}

/* An odd answer on a line that others had may be one of theirs; on a fresh one it is this request's own. */
void request_judge_break(struct depot *depot, struct request *request, enum line_past past,
			 const struct sp_error *why)
{
	bool lost = why->code == SP_CLOSED || why->code == SP_TIMEOUT;
	request->err = *why;
	if (why->code == SP_CLOSED && past == LINE_IDLE) {
		request->line = NULL;
		append(depot, request);
	} else if (lost || (why->code == SP_PROTOCOL && past != LINE_FRESH)) {
		try_again(depot, request);
	} else {
		end(request, REQUEST_FAILED);
	}
}
