#include "transfer/bucket_test.h"

#include "base/log.h"
#include "base/scope.h"

struct bucket_test {
	struct bucket_tests *tests;
	char *bucket;
	bool writes;
	struct object_probe probe;
	struct sp_error err; /* SP_OK: the probe says how it is */
	transfer_bucket_fn *fn;
	void *ctx;
};

static void finish(struct bucket_test *test)
{
	free(test->bucket);
	free(test);
}

static void work(void *ctx)
{
	struct bucket_test *test = ctx;
	objects_probe(test->tests->ground->rooms.objects, test->bucket, test->writes, &test->probe,
		      &test->err);
}

static void run(struct bucket_test *test, loop_fn *done)
{
	struct ground *ground = test->tests->ground;
	size_t storage;
	if (objects_storage_of(ground->rooms.objects, test->bucket, &storage))
		ground_run_storage(ground, storage, work, done, test);
	else
		ground_run_long(ground, work, done, test);
}

static struct bucket_test *make(struct bucket_tests *tests, const char *bucket, bool writes)
{
	struct bucket_test *test = sp_alloc(sizeof(*test));
	*test = (struct bucket_test){ .tests = tests,
				      .bucket = sp_strdup(bucket),
				      .writes = writes };
	return test;
}

/* ---- after the start -------------------------------------------------------------------------------------------- */

static void look_at_next(struct bucket_tests *tests);

static void looked(void *ctx)
{
	struct bucket_test *test = ctx;
	const struct object_probe_step *worst = object_probe_worst(&test->probe);
	if (worst != NULL && worst->status != OBJECT_PROBE_OK)
		sp_log(SP_LOG_WARNING,
		       "bucket \"%s\" may not work: %s (\"sallyport bucket test %s\" tells more)",
		       test->bucket, worst->message, test->bucket);
	look_at_next(test->tests);
	finish(test);
}

static void look_at_next(struct bucket_tests *tests)
{
	const char *bucket =
		tests->ground->stopping
			? NULL
			: objects_next_remote(tests->ground->rooms.objects, &tests->looked);
	if (bucket != NULL)
		run(make(tests, bucket, false), looked);
}

void bucket_tests_begin(struct bucket_tests *tests, struct ground *ground)
{
	*tests = (struct bucket_tests){ .ground = ground };
	look_at_next(tests);
}

/* ---- for who asks ----------------------------------------------------------------------------------------------- */

static void tested(void *ctx)
{
	struct bucket_test *test = ctx;
	test->tests->under_way--;
	test->fn(test->ctx, &test->probe, &test->err);
	finish(test);
}

void bucket_tests_run(struct bucket_tests *tests, const char *bucket, transfer_bucket_fn *fn,
		      void *ctx)
{
	struct sp_error why = { 0 };
	if (tests->ground->stopping)
		sp_fail(&why, SP_UNREACHABLE, "the service is stopping");
	else if (tests->under_way == BUCKET_TESTS_MAX)
		sp_fail(&why, SP_CONFLICT,
			"%d buckets are tested just now, which is as many as may be at a time: ask "
			"again",
			BUCKET_TESTS_MAX);
	if (why.code != SP_OK) {
		fn(ctx, NULL, &why);
		return;
	}
	struct bucket_test *test = make(tests, bucket, true);
	test->fn = fn;
	test->ctx = ctx;
	tests->under_way++;
	run(test, tested);
}
