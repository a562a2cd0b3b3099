#pragma once
/** A test's trace from where the connected socket is handed over: what the worker learnt, step by step. */

#include "egress/trace.h"
#include "ipc/worker_message.h"
#include "model/connector.h"

/**
 * Adds the steps of a TEST_RESULT, up to the one that failed unless the trace ends with a failure already. What a
 * worker says is a claim, and stands in the trace as such: nothing is decided by it.
 */
void test_trace_add(struct trace *trace, const struct worker_message *result,
		    const struct connector *connector);
