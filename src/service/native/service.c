/** Our own API: what Sallyport knows and AWS's services have no operation for. REST-JSON, signed for "sallyport". */

#include "api/guard.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/native/shapes.h"
#include "service/services.h"

/* clang-format off */

static const struct api_operation operations[] = {
	{ "GetConnector", &native_connector, native_get_connector, "GET", "/v1/connectors/{ConnectorId}", 0, .resource = "connector/{ConnectorId}" },
	{ "TestConnector", &native_connector, native_test_connector, "POST", "/v1/connectors/{ConnectorId}/test", 0, .resource = "connector/{ConnectorId}" },
	{ "PauseConnector", &native_connector, native_pause_connector, "POST", "/v1/connectors/{ConnectorId}/pause", 0, .resource = "connector/{ConnectorId}" },
	{ "ResumeConnector", &native_connector, native_resume_connector, "POST", "/v1/connectors/{ConnectorId}/resume", 0, .resource = "connector/{ConnectorId}" },
	{ "GetServer", &native_connector, native_get_server, "GET", "/v1/connectors/{ConnectorId}/server", 0, .resource = "connector/{ConnectorId}" },
	{ "GetConnectorTransfer", &native_connector_transfer, native_get_transfer, "GET", "/v1/connectors/{ConnectorId}/transfers/{TransferId}", 0, .resource = "connector/{ConnectorId}" },
	{ "ListTransfers", &native_transfers, native_list_transfers, "GET", "/v1/transfers", 0, .resource = "connector/{ConnectorId}" },
	{ "GetTransfer", &native_transfer, native_get_transfer, "GET", "/v1/transfers/{TransferId}", 0, .resource = "transfer/{TransferId}" },
	{ "CancelTransfer", &native_transfer, native_cancel_transfer, "POST", "/v1/transfers/{TransferId}/cancel", 0, .resource = "transfer/{TransferId}" },
	{ "RetryTransfer", &native_transfer, native_retry_transfer, "POST", "/v1/transfers/{TransferId}/retry", 0, .resource = "transfer/{TransferId}" },
	{ "GetFile", &native_file, native_get_file, "GET", "/v1/files/{FileId}", 0, .resource = "file/{FileId}" },
	{ "CancelFile", &native_file, native_cancel_file, "POST", "/v1/files/{FileId}/cancel", 0, .resource = "file/{FileId}" },
	{ "GetReceipt", &native_file, native_get_receipt, "GET", "/v1/files/{FileId}/receipt", 0, .resource = "file/{FileId}" },
	{ "GetListing", &native_listing, native_get_listing, "GET", "/v1/listings/{ListingId}", 0, .resource = "transfer/{ListingId}" },
	{ "TestBucket", &native_bucket, native_test_bucket, "POST", "/v1/buckets/{BucketName}/test", 0, .resource = "bucket/{BucketName}" },
	{ "ListFlows", &native_flows, native_list_flows, "GET", "/v1/flows", 0, .resource = "connector/{ConnectorId}" },
	{ "ListenToEvents", &native_events, native_listen, "GET", "/v1/events", 0, .resource = "connector/{ConnectorId}" },
	{ "ListWebhooks", &native_nothing, native_list_webhooks, "GET", "/v1/webhooks", 0, .resource = "*" },
	{ "GetWebhook", &native_webhook, native_get_webhook, "GET", "/v1/webhooks/{WebhookName}", 0, .resource = "webhook/{WebhookName}" },
	{ "ResumeWebhook", &native_resume_webhook_input, native_resume_webhook, "POST", "/v1/webhooks/{WebhookName}/resume", 0, .resource = "webhook/{WebhookName}" },
	{ "SkipEvent", &native_skip_event_input, native_skip_event, "POST", "/v1/webhooks/{WebhookName}/skip", 0, .resource = "webhook/{WebhookName}" },
	{ "ListUsage", &native_usage, native_list_usage, "GET", "/v1/usage", 0, .resource = "*" },
	{ "ListResourceHours", &native_usage, native_list_resource_hours, "GET", "/v1/usage/resources", 0, .resource = "*" },
	{ "GetHealth", &native_nothing, native_get_health, "GET", "/healthz", 0, .resource = GUARD_ANYBODY, .is_open = native_health_is_open },
	{ "GetMetrics", &native_nothing, native_get_metrics, "GET", "/metrics", 0, .resource = "*", .is_open = native_metrics_are_open },
	{ 0 },
};

static const struct api_error_type errors[] = {
	{ "ResourceNotFoundException",   404 },
	{ CONFLICT_EXCEPTION,            409 },
	{ "InvalidRequestException",     400 },
	{ THROTTLING,                    429 },
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
	.arn_service = "transfer", /* connectors, transfers and files are that service's */
	.resolve = native_resolve,
	.find_arn = native_find_arn,
	.errors = errors,
};
