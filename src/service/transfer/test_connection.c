#include "service/transfer/operations.h"
#include "service/transfer/try_connector.h"

static void answer(struct api_call *call, const struct connection_test *test)
{
	json_t *output = json_pack("{s:s, s:s, s:s}", "ConnectorId", test->connector_id, "Status",
				   test->status, "StatusMessage", test->message);
	if (test->host_key != NULL)
		json_object_set_new(output, "SftpConnectionDetails",
				    json_pack("{s:s}", "HostKey", test->host_key));
	api_reply(call, output);
}

void transfer_test_connection(struct api_call *call)
{
	try_connector(call, answer);
}
