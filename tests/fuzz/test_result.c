/* What a worker says of a connector's test, behind its kind, and the trace that clients get to see of it. */
#include "fuzz.h"

#include "ipc/channel.h"
#include "transfer/test_trace.h"

static void show(const struct worker_message *message)
{
	struct connector connector = { .id = "c-0123456789abcdef0" };
	static struct trace trace;
	trace_begin(&trace);
	test_trace_add(&trace, message, &connector);
	SP_AUTO_JSON json_t *shown = trace_to_json(&trace);
	SP_AUTO_FREE char *text = sp_json_text(shown);
	SP_AUTO_JSON json_t *again = NULL;
	FUZZ_CHECK(sp_json_parse(text, strlen(text), &again, NULL) == 0 &&
		   json_equal(shown, again));
	FUZZ_CHECK(json_array_size(shown) == trace.count && trace.count <= TRACE_STEPS_MAX);
	for (size_t i = 0; i < trace.count; i++)
		FUZZ_CHECK(sp_json_string(json_array_get(shown, i), "Message") != NULL);
	trace_finish(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= IPC_MESSAGE_MAX)
		return 0;
	SP_AUTO_FREE uint8_t *wire = malloc(size + 1);
	wire[0] = WORKER_TEST_RESULT;
	if (size > 0)
		memcpy(wire + 1, data, size);
	struct worker_message message;
	struct sp_error err = { 0 };
	if (worker_message_decode(wire, size + 1, 0, &message, &err) != 0)
		return 0;
	show(&message);
	worker_message_finish(&message);
	return 0;
}
