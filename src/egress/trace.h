#pragma once
/**
 * The path trace: what each step on the way to a partner found, in the order in which it was done. Grows while a
 * connection is made; the first failing step is the last entry.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "model/failure.h"

enum { TRACE_STEPS_MAX = 24, TRACE_TEXT_MAX = 1024 };

struct trace_step {
	enum failure_step step;
	bool failed;
	int64_t took_ms;           /* since the step before */
	char text[TRACE_TEXT_MAX]; /* one sentence: what was found, or why it failed */
	json_t *details; /* an object, owned; NULL when there are none: "Address", "Interface" … */
};

/** Start with trace_begin(). */
struct trace {
	struct trace_step steps[TRACE_STEPS_MAX];
	size_t count;
	int64_t last_ms; /* monotonic: the end of the step before */
};

void trace_begin(struct trace *trace);
void trace_finish(struct trace *trace);

/** A step that went well. @trace NULL: nobody wants to know. @details is taken; NULL: none. */
void trace_passed(struct trace *trace, enum failure_step step, json_t *details, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));
/** The step that ends it. @text: the sentence. */
void trace_failed(struct trace *trace, enum failure_step step, json_t *details, const char *text);

/** Appends @from's steps and leaves it empty. */
void trace_move(struct trace *to, struct trace *from);

/** [{"Step": "connect", "Status": "OK" | "FAILED", "Milliseconds": 3, "Message": "…", "Details": {…}}, …], owned by the caller. */
json_t *trace_to_json(const struct trace *trace);
