/* One connection to storage: a request goes out, its answer comes in. */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "streams/depot_inside.h"

enum { TURN_MAX = 1 << 20 /* bytes that one line moves before others have their turn */ };

/* The header that says which attempt at which file made an object; the daemon signed it. */
#define MARK_HEADER "x-amz-meta-sallyport"

struct line *line_open(struct origin *origin, struct wire *wire)
{
	struct line *line = sp_alloc(sizeof(*line));
	line->origin = origin;
	line->wire = wire;
	line->last_ms = sp_monotonic_ms();
	return line;
}

void line_close(struct line *line)
{
	if (line == NULL)
		return;
	wire_close(line->wire);
	explicit_bzero(line->out, sizeof(line->out));
	free(line);
}

void line_drop(struct depot *depot, struct line *line)
{
	for (size_t i = 0; i < DEPOT_LINES_MAX; i++)
		if (depot->lines[i] == line)
			depot->lines[i] = NULL;
	line->origin->lines--;
	line_close(line);
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static int write_put_head(const struct request *request, const char *target, const char *host,
			  char *out, size_t room)
{
	SP_AUTO_BUFFER more = { 0 };
	if (request->condition != NULL)
		sp_buffer_format(&more, "%s: %s\r\n",
				 strcmp(request->condition, "*") == 0 ? "If-None-Match"
								      : "If-Match",
				 request->condition);
	if (request->mark != NULL)
		sp_buffer_format(&more, MARK_HEADER ": %s\r\n", request->mark);
	return snprintf(out, room, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n%s\r\n",
			target, host, request->length, sp_buffer_text(&more));
}

static int write_head(const struct request *request, const char *origin, char *out, size_t room)
{
	const char *host = strstr(origin, "://") + 3;
	const char *target = request->url + strlen(origin);
	if (request->puts)
		return write_put_head(request, target, host, out, room);
	return snprintf(out, room,
			"GET %s HTTP/1.1\r\nHost: %s\r\nIf-Match: %s\r\n"
			"Range: bytes=%llu-%llu\r\n\r\n",
			target, host, request->etag,
			(unsigned long long)(request->first + request->got),
			(unsigned long long)(request->first + request->length - 1));
}

int line_begin(struct line *line, struct request *request, struct sp_error *err)
{
	int length = write_head(request, line->origin->name, line->out, sizeof(line->out));
	if (length < 0 || (size_t)length >= sizeof(line->out))
		return sp_fail(err, SP_LIMIT, "cannot send a URL of so many bytes to the storage");
	line->out_length = (size_t)length;
	line->out_sent = line->body_sent = line->in_length = 0;
	line->has_head = line->has_more = false;
	line->last_ms = sp_monotonic_ms();
	line->request = request;
	request->line = line;
	return 0;
}

static bool has_to_send(const struct line *line)
{
	const struct request *request = line->request;
	return line->out_sent < line->out_length ||
	       (request->puts && line->body_sent < request->length);
}

static int send_out(struct line *line, struct sp_error *err)
{
	const struct request *request = line->request;
	for (size_t moved = 0; has_to_send(line) && moved < TURN_MAX;) {
		bool head = line->out_sent < line->out_length;
		size_t left = request->length - line->body_sent, turn = TURN_MAX - moved;
		ssize_t put = head ? wire_write(line->wire, line->out + line->out_sent,
						line->out_length - line->out_sent, err)
				   : wire_write(line->wire, request->body + line->body_sent,
						left < turn ? left : turn, err);
		if (put == WIRE_LATER)
			return 0;
		if (put <= 0)
			return -1;
		*(head ? &line->out_sent : &line->body_sent) += (size_t)put;
		moved += (size_t)put;
		line->last_ms = sp_monotonic_ms();
	}
	line->has_more = has_to_send(line);
	return 0;
}

/* ---- in --------------------------------------------------------------------------------------------------------- */

static bool is_good(const struct line *line)
{
	return line->head.status >= 200 && line->head.status < 300;
}

/* Of an answer of success to a GET the bytes are the object's. */
static bool takes_object(const struct line *line)
{
	return !line->request->puts && is_good(line);
}

/* What is answered before all is sent is an answer as well, but not one of success: that may be another request's. */
static int check_head(struct line *line, struct sp_error *err)
{
	const struct request *request = line->request;
	const struct http_head *head = &line->head;
	if (is_good(line) && has_to_send(line))
		return sp_fail(err, SP_CLOSED, "the storage answered before it had all bytes");
	if (!takes_object(line))
		return 0;
	/* Also the length alone is not enough: what a proxy answers twice is as long as what is awaited next. */
	if (head->status != 206 || !head->has_length || !head->has_range ||
	    head->length != request->length - request->got ||
	    head->first != request->first + request->got ||
	    head->last != request->first + request->length - 1)
		return sp_fail(err, SP_PROTOCOL,
			       "the storage did not answer with the range that it was asked for");
	if (head->etag[0] != '\0' && strcmp(head->etag, request->etag) != 0)
		return sp_fail(err, SP_CHANGED,
			       "the object changed while it was read: another one is in its place");
	return 0;
}

/* Bytes of the body, of which the object's have come to their place already where @data is that. */
static void take_body(struct line *line, const char *data, size_t length)
{
	struct request *request = line->request;
	if (takes_object(line)) {
		if (data != (const char *)request->into + request->got)
			memmove(request->into + request->got, data, length);
		request->got += length;
		line->last_ms = sp_monotonic_ms();
		if (request->progress != NULL)
			request->progress(request);
	} else if (line->in_length < BODY_KEPT_MAX) {
		size_t kept = BODY_KEPT_MAX - line->in_length;
		kept = length < kept ? length : kept;
		memmove(line->in + line->in_length, data, kept);
		line->in_length += kept;
	}
	if (line->head.has_length)
		line->body_left -= length;
}

/* Whether the last bytes of a body of unknown length were its end; of chunks we want no more than the words in them. */
static bool ends_here(const struct line *line)
{
	static const char last_chunk[] = "0\r\n\r\n";
	size_t size = sizeof(last_chunk) - 1;
	return line->head.chunked && line->in_length >= size &&
	       memcmp(line->in + line->in_length - size, last_chunk, size) == 0;
}

static enum line_verdict judge_body(struct line *line)
{
	bool has_none = line->head.status == 204 || line->head.status == 304;
	if (has_none || (line->head.has_length && line->body_left == 0))
		return LINE_ANSWERED;
	if (takes_object(line))
		return LINE_WAITS;
	/* Nobody counts what comes behind one without a length, or waits for the rest of a long one. */
	bool is_enough = line->in_length == BODY_KEPT_MAX;
	line->head.closes = line->head.closes || is_enough || !line->head.has_length;
	return is_enough || ends_here(line) ? LINE_ANSWERED : LINE_WAITS;
}

/* Interim answers (1xx) are passed over. */
static enum line_verdict take_head(struct line *line, struct sp_error *err)
{
	for (;;) {
		int size = http_head_read(line->in, line->in_length, &line->head);
		if (size == 0)
			return LINE_WAITS;
		if (size < 0) {
			sp_fail(err, SP_PROTOCOL, "the storage did not answer in HTTP");
			return LINE_BROKE;
		}
		size_t rest = line->in_length - (size_t)size;
		if (line->head.status < 200) {
			memmove(line->in, line->in + size, rest);
			line->in_length = rest;
			continue;
		}
		line->has_head = true;
		line->body_left = line->head.length;
		if (check_head(line, err) != 0)
			return LINE_BROKE;
		if (line->head.has_length && rest > line->body_left) {
			line->head.closes = true; /* what follows is no answer to anybody */
			rest = (size_t)line->body_left;
		}
		line->in_length = 0;
		if (rest > 0)
			take_body(line, line->in + size, rest);
		return judge_body(line);
	}
}

/* Where the next bytes belong. */
static char *place_of_next(struct line *line, char *scratch, size_t scratch_size, size_t *out_room)
{
	struct request *request = line->request;
	if (!line->has_head) {
		*out_room = sizeof(line->in) - line->in_length;
		return line->in + line->in_length;
	}
	if (takes_object(line)) {
		*out_room = request->length - request->got;
		return (char *)request->into + request->got;
	}
	*out_room = scratch_size;
	if (line->head.has_length && line->body_left < *out_room)
		*out_room = (size_t)line->body_left;
	return scratch;
}

static enum line_verdict take_in(struct line *line, struct sp_error *err)
{
	char scratch[4096];
	for (size_t moved = 0; moved < TURN_MAX;) {
		size_t room;
		char *place = place_of_next(line, scratch, sizeof(scratch), &room);
		ssize_t got = wire_read(line->wire, place, room, err);
		if (got == WIRE_LATER)
			return LINE_WAITS;
		if (got == 0 && line->has_head && !line->head.has_length)
			return LINE_ANSWERED;
		if (got == 0)
			sp_fail(err, SP_CLOSED, "the storage closed the connection");
		if (got <= 0)
			return LINE_BROKE;
		moved += (size_t)got;
		enum line_verdict verdict;
		if (!line->has_head) {
			line->in_length += (size_t)got;
			verdict = take_head(line, err);
		} else {
			take_body(line, place, (size_t)got);
			verdict = judge_body(line);
		}
		if (verdict != LINE_WAITS)
			return verdict;
	}
	line->has_more = true;
	return LINE_WAITS;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

enum line_verdict line_turn(struct line *line, struct sp_error *err)
{
	line->has_more = false;
	if (has_to_send(line) && send_out(line, err) != 0) {
		/* It may have said why before it hung up. */
		struct sp_error ignored = { 0 };
		return take_in(line, &ignored) == LINE_ANSWERED ? LINE_ANSWERED : LINE_BROKE;
	}
	return take_in(line, err);
}

enum line_past line_past(const struct line *line)
{
	if (!line->was_used)
		return LINE_FRESH;
	return line->in_length == 0 && !line->has_head ? LINE_IDLE : LINE_USED;
}

short line_events(const struct line *line)
{
	if (line->request == NULL)
		return POLLIN; /* it is idle: whatever comes is its end */
	bool sends = has_to_send(line) && !wire_is_opening(line->wire);
	return (short)(POLLIN | (sends ? POLLOUT : 0) | wire_events(line->wire));
}
