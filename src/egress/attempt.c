#include "egress/attempt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"

/* ---- the flow log ---------------------------------------------------------------------------------------------- */

/* What forbids a connection, rather than that it does not work. */
static const struct {
	enum failure_step step;
	enum sp_code code;
} forbidden[] = {
	{ STEP_PORT, SP_DENIED },
	{ STEP_GROUPS, SP_DENIED },
	{ STEP_ROUTE, SP_UNREACHABLE }, /* the tables lead nowhere */
	{ STEP_CONNECT, SP_DENIED },    /* the settings */
};

static enum flow_verdict verdict_of(enum failure_step step, enum sp_code code)
{
	for (size_t i = 0; i < SP_COUNT_OF(forbidden); i++)
		if (forbidden[i].step == step && forbidden[i].code == code)
			return FLOW_REJECTED;
	return FLOW_FAILED;
}

static void note_failure(struct flow *flow, enum failure_step step, const struct sp_error *err)
{
	flow->verdict = verdict_of(step, err->code);
	snprintf(flow->step, sizeof(flow->step), "%s", failure_step_name(step));
	snprintf(flow->reason, sizeof(flow->reason), "%s", err->message);
}

static void copy(char *out, size_t room, const char *text)
{
	snprintf(out, room, "%s", text == NULL ? "" : text);
}

static void record(const struct egress_attempt *attempt, const struct egress_result *result)
{
	struct flow_log *log = attempt->egress->flows;
	struct flow flow = { .verdict = FLOW_ACCEPTED };
	if (log == NULL)
		return;
	copy(flow.connector_id, sizeof(flow.connector_id), attempt->connector_id);
	copy(flow.transfer_id, sizeof(flow.transfer_id), attempt->transfer_id);
	copy(flow.interface_id, sizeof(flow.interface_id), result->interface_id);
	copy(flow.public_address, sizeof(flow.public_address), result->public_address);
	copy(flow.way, sizeof(flow.way), result->way);
	if (attempt->host != NULL)
		snprintf(flow.target, sizeof(flow.target), "%s:%u", attempt->host, attempt->port);
	else
		private_note(attempt, &flow);
	if (result->error.code != SP_OK) {
		note_failure(&flow, result->step, &result->error);
		flow_log_refused(log, &flow, attempt->began_ms);
		return;
	}
	copy(flow.source, sizeof(flow.source), result->source);
	copy(flow.target, sizeof(flow.target), result->target);
	flow_log_connected(log, &flow, attempt->began_ms, result->fd, attempt->holder);
}

/* ---- its end ----------------------------------------------------------------------------------------------------- */

static void drop(struct egress_attempt *attempt)
{
	loop_cancel_timer(attempt->timer);
	lookup_cancel(attempt->lookup);
	dial_cancel(attempt->dial);
	private_drop(attempt);
	*attempt->slot = attempt->next;
	if (attempt->next != NULL)
		attempt->next->slot = attempt->slot;
	trace_finish(&attempt->trace);
	free(attempt->host);
	free(attempt->configuration_arn);
	free(attempt->connector_id);
	free(attempt->transfer_id);
	free(attempt);
}

void attempt_give_up(struct egress_attempt *attempt, const struct sp_error *err)
{
	struct egress_result result = { .fd = -1, .step = STEP_CONNECT, .error = *err };
	private_tell(attempt, &result);
	record(attempt, &result);
	drop(attempt);
	free(result.way);
	free(result.between);
}

/* Everything is let go before the caller hears of it, who may close the egress itself. */
static void end(struct egress_attempt *attempt, struct egress_result *result)
{
	egress_fn *fn = attempt->fn;
	void *ctx = attempt->ctx;
	trace_begin(&result->trace);
	trace_move(&result->trace, &attempt->trace);
	private_tell(attempt, result);
	record(attempt, result);
	drop(attempt);
	fn(ctx, result);
	trace_finish(&result->trace);
	free(result->way);
	free(result->between);
}

void attempt_end(struct egress_attempt *attempt, enum failure_step step, const struct sp_error *err)
{
	struct egress_result result = { .fd = -1, .step = step, .error = *err };
	end(attempt, &result);
}

void attempt_fail(struct egress_attempt *attempt, enum failure_step step,
		  const struct sp_error *err)
{
	trace_failed(&attempt->trace, step, NULL, err->message);
	attempt_end(attempt, step, err);
}

void attempt_dialled(void *ctx, struct dial_result *dialled)
{
	struct egress_attempt *attempt = ctx;
	attempt->dial = NULL;
	if (dialled->error.code != SP_OK) {
		attempt_fail(attempt, STEP_CONNECT, &dialled->error);
		return;
	}
	struct egress_result result = { .fd = dialled->fd, .step = STEP_CONNECT };
	memcpy(result.source, dialled->source, sizeof(result.source));
	memcpy(result.target, dialled->target, sizeof(result.target));
	trace_passed(&attempt->trace, STEP_CONNECT,
		     json_pack("{s:s, s:s}", "Address", result.target, "Source", result.source),
		     "connected to %s from %s", result.target, result.source);
	end(attempt, &result);
}

/* ---- what both ways need --------------------------------------------------------------------------------------- */

int64_t attempt_left_ms(const struct egress_attempt *attempt)
{
	int64_t left_ms = attempt->deadline_ms - sp_monotonic_ms();
	return left_ms > 0 ? left_ms : 0;
}

void attempt_note_found(struct egress_attempt *attempt, const char *host, const char *at,
			const struct address *addresses, size_t count)
{
	SP_AUTO_BUFFER list = { 0 };
	json_t *texts = json_array();
	for (size_t i = 0; i < count; i++) {
		char text[EGRESS_ADDRESS_TEXT_MAX];
		address_host_text(&addresses[i], text);
		sp_buffer_format(&list, "%s%s", i > 0 ? ", " : "", text);
		json_array_append_new(texts, json_string(text));
	}
	trace_passed(&attempt->trace, STEP_RESOLVE,
		     json_pack("{s:s, s:o}", "Host", host, "Addresses", texts), "\"%s\" is %s%s",
		     host, sp_buffer_text(&list), at);
}

bool host_is_localhost(const char *host)
{
	size_t length = strlen(host);
	static const char name[] = "localhost";
	const size_t name_length = sizeof(name) - 1;
	return length >= name_length && strcasecmp(host + length - name_length, name) == 0 &&
	       (length == name_length || host[length - name_length - 1] == '.');
}
