#pragma once
/**
 * Tests of buckets: those that people ask for, and a look at each bucket at storage after the start, one after the other, for
 * the log. They run where calls to their storage do, so that one that hangs holds up no other. On the loop's thread.
 */

#include "objects/probe.h"
#include "transfer/ground.h"

enum {
	BUCKET_TESTS_MAX = 4 /* at a time, so that they leave transfers most of a storage's share */
};

struct bucket_tests {
	struct ground *ground;
	size_t under_way;
	size_t looked; /* place in the walk after the start */
};

/** @ground is kept. Begins to look, if there is anything to look at. */
void bucket_tests_begin(struct bucket_tests *tests, struct ground *ground);

/** @fn as transfer_engine_test_bucket() has it; also when nothing was begun. */
void bucket_tests_run(struct bucket_tests *tests, const char *bucket, transfer_bucket_fn *fn,
		      void *ctx);
