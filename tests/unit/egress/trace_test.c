#include "test.h"

#include "base/scope.h"
#include "egress/trace.h"

static void tells_the_steps_in_their_order(void **state)
{
	(void)state;
	struct trace trace;
	trace_begin(&trace);
	trace_passed(&trace, STEP_RESOLVE, json_pack("{s:s}", "Host", "a.test"), "\"%s\" is %s",
		     "a.test", "192.0.2.1");
	trace_failed(&trace, STEP_CONNECT, NULL, "could not connect");
	for (size_t i = 0; i < trace.count; i++)
		trace.steps[i].took_ms = (int64_t)i;
	SP_AUTO_JSON json_t *steps = trace_to_json(&trace);
	SP_AUTO_FREE char *text = sp_json_text(steps);
	assert_string_equal(text, "[{\"Step\":\"resolve\",\"Status\":\"OK\",\"Milliseconds\":0,"
				  "\"Message\":\"\\\"a.test\\\" is 192.0.2.1\","
				  "\"Details\":{\"Host\":\"a.test\"}},"
				  "{\"Step\":\"connect\",\"Status\":\"FAILED\",\"Milliseconds\":1,"
				  "\"Message\":\"could not connect\"}]");
	trace_finish(&trace);
}

static void moves_steps_behind_those_that_are_there(void **state)
{
	(void)state;
	struct trace first, second;
	trace_begin(&first);
	trace_begin(&second);
	trace_passed(&first, STEP_ROLE, NULL, "one");
	trace_passed(&second, STEP_SECRET, json_object(), "two");
	trace_move(&first, &second);
	assert_int_equal(first.count, 2);
	assert_int_equal(first.steps[1].step, STEP_SECRET);
	assert_int_equal(first.last_ms, second.last_ms);
	assert_int_equal(second.count, 0);
	trace_finish(&second);
	trace_finish(&first);
	trace_finish(NULL);
}

static void never_loses_what_ended_it(void **state)
{
	(void)state;
	struct trace trace;
	trace_begin(&trace);
	for (size_t i = 0; i < TRACE_STEPS_MAX + 3; i++)
		trace_passed(&trace, STEP_CONNECT, json_object(), "%zu", i);
	trace_failed(&trace, STEP_SFTP, NULL, "the end");
	assert_int_equal(trace.count, TRACE_STEPS_MAX);
	assert_string_equal(trace.steps[TRACE_STEPS_MAX - 1].text, "the end");
	trace_finish(&trace);
}

static void nobody_has_to_want_a_trace(void **state)
{
	(void)state;
	trace_passed(NULL, STEP_ROLE, json_object(), "one");
	trace_failed(NULL, STEP_ROLE, json_object(), "two");
}

/* A server's words may be cut in the middle of a character, which no JSON may hold. */
static void is_json_whatever_it_quotes(void **state)
{
	(void)state;
	struct trace trace;
	trace_begin(&trace);
	trace_failed(&trace, STEP_BANNER, NULL, "it said \"\xc3");
	SP_AUTO_JSON json_t *steps = trace_to_json(&trace);
	assert_string_equal(sp_json_string(json_array_get(steps, 0), "Message"), "it said \"\\xc3");
	trace_finish(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_steps_in_their_order),
		cmocka_unit_test(moves_steps_behind_those_that_are_there),
		cmocka_unit_test(never_loses_what_ended_it),
		cmocka_unit_test(nobody_has_to_want_a_trace),
		cmocka_unit_test(is_json_whatever_it_quotes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
