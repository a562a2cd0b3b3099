/* Requests, which connection has which, and what becomes of them when it breaks. */

#include <poll.h>
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
	STALL_MS = 20000, /* nothing moved for so long: the connection is given up */
	IDLE_MS = 10000,  /* a connection without work is closed */
	TICK_MS = 500,
	BUSY_STATUS = 429,
};

/* ---- origins ---------------------------------------------------------------------------------------------------- */

/* "https://host:port" of a URL. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");
	return host == NULL ? 0 : (size_t)(host + 3 - url) + strcspn(host + 3, "/?");
}

static struct origin *find_origin(struct depot *depot, const char *url)
{
	size_t length = origin_length(url);
	for (struct origin *origin = depot->origins; origin != NULL; origin = origin->next)
		if (strlen(origin->name) == length && memcmp(origin->name, url, length) == 0)
			return origin;
	struct origin *origin = sp_alloc(sizeof(*origin));
	origin->name = sp_strdup(url);
	origin->name[length] = '\0';
	origin->next = depot->origins;
	depot->origins = origin;
	return origin;
}

/* "host" of it, also of "[::1]". Owned by the caller. */
static char *host_of(const struct origin *origin)
{
	const char *host = strstr(origin->name, "://") + 3;
	bool bracket = host[0] == '[';
	char *copy = sp_strdup(host + bracket);
	copy[strcspn(copy, bracket ? "]" : ":")] = '\0';
	return copy;
}

void depot_take_ca(struct depot *depot, const char *origin_name, int fd)
{
	struct origin *origin = find_origin(depot, origin_name);
	struct sp_error ignored = {
		0
	}; /* without trust there is no connection, which is told then */
	SP_AUTO_FD file = fd;
	SP_AUTO_FREE char *host = host_of(origin);
	if (origin->trust == NULL)
		wire_trust_read(sp_take_fd(&file), host, &origin->trust, &ignored);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

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
	find_origin(depot, request->url); /* which makes it known */
	append(depot, request);
}

static void drop_line(struct depot *depot, struct line *line)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		if (depot->lines[i] == line)
			depot->lines[i] = NULL;
	line->origin->lines--;
	line_close(line);
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
		drop_line(depot,
			  request->line); /* in the middle of it, it is of no use to others */
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

static void note_refusal(struct request *request, const struct line *line)
{
	static const struct {
		int status;
		enum sp_code code;
	} codes[] = {
		{ 403, SP_DENIED },  { 401, SP_DENIED },  { 404, SP_CHANGED },
		{ 412, SP_CHANGED }, { 416, SP_CHANGED }, { 507, SP_NO_SPACE },
	};
	char word[64];
	find_code(line, word, sizeof(word));
	enum sp_code code = SP_PROTOCOL;
	if (line->head.status >= 500 || line->head.status == BUSY_STATUS)
		code = SP_UNREACHABLE;
	for (size_t i = 0; i < SP_COUNT_OF(codes); i++)
		if (codes[i].status == line->head.status)
			code = codes[i].code;
	sp_fail(&request->err, code, "the storage answered %d%s%s to a %s of byte %llu",
		line->head.status, word[0] == '\0' ? "" : " ", word, request->puts ? "PUT" : "GET",
		(unsigned long long)request->first);
}

static void judge_answer(struct depot *depot, struct request *request, const struct line *line)
{
	int status = line->head.status;
	bool is_done = status >= 200 && status < 300;
	if (!is_done)
		note_refusal(request, line);
	if (is_done)
		end(request, REQUEST_DONE);
	else if (status == 403 || status == 401)
		end(request, REQUEST_DENIED);
	else if (status >= 500 || status == BUSY_STATUS || status == 408 || status == 400)
		try_again(
			depot,
			request); /* 400: RequestTimeout, and bytes that were changed on their way */
	else
		end(request, REQUEST_FAILED);
}

/* A connection that was used before may have been closed while it was idle: that is no failure. */
static void judge_break(struct depot *depot, struct request *request, bool was_idle,
			const struct sp_error *why)
{
	request->err = *why;
	if (why->code != SP_CLOSED && why->code != SP_TIMEOUT) {
		end(request, REQUEST_FAILED);
	} else if (was_idle) {
		request->line = NULL;
		append(depot, request);
	} else {
		try_again(depot, request);
	}
}

static void turn_line(struct depot *depot, struct line *line)
{
	struct request *request = line->request;
	struct sp_error why = { 0 };
	enum line_verdict verdict = line_turn(line, &why);
	if (verdict == LINE_WAITS && sp_monotonic_ms() - line->last_ms > STALL_MS) {
		sp_fail(&why, SP_TIMEOUT, "the storage said nothing for %d s", STALL_MS / 1000);
		verdict = LINE_BROKE;
	}
	if (verdict == LINE_WAITS)
		return;
	if (verdict == LINE_BROKE) {
		bool was_idle = line->was_used && line->in_length == 0 && !line->has_head;
		drop_line(depot, line);
		judge_break(depot, request, was_idle, &why);
		return;
	}
	bool sent_all = line->out_sent == line->out_length &&
			(!request->puts || line->body_sent == request->length);
	line->request = NULL;
	line->was_used = true;
	judge_answer(depot, request, line);
	if (line->head.closes || !sent_all)
		drop_line(depot, line);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static size_t count_lines(const struct depot *depot)
{
	size_t count = 0;
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		count += (size_t)(depot->lines[i] != NULL) + (depot->dials[i].number != 0);
	return count;
}

static struct line *find_idle(const struct depot *depot, const struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		if (depot->lines[i] != NULL && depot->lines[i]->request == NULL &&
		    depot->lines[i]->origin == origin)
			return depot->lines[i];
	return NULL;
}

static void dial(struct depot *depot, struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (depot->dials[i].number != 0)
			continue;
		if (++depot->last_dial == 0)
			depot->last_dial = 1;
		depot->dials[i] = (struct dial){ depot->last_dial, origin };
		origin->dialled++;
		depot->door.need_socket(depot->door.ctx, depot->last_dial, origin->name);
		return;
	}
}

static struct origin *end_dial(struct depot *depot, uint32_t number)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (number == 0 || depot->dials[i].number != number)
			continue;
		depot->dials[i].number = 0;
		depot->dials[i].origin->dialled--;
		return depot->dials[i].origin;
	}
	return NULL;
}

/* Requests that could go now fail once, with the reason. */
static void fail_waiting(struct depot *depot, const struct origin *origin,
			 const struct sp_error *why)
{
	int64_t now = sp_monotonic_ms();
	struct request *next, *ready = NULL;
	for (struct request *request = depot->first; request != NULL; request = next) {
		next = request->next;
		if (request->not_before_ms > now || find_origin(depot, request->url) != origin)
			continue;
		take_out(depot, request);
		request->next = ready;
		ready = request;
	}
	for (; ready != NULL; ready = next) {
		next = ready->next;
		ready->err = *why;
		try_again(depot, ready);
	}
}

void depot_refuse_socket(struct depot *depot, uint32_t request, const struct sp_error *why)
{
	const struct origin *origin = end_dial(depot, request);
	if (origin != NULL && origin->lines + origin->dialled == 0)
		fail_waiting(depot, origin, why);
}

void depot_take_socket(struct depot *depot, uint32_t request, int fd)
{
	SP_AUTO_FD socket = fd;
	struct origin *origin = end_dial(depot, request);
	struct sp_error why = { 0 };
	struct wire *wire = NULL;
	if (origin == NULL)
		return;
	if (sp_text_starts_with(origin->name, "https:") && origin->trust == NULL)
		sp_fail(&why, SP_UNTRUSTED,
			"cannot trust the storage: no certificates are known that it should have");
	else
		wire_open(sp_take_fd(&socket), origin->trust, &wire, &why);
	if (wire == NULL) {
		fail_waiting(depot, origin, &why);
		return;
	}
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		if (depot->lines[i] == NULL) {
			depot->lines[i] = line_open(origin, wire);
			origin->lines++;
			return;
		}
	wire_close(wire);
}

/* One that has no work, and of which the place is needed by others. */
static void make_room(struct depot *depot, const struct origin *origin)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		struct line *line = depot->lines[i];
		if (line != NULL && line->request == NULL && line->origin != origin) {
			drop_line(depot, line);
			return;
		}
	}
}

/* Gives the requests that wait to lines, and asks for lines. @out_wait_ms: until the next one may go. */
static void hand_out(struct depot *depot, int *out_wait_ms)
{
	int64_t now = sp_monotonic_ms();
	struct request *next;
	for (struct origin *origin = depot->origins; origin != NULL; origin = origin->next) {
		size_t without = 0;
		for (struct request *request = depot->first; request != NULL; request = next) {
			next = request->next;
			if (find_origin(depot, request->url) != origin)
				continue;
			if (request->not_before_ms > now) {
				int wait = (int)(request->not_before_ms - now);
				*out_wait_ms = wait < *out_wait_ms ? wait : *out_wait_ms;
				continue;
			}
			struct line *line = find_idle(depot, origin);
			if (line == NULL) {
				without++;
				continue;
			}
			take_out(depot, request);
			if (line_begin(line, request, &request->err) != 0)
				end(request, REQUEST_FAILED);
		}
		if (without > origin->dialled && count_lines(depot) == DEPOT_LINES_MAX)
			make_room(depot, origin);
		while (without > origin->dialled && count_lines(depot) < DEPOT_LINES_MAX)
			dial(depot, origin);
	}
}

/* An idle one has ended, or has been idle for too long. */
static void look_at_idle(struct depot *depot, struct line *line, short events)
{
	if (events != 0 || sp_monotonic_ms() - line->last_ms > IDLE_MS)
		drop_line(depot, line);
}

bool depot_is_busy(const struct depot *depot)
{
	return depot->first != NULL || count_lines(depot) > 0;
}

void depot_turn(struct depot *depot, int wake_fd, int timeout_ms)
{
	struct pollfd waits[1 + DEPOT_LINES_MAX];
	struct line *polled[1 + DEPOT_LINES_MAX];
	nfds_t count = 1;
	int wait_ms = TICK_MS;
	hand_out(depot, &wait_ms);
	waits[0] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++) {
		if (depot->lines[i] == NULL)
			continue;
		if (depot->lines[i]->request != NULL && depot->lines[i]->has_more)
			wait_ms = 0;
		polled[count] = depot->lines[i];
		waits[count++] = (struct pollfd){ .fd = wire_fd(depot->lines[i]->wire),
						  .events = line_events(depot->lines[i]) };
	}
	if (timeout_ms >= 0 && timeout_ms < wait_ms)
		wait_ms = timeout_ms;
	if (poll(waits, count, wait_ms) < 0)
		return;
	for (nfds_t at = 1; at < count; at++) {
		bool is_there = false; /* what one line brings may close another */
		for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
			is_there = is_there || depot->lines[i] == polled[at];
		if (!is_there)
			continue;
		if (polled[at]->request == NULL)
			look_at_idle(depot, polled[at], waits[at].revents);
		else if (waits[at].revents != 0 || polled[at]->has_more ||
			 sp_monotonic_ms() - polled[at]->last_ms > STALL_MS)
			turn_line(depot, polled[at]);
	}
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

void depot_join(struct depot *depot, struct depot_stream *stream, const struct stream_place *place)
{
	stream->depot = depot;
	snprintf(stream->file_id, sizeof(stream->file_id), "%s", place->file_id);
	stream->attempt = place->attempt;
}

void depot_enter(struct depot_stream *stream)
{
	if (stream->entered)
		return;
	stream->entered = true;
	stream->next = stream->depot->streams;
	stream->depot->streams = stream;
}

void depot_leave(struct depot_stream *stream)
{
	if (!stream->entered)
		return;
	for (struct depot_stream **at = &stream->depot->streams; *at != NULL; at = &(*at)->next)
		if (*at == stream) {
			*at = stream->next;
			return;
		}
}

void depot_wake(struct depot_stream *stream)
{
	if (stream->wake != NULL)
		stream->wake(stream->wake_ctx);
}

void depot_ask_urls(struct depot_stream *stream, uint32_t part)
{
	if (stream->asks)
		return;
	stream->asks = true;
	const struct depot_door *door = &stream->depot->door;
	door->need_urls(door->ctx, stream->file_id, stream->attempt, part);
}

void depot_take_urls(struct depot *depot, const char *file_id, uint32_t attempt, uint32_t part,
		     const char *urls, const struct sp_error *why)
{
	struct depot_stream *stream = depot->streams;
	while (stream != NULL && (stream->attempt != attempt ||
				  strcmp(stream->file_id, file_id) != 0 || !stream->asks))
		stream = stream->next;
	if (stream == NULL)
		return; /* it is over */
	stream->asks = false;
	stream->take_urls(stream, part, urls, why);
}

void depot_tell_room(struct depot *depot)
{
	struct depot_stream *next;
	for (struct depot_stream *stream = depot->streams; stream != NULL; stream = next) {
		next = stream->next;
		stream->room(stream);
	}
}

void depot_create(const struct depot_door *door, struct depot **out)
{
	*out = sp_alloc(sizeof(**out));
	(*out)->door = *door;
}

void depot_destroy(struct depot *depot)
{
	if (depot == NULL)
		return;
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		line_close(depot->lines[i]);
	while (depot->origins != NULL) {
		struct origin *origin = depot->origins;
		depot->origins = origin->next;
		wire_trust_destroy(origin->trust);
		free(origin->name);
		free(origin);
	}
	free(depot);
}
