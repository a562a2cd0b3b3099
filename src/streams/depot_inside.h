#pragma once
/**
 * The depot as its files share it. From the bottom: origin.c has where requests go, line.c one connection, request.c what
 * becomes of a request, depot.c the connections together, depot_stream.c what source.c and sink.c, the streams, begin with.
 */

#include "base/error.h"
#include "streams/backend.h"
#include "streams/depot.h"
#include "streams/http_head.h"
#include "streams/wire.h"

enum {
	STREAM_ID_SIZE = 64,
	HEAD_OUT_MAX = 8192,  /* bytes of a request's head */
	BODY_KEPT_MAX = 4096, /* of an answer that is none of success; more is not waited for */
};

enum request_result {
	REQUEST_DONE,
	REQUEST_DENIED, /* its URL is not good any more, or never was */
	REQUEST_FAILED, /* for good; of a condition: as stream_put() has it */
};

/** One GET of a range or PUT of a body, until it is answered. Embedded in what it is for. */
struct request {
	char *url; /* owned, wiped */
	bool puts;
	const char *etag;    /* GET: what the object has to be. Borrowed */
	uint64_t first;      /* GET: byte of the object, of … */
	uint8_t *into;       /* … so many that come into this … */
	size_t length, got;  /* … and so many came. PUT: of the body */
	const uint8_t *body; /* PUT. Borrowed */
	const char *mark;    /* PUT: value of the header by which the object is known; NULL: none */
	/* PUT: what has to be there: "*": nothing; else an ETag. NULL: whatever is there. Borrowed */
	const char *condition;
	void (*done)(struct request *request, enum request_result result);
	void (*progress)(struct request *request); /* GET: more came; NULL is fine */
	void *owner;
	struct sp_error err; /* why it failed, the last time */

	/* request.c's own */
	struct request *next; /* among those that wait */
	struct line *line;    /* that has it; NULL: none */
	bool waits;
	int tries; /* in vain */
	int64_t not_before_ms;
};

/** A connection. */
struct line {
	struct origin *origin;
	struct wire *wire;
	struct request *request; /* NULL: it is idle */
	char out[HEAD_OUT_MAX];
	size_t out_length, out_sent;
	size_t body_sent;
	char in[HTTP_HEAD_MAX]; /* until the head is complete; then what is kept of an answer that is none of success */
	size_t in_length;
	bool has_head, was_used, has_more;
	struct http_head head;
	uint64_t body_left;
	int64_t last_ms; /* when bytes of an object moved, or the line was given a request or had it answered */
};

/** Where requests go: "https://host:port". */
struct origin {
	struct origin *next;
	char *name;
	struct wire_trust *trust; /* NULL: in clear, not told yet, or … */
	struct sp_error no_trust; /* … why there is none */
	size_t lines, dialled;    /* open, and asked for */
	int refusals;             /* of those that were asked for, in a row */
	int64_t dial_after_ms;    /* because of them */
};

/** First member of a source and of a sink. */
struct depot_stream {
	struct stream base;
	struct depot *depot;
	struct depot_stream *next;
	char file_id[STREAM_ID_SIZE];
	uint32_t attempt;
	bool entered;            /* it is among the depot's */
	bool asks;               /* for URLs */
	void (*wake)(void *ctx); /* NULL: nobody waits */
	void *wake_ctx;
	void (*take_urls)(struct depot_stream *stream, uint32_t part, const char *urls,
			  const struct sp_error *why);
	void (*room)(struct depot_stream *stream); /* there may be more of the budget */
};

struct dial {
	uint32_t number; /* 0: free */
	struct origin *origin;
};

struct depot {
	struct depot_door door;
	struct origin *origins;
	struct line *lines[DEPOT_LINES_MAX];
	struct dial dials[DEPOT_LINES_MAX];
	uint32_t last_dial;
	struct request *first; /* that wait, oldest first */
	struct depot_stream *streams;
	size_t source_used, sink_used; /* of the budgets, … */
	bool sink_is_over;             /* … beyond which one part is */
};

/* ---- origin.c ---- */

/** That of @url, which is there until the depot goes. */
struct origin *origin_of(struct depot *depot, const char *url);
void origin_forget_all(struct depot *depot);

/* ---- line.c ---- */

enum line_verdict {
	LINE_WAITS,
	LINE_ANSWERED, /* line->head says how; its body is all there */
	LINE_BROKE,    /* with the error */
};

/** What was on it before it broke. */
enum line_past {
	LINE_FRESH, /* nothing: what came is the answer to its only request */
	LINE_USED,  /* others' requests, whose answers this one may have met */
	LINE_IDLE, /* the same, and nothing of an answer: it may have been closed before the request came to it */
};

/** The other end of @wire is taken. */
struct line *line_open(struct origin *origin, struct wire *wire);
void line_close(struct line *line);
/** The same, and its place in the depot is free. */
void line_drop(struct depot *depot, struct line *line);
/** SP_LIMIT when its head does not fit. */
int line_begin(struct line *line, struct request *request, struct sp_error *err);
enum line_verdict line_turn(struct line *line, struct sp_error *err);
enum line_past line_past(const struct line *line);
short line_events(const struct line *line);

/* ---- request.c ---- */

/** It waits for its turn. The rest of it is filled in. */
void request_begin(struct depot *depot, struct request *request);
/** It is over, without a word to its owner. */
void request_cancel(struct depot *depot, struct request *request);
/** One that waits goes out on @line, which is idle; it fails for good when it cannot. */
void request_start(struct depot *depot, struct request *request, struct line *line);
/** Those to @origin that could go now have tried in vain once more. */
void requests_fail(struct depot *depot, const struct origin *origin, const struct sp_error *why);
/** Its line has the answer. It is told to its owner, or waits to go once more. */
void request_judge_answer(struct depot *depot, struct request *request, const struct line *line);
/** Its line broke. */
void request_judge_break(struct depot *depot, struct request *request, enum line_past past,
			 const struct sp_error *why);

/* ---- depot_stream.c ---- */

/** Whoever made it, on which thread so ever, is not the file thread yet: that enters it when it is first used. */
void depot_join(struct depot *depot, struct depot_stream *stream, const struct stream_place *place);
void depot_enter(struct depot_stream *stream);
void depot_leave(struct depot_stream *stream);
void depot_wake(struct depot_stream *stream);
void depot_ask_urls(struct depot_stream *stream, uint32_t part);
/** Something of a budget came back. */
void depot_tell_room(struct depot *depot);
