#include "service/lattice/operations.h"
#include "service/lattice/shapes.h"
#include "service/services.h"

/* clang-format off */

#define GATEWAYS       "/resourcegateways"
#define GATEWAY        GATEWAYS "/{resourceGatewayIdentifier}"
#define CONFIGURATIONS "/resourceconfigurations"
#define CONFIGURATION  CONFIGURATIONS "/{resourceConfigurationIdentifier}"
#define TAGS           "/tags/{resourceArn}"

static const struct api_operation operations[] = {
	{ "CreateResourceGateway",            &lattice_create_gateway_input,       lattice_create_gateway,       "POST",   GATEWAYS,       201, .resource = "resourcegateway/*" },
	{ "GetResourceGateway",               &lattice_gateway_input,              lattice_get_gateway,          "GET",    GATEWAY,        200, .resource = "resourcegateway/{resourceGatewayIdentifier}" },
	{ "UpdateResourceGateway",            &lattice_update_gateway_input,       lattice_update_gateway,       "PATCH",  GATEWAY,        200, .resource = "resourcegateway/{resourceGatewayIdentifier}" },
	{ "DeleteResourceGateway",            &lattice_gateway_input,              lattice_delete_gateway,       "DELETE", GATEWAY,        200, .resource = "resourcegateway/{resourceGatewayIdentifier}" },
	{ "ListResourceGateways",             &lattice_list_gateways_input,        lattice_list_gateways,        "GET",    GATEWAYS,       200, .resource = "*" },
	{ "CreateResourceConfiguration",      &lattice_create_configuration_input, lattice_create_configuration, "POST",   CONFIGURATIONS, 201, .resource = "resourceconfiguration/*" },
	{ "GetResourceConfiguration",         &lattice_configuration_input,        lattice_get_configuration,    "GET",    CONFIGURATION,  200, .resource = "resourceconfiguration/{resourceConfigurationIdentifier}" },
	{ "UpdateResourceConfiguration",      &lattice_update_configuration_input, lattice_update_configuration, "PATCH",  CONFIGURATION,  200, .resource = "resourceconfiguration/{resourceConfigurationIdentifier}" },
	{ "DeleteResourceConfiguration",      &lattice_configuration_input,        lattice_delete_configuration, "DELETE", CONFIGURATION,  204, .resource = "resourceconfiguration/{resourceConfigurationIdentifier}" },
	{ "ListResourceConfigurations",       &lattice_list_configurations_input,  lattice_list_configurations,  "GET",    CONFIGURATIONS, 200, .resource = "*" },
	{ "ListResourceEndpointAssociations", &lattice_list_associations_input,    lattice_list_associations,    "GET",    "/resourceendpointassociations", 200, .resource = "*" },
	{ "TagResource",                      &lattice_tag_resource_input,         lattice_tag_resource,         "POST",   TAGS,           200, .resource = "{resourceArn}" },
	{ "UntagResource",                    &lattice_untag_resource_input,       lattice_untag_resource,       "DELETE", TAGS,           200, .resource = "{resourceArn}" },
	{ "ListTagsForResource",              &lattice_list_tags_input,            lattice_list_tags,            "GET",    TAGS,           200, .resource = "{resourceArn}" },
	{ NULL },
};

static const struct api_error_type errors[] = {
	{ "ValidationException",           400 },
	{ "AccessDeniedException",         403 },
	{ "ResourceNotFoundException",     404 },
	{ "ConflictException",             409 },
	{ "ServiceQuotaExceededException", 402 },
	{ "ThrottlingException",           429 },
	{ "InternalServerException",       500 },
	{ NULL, 0 },
};

/* clang-format on */

const struct api_service service_lattice = {
	.signing_name = "vpc-lattice",
	.title = "Amazon VPC Lattice",
	.protocol = API_REST_JSON,
	.version = "2022-11-30",
	.validation_error = "ValidationException",
	.internal_error = "InternalServerException",
	.operations = operations,
	.errors = errors,
};
