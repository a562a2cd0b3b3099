/** Our own API: what Sallyport knows and AWS's services have no operation for. REST-JSON, signed for "sallyport". */

#include "service/native/operations.h"
#include "service/services.h"

/* clang-format off */

static const struct shape connector_id = { .type = SHAPE_STRING, .min = 19, .max = 19, .pattern = "c-[0-9a-f]{17}" };
static const struct shape connector_input = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "ConnectorId", &connector_id, true }, { 0 } },
};

static const struct api_operation operations[] = {
	{ "TestConnector", &connector_input, native_test_connector, "POST", "/v1/connectors/{ConnectorId}/test", 0 },
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
	.errors = errors,
};
