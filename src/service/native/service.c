/** Our own API: what Sallyport knows and AWS's services have no operation for. REST-JSON, signed for "sallyport". */

#include "service/native/operations.h"
#include "service/services.h"

/* clang-format off */

static const struct shape connector_id = { .type = SHAPE_STRING, .min = 19, .max = 19, .pattern = "c-[0-9a-f]{17}" };
static const struct shape connector_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "ConnectorId", &connector_id, true }, { 0 } },
};

static const struct shape transfer_id = { .type = SHAPE_STRING, .min = 1, .max = 64 };
static const struct shape transfer_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "ConnectorId", &connector_id, true },
		{ "TransferId",  &transfer_id,  true },
		{ 0 },
	},
};

static const struct shape file_id = { .type = SHAPE_STRING, .min = 32, .max = 32, .pattern = "[0-9a-f]{32}" };
static const struct shape file_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "FileId", &file_id, true }, { 0 } },
};

static const struct shape id = { .type = SHAPE_STRING, .min = 1, .max = 64 };
static const struct shape verdict = { .type = SHAPE_STRING, .min = 1, .max = 16, .pattern = "ACCEPTED|REJECTED|FAILED" };
static const struct shape max_results = { .type = SHAPE_INTEGER, .min = 1, .max = 1000 };
static const struct shape next_token = { .type = SHAPE_STRING, .min = 1, .max = 6144 };
static const struct shape flows_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){
		{ "ConnectorId",        &id,          false },
		{ "TransferId",         &id,          false },
		{ "NetworkInterfaceId", &id,          false },
		{ "Verdict",            &verdict,     false },
		{ "MaxResults",         &max_results, false },
		{ "NextToken",          &next_token,  false },
		{ 0 },
	},
};

static const struct api_operation operations[] = {
	{ "GetConnector", &connector_input, native_get_connector, "GET", "/v1/connectors/{ConnectorId}", 0, .resource = "connector/{ConnectorId}" },
	{ "TestConnector", &connector_input, native_test_connector, "POST", "/v1/connectors/{ConnectorId}/test", 0, .resource = "connector/{ConnectorId}" },
	{ "GetServer", &connector_input, native_get_server, "GET", "/v1/connectors/{ConnectorId}/server", 0, .resource = "connector/{ConnectorId}" },
	{ "GetTransfer", &transfer_input, native_get_transfer, "GET", "/v1/connectors/{ConnectorId}/transfers/{TransferId}", 0, .resource = "connector/{ConnectorId}" },
	{ "GetReceipt", &file_input, native_get_receipt, "GET", "/v1/files/{FileId}/receipt", 0, .resource = "*" },
	{ "ListFlows", &flows_input, native_list_flows, "GET", "/v1/flows", 0, .resource = "*" },
	{ 0 },
};

static const struct api_error_type errors[] = {
	{ "ResourceNotFoundException",   404 },
	{ "InvalidRequestException",     400 },
	{ "InternalServiceError",        500 },
	{ "ServiceUnavailableException", 503 },
	{ 0 },
};

/* clang-format on */

const struct api_service service_native = {
	.signing_name = "sallyport",
	.title = "Sallyport",
	.protocol = API_REST_JSON,
	.version = "v1",
	.validation_error = "InvalidRequestException",
	.internal_error = "InternalServiceError",
	.operations = operations,
	.find_arn = native_find_arn,
	.errors = errors,
};
