#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "transfer/test_trace.h"

static const struct connector connector = { .id = "c-0123456789abcdef0" };

static struct worker_message learnt(enum failure_step step, enum sp_code code)
{
	return (struct worker_message){
		.kind = WORKER_TEST_RESULT,
		.step = step,
		.code = code,
		.text = "could not open an SFTP session",
		.banner = "SSH-2.0-x",
		.kex = "k",
		.cipher = "c",
		.mac = "m",
		.host_key_algorithm = "ssh-ed25519",
		.host_key = "ssh-ed25519 AAAA",
		.fingerprint = "SHA256:abc",
		.offered_kexs = "k,l",
		.authenticated_by = "password",
		.methods = "publickey, password",
		.extensions = "fsync@openssh.com",
		.sftp_version = 3,
		.read_max = 7,
		.write_max = 8,
		.banner_ms = 1,
		.key_exchange_ms = 2,
		.host_key_ms = 3,
		.authenticate_ms = 4,
		.sftp_ms = 5,
	};
}

static void assert_steps(const struct trace *trace, size_t count, bool failed)
{
	static const enum failure_step all[] = { STEP_BANNER, STEP_KEY_EXCHANGE, STEP_HOST_KEY,
						 STEP_AUTHENTICATE, STEP_SFTP };
	assert_int_equal(trace->count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(trace->steps[i].step, all[i]);
		assert_int_equal(trace->steps[i].took_ms, i + 1);
		assert_int_equal(trace->steps[i].failed, failed && i + 1 == count);
	}
}

static void a_good_connection_shows_all_of_its_steps(void **state)
{
	(void)state;
	struct trace trace;
	const struct worker_message message = learnt(STEP_ROLE, SP_OK);
	trace_begin(&trace);
	test_trace_add(&trace, &message, &connector);
	assert_steps(&trace, 5, false);
	static const char *const texts[] = {
		"the server is SSH-2.0-x",
		"agreed on k, ssh-ed25519, c, m",
		"the server's key ssh-ed25519 SHA256:abc is trusted",
		"the server accepted us by password",
		"SFTP version 3, reads of 7 and writes of 8 bytes, extensions fsync@openssh.com",
	};
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++)
		assert_string_equal(trace.steps[i].text, texts[i]);
	const json_t *offered = json_object_get(trace.steps[1].details, "Offered");
	assert_int_equal(json_array_size(json_object_get(offered, "KeyExchange")), 2);
	assert_int_equal(json_array_size(json_object_get(trace.steps[4].details, "Extensions")), 1);
	assert_null(json_object_get(trace.steps[2].details, "Command"));
	trace_finish(&trace);
}

static void a_step_that_fails_is_the_last(void **state)
{
	(void)state;
	static const enum failure_step steps[] = { STEP_BANNER, STEP_KEY_EXCHANGE, STEP_HOST_KEY,
						   STEP_AUTHENTICATE, STEP_SFTP };
	for (size_t i = 0; i < SP_COUNT_OF(steps); i++) {
		struct trace trace;
		const struct worker_message message = learnt(steps[i], SP_CLOSED);
		trace_begin(&trace);
		test_trace_add(&trace, &message, &connector);
		assert_steps(&trace, i + 1, true);
		assert_string_equal(trace.steps[i].text, message.text);
		trace_finish(&trace);
	}
}

/* What was not learnt did not happen, whatever step is said to have failed. */
static void what_was_not_learnt_is_not_told(void **state)
{
	(void)state;
	struct trace trace;
	struct worker_message message = learnt(STEP_HOST_KEY, SP_UNTRUSTED);
	message.kex = message.host_key = NULL; /* no host key type in common */
	trace_begin(&trace);
	test_trace_add(&trace, &message, &connector);
	assert_int_equal(trace.count, 2);
	assert_int_equal(trace.steps[0].step, STEP_BANNER);
	assert_int_equal(trace.steps[1].step, STEP_HOST_KEY);
	assert_null(trace.steps[1].details);
	trace_finish(&trace);
}

static void a_way_that_ended_before_the_worker_is_told_once(void **state)
{
	(void)state;
	struct trace trace;
	const struct worker_message message = { .step = STEP_CONNECT,
						.code = SP_UNREACHABLE,
						.text = "could not connect" };
	trace_begin(&trace);
	trace_failed(&trace, STEP_CONNECT, NULL, "could not connect");
	test_trace_add(&trace, &message, &connector);
	assert_int_equal(trace.count, 1);
	trace_finish(&trace);
}

/* The command is for a shell, and the key is the server's word. */
static void the_command_that_trusts_a_key_is_safe_in_a_shell(void **state)
{
	(void)state;
	struct trace trace;
	struct worker_message message = learnt(STEP_HOST_KEY, SP_UNTRUSTED);
	message.host_key = "ssh-ed25519 A'; rm -rf \"";
	trace_begin(&trace);
	test_trace_add(&trace, &message, &connector);
	const json_t *details = trace.steps[trace.count - 1].details;
	assert_true(json_is_false(json_object_get(details, "Trusted")));
	assert_string_equal(
		sp_json_string(details, "Command"),
		"aws transfer update-connector --connector-id c-0123456789abcdef0 --sftp-config "
		"'{\"TrustedHostKeys\":[\"ssh-ed25519 A'\\''; rm -rf \\\"\"]}'");

	struct connector trusting = connector;
	trusting.trusted_key_count = 1;
	trace_finish(&trace);
	test_trace_add(&trace, &message, &trusting);
	assert_null(json_object_get(trace.steps[trace.count - 1].details, "Command"));
	trace_finish(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_connection_shows_all_of_its_steps),
		cmocka_unit_test(a_step_that_fails_is_the_last),
		cmocka_unit_test(what_was_not_learnt_is_not_told),
		cmocka_unit_test(a_way_that_ended_before_the_worker_is_told_once),
		cmocka_unit_test(the_command_that_trusts_a_key_is_safe_in_a_shell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
