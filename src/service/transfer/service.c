#include "service/services.h"
#include "service/transfer/operations.h"
#include "service/transfer/shapes.h"

/* clang-format off */

static const struct api_operation operations[] = {
	{ "CreateConnector",         &transfer_create_connector_input,           transfer_create_connector, .resource = "* iam:PassRole={AccessRole} iam:PassRole={LoggingRole}" },
	{ "DescribeConnector",       &transfer_connector_input,                  transfer_describe_connector, .resource = "connector/{ConnectorId}" },
	{ "UpdateConnector",         &transfer_update_connector_input,           transfer_update_connector, .resource = "connector/{ConnectorId} iam:PassRole={AccessRole} iam:PassRole={LoggingRole}" },
	{ "DeleteConnector",         &transfer_connector_input,                  transfer_delete_connector, .resource = "connector/{ConnectorId}" },
	{ "ListConnectors",          &transfer_page_input,                       transfer_list_connectors, .resource = "*" },
	{ "TestConnection",          &transfer_connector_input,                  transfer_test_connection, .resource = "connector/{ConnectorId}" },
	{ "StartFileTransfer",       &transfer_start_file_transfer_input,        transfer_start_file_transfer, .resource = "connector/{ConnectorId}" },
	{ "ListFileTransferResults", &transfer_list_file_transfer_results_input, transfer_list_file_transfer_results, .resource = "connector/{ConnectorId}" },
	{ "StartDirectoryListing",   &transfer_start_directory_listing_input,    transfer_start_directory_listing, .resource = "connector/{ConnectorId}" },
	{ "StartRemoteMove",         &transfer_start_remote_move_input,          transfer_start_remote_move, .resource = "connector/{ConnectorId}" },
	{ "StartRemoteDelete",       &transfer_start_remote_delete_input,        transfer_start_remote_delete, .resource = "connector/{ConnectorId}" },
	{ "DescribeSecurityPolicy",  &transfer_describe_security_policy_input,   transfer_describe_security_policy, .resource = "*" },
	{ "ListSecurityPolicies",    &transfer_page_input,                       transfer_list_security_policies, .resource = "*" },
	{ "TagResource",             &transfer_tag_resource_input,               transfer_tag_resource, .resource = "{Arn}" },
	{ "UntagResource",           &transfer_untag_resource_input,             transfer_untag_resource, .resource = "{Arn}" },
	{ "ListTagsForResource",     &transfer_list_tags_input,                  transfer_list_tags_for_resource, .resource = "{Arn}" },
	{ NULL },
};

static const struct api_error_type errors[] = {
	{ "ResourceNotFoundException",   400 },
	{ "InvalidRequestException",     400 },
	{ "InvalidNextTokenException",   400 },
	{ "ThrottlingException",         400 },
	{ "InternalServiceError",        500 },
	{ "ServiceUnavailableException", 500 },
	{ NULL, 0 },
};

/* clang-format on */

const struct api_service service_transfer = {
	.signing_name = "transfer",
	.title = "AWS Transfer Family",
	.protocol = API_JSON_1_1,
	.target_prefix = "TransferService",
	.version = "2018-11-05",
	.validation_error = "InvalidRequestException",
	.internal_error = "InternalServiceError",
	.retry_member = "RetryAfterSeconds",
	.operations = operations,
	.errors = errors,
};
