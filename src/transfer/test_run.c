#include "transfer/test_run.h"

#include <stdio.h>

#include "base/scope.h"
#include "transfer/launch.h"
#include "transfer/test_trace.h"
#include "transfer/worker_process.h"

enum { GRACE_MS = 10000 /* beyond the time-outs of the steps, which tell more */ };

static const char stopping_sentence[] = "the service is stopping";

struct test_run {
	struct test_runs *runs;
	struct ground *ground;
	struct test_run *next;
	char connector_id[CONNECTOR_ID_SIZE];
	struct connector connector; /* once it was read */
	struct trace trace;
	struct launch *launch;
	struct worker_process *worker;
	struct loop_timer *deadline;
	bool answered;
	transfer_test_fn *fn;
	void *ctx;
};

static void forget(struct test_run *run)
{
	struct test_run **at = &run->runs->first;
	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	connector_finish(&run->connector);
	trace_finish(&run->trace);
	free(run);
}

static void answer(struct test_run *run, struct transfer_test_result *result)
{
	result->trace = &run->trace;
	loop_cancel_timer(run->deadline);
	run->deadline = NULL;
	worker_process_close(run->worker);
	run->worker = NULL;
	run->fn(run->ctx, result);
	run->answered = true;
	if (run->launch == NULL)
		forget(run);
}

static void answer_failure(struct test_run *run, enum failure_step step, enum sp_code code,
			   const char *message)
{
	struct transfer_test_result result = { .code = code, .step = step };
	snprintf(result.message, sizeof(result.message), "%s", message);
	if (run->trace.count == 0 || !run->trace.steps[run->trace.count - 1].failed)
		trace_failed(&run->trace, step, NULL, message);
	answer(run, &result);
}

static void too_late(void *ctx)
{
	struct test_run *run = ctx;
	run->deadline = NULL;
	answer_failure(run, STEP_WORKER, SP_TIMEOUT, "the test came to no end in time");
}

static void copy_text(char *out, size_t room, const char *text)
{
	snprintf(out, room, "%s", text == NULL ? "" : text);
}

static void worker_said(void *ctx, const struct worker_message *message)
{
	struct test_run *run = ctx;
	if (message->kind != WORKER_TEST_RESULT || message->step >= FAILURE_STEP_COUNT) {
		answer_failure(run, STEP_WORKER, SP_INTERNAL,
			       "the worker process broke the protocol");
		return;
	}
	struct transfer_test_result result = { .code = (enum sp_code)message->code,
					       .step = (enum failure_step)message->step };
	copy_text(result.message, sizeof(result.message), message->text);
	copy_text(result.host_key, sizeof(result.host_key), message->host_key);
	copy_text(result.fingerprint, sizeof(result.fingerprint), message->fingerprint);
	test_trace_add(&run->trace, message, &run->connector);
	answer(run, &result);
}

static void connected(void *ctx, uint32_t request, struct egress_result *result)
{
	struct test_run *run = ctx;
	(void)request;
	trace_move(&run->trace, &result->trace);
}

static void worker_ended(void *ctx, const char *how, bool spoke)
{
	(void)spoke;
	struct test_run *run = ctx;
	run->worker = NULL;
	answer_failure(run, STEP_WORKER, SP_INTERNAL, how);
}

static int start_process(struct test_run *run, const struct launch *launch,
			 const struct worker_owner *owner, struct sp_error *err)
{
	struct places *places = &run->ground->places;
	if (!places_take_for_test(places))
		return sp_fail(err, SP_LIMIT, "could not start a worker: %zu run already",
			       places->taken);
	if (worker_process_start(run->ground, launch, true, owner, &run->worker, err) == 0)
		return 0;
	places_give_back(places);
	return -1;
}

static void start_worker(struct test_run *run, struct launch *launch)
{
	const struct transfer_options *options = &run->ground->options;
	const struct worker_owner owner = {
		.ctx = run, .message = worker_said, .connected = connected, .ended = worker_ended
	};
	struct sp_error err = { 0 };
	trace_move(&run->trace, &launch->trace);
	if (launch->result != 0) {
		answer_failure(run, launch->step, launch->err.code, launch->err.message);
		return;
	}
	if (start_process(run, launch, &owner, &err) != 0) {
		answer_failure(run, STEP_WORKER, err.code, err.message);
		return;
	}
	run->connector = launch->connector;
	launch->connector = (struct connector){ 0 };
	int64_t patience = options->handshake_timeout_ms + options->idle_timeout_ms + GRACE_MS;
	run->deadline = loop_add_timer(run->ground->rooms.loop, patience, too_late, run);
	const struct worker_message message = { .kind = WORKER_TEST };
	worker_process_send(run->worker, &message, -1);
}

static void launched(void *ctx)
{
	struct test_run *run = ctx;
	struct launch *launch = run->launch;
	run->launch = NULL;
	if (run->answered)
		forget(run); /* the engine stops */
	else
		start_worker(run, launch);
	launch_destroy(launch);
}

void test_runs_begin(struct test_runs *runs, const char *connector_id, transfer_test_fn *fn,
		     void *ctx)
{
	struct test_run *run = sp_alloc(sizeof(*run));
	run->runs = runs;
	run->ground = runs->ground;
	run->fn = fn;
	run->ctx = ctx;
	trace_begin(&run->trace);
	snprintf(run->connector_id, sizeof(run->connector_id), "%s", connector_id);
	run->next = runs->first;
	runs->first = run;
	if (run->ground->stopping)
		answer_failure(run, STEP_WORKER, SP_CANCELLED, stopping_sentence);
	else
		run->launch = launch_start(run->ground, run->connector_id, launched, run);
}

void test_runs_stop(struct test_runs *runs)
{
	for (struct test_run *run = runs->first, *next; run != NULL; run = next) {
		next = run->next;
		if (!run->answered)
			answer_failure(run, STEP_WORKER, SP_CANCELLED, stopping_sentence);
	}
}
