#include "service/native/operations.h"
#include "service/transfer/connection_test.h"

static void answer(struct api_call *call, const struct connection_test *test)
{
	json_t *output = json_pack("{s:s, s:s, s:s}", "ConnectorId", test->connector_id, "Status",
				   test->status, "StatusMessage", test->message);
	sp_json_set_text(output, "HostKey", test->host_key);
	json_object_set_new(output, "Steps",
			    test->trace == NULL ? json_array() : trace_to_json(test->trace));
	api_reply(call, output);
}

void native_test_connector(struct api_call *call)
{
	connection_test_start(call, answer);
}
