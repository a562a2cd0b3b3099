#include "egress/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

void trace_begin(struct trace *trace)
{
	trace->count = 0;
	trace->last_ms = sp_monotonic_ms();
}

void trace_finish(struct trace *trace)
{
	if (trace == NULL)
		return;
	for (size_t i = 0; i < trace->count; i++)
		json_decref(trace->steps[i].details);
	trace->count = 0;
}

/* Where the next step goes. What ends a trace must never be lost: a full one gives up its last step. */
static struct trace_step *next_step(struct trace *trace)
{
	if (trace->count == TRACE_STEPS_MAX)
		json_decref(trace->steps[--trace->count].details);
	return &trace->steps[trace->count++];
}

static struct trace_step *add_step(struct trace *trace, enum failure_step step, json_t *details)
{
	int64_t now_ms = sp_monotonic_ms();
	struct trace_step *out = next_step(trace);
	out->step = step;
	out->failed = false;
	out->took_ms = now_ms - trace->last_ms;
	out->details = details;
	trace->last_ms = now_ms;
	return out;
}

void trace_passed(struct trace *trace, enum failure_step step, json_t *details, const char *format,
		  ...)
{
	char text[TRACE_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (trace == NULL) {
		json_decref(details);
		return;
	}
	struct trace_step *out = add_step(trace, step, details);
	snprintf(out->text, sizeof(out->text), "%s", text);
}

void trace_failed(struct trace *trace, enum failure_step step, json_t *details, const char *text)
{
	if (trace == NULL) {
		json_decref(details);
		return;
	}
	struct trace_step *out = add_step(trace, step, details);
	out->failed = true;
	snprintf(out->text, sizeof(out->text), "%s", text);
}

void trace_move(struct trace *to, struct trace *from)
{
	for (size_t i = 0; i < from->count; i++)
		*next_step(to) = from->steps[i];
	if (from->count > 0)
		to->last_ms = from->last_ms;
	from->count = 0;
}

/* Sentences quote what others said, and may have been cut in the middle of a character. */
static json_t *sentence(const char *text)
{
	if (sp_utf8_valid(text, strlen(text)))
		return json_string(text);
	SP_AUTO_FREE char *safe = sp_name_escape(text);
	return json_string(safe);
}

json_t *trace_to_json(const struct trace *trace)
{
	json_t *steps = json_array();
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_step *step = &trace->steps[i];
		json_t *out =
			json_pack("{s:s, s:s, s:I, s:o}", "Step", failure_step_name(step->step),
				  "Status", step->failed ? "FAILED" : "OK", "Milliseconds",
				  (json_int_t)step->took_ms, "Message", sentence(step->text));
		if (step->details != NULL)
			json_object_set(out, "Details", step->details);
		json_array_append_new(steps, out);
	}
	return steps;
}
