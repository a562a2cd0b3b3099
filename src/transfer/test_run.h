#pragma once
/** TestConnection: one worker for one try, beside the connector's transfers. */

#include "transfer/ground.h"

struct test_run;

/** Those under way. Starts as { .ground = … }. */
struct test_runs {
	struct ground *ground;
	struct test_run *first;
};

/** @fn is called once, on the loop's thread. */
void test_runs_begin(struct test_runs *runs, const char *connector_id, transfer_test_fn *fn,
		     void *ctx);

/** Those under way are answered with SP_CANCELLED. */
void test_runs_stop(struct test_runs *runs);
