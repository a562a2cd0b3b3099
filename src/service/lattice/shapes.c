#include "service/lattice/shapes.h"

#include "model/network.h"
#include "store/tags.h"

/* clang-format off */

#define STRUCTURE(...) \
	{ .type = SHAPE_STRUCTURE, .members = (const struct shape_member[]){ __VA_ARGS__, { 0 } } }

/* ---- scalars --------------------------------------------------------------------------------------------------------- */

static const struct shape text = { .type = SHAPE_STRING };
static const struct shape truth = { .type = SHAPE_BOOLEAN };

/* Lower-case letters, digits and single hyphens inside: neither gateways nor configurations may look like ids. */
static const struct shape name = { .type = SHAPE_STRING, .min = 3, .max = 40, .pattern = "[a-z0-9]+(-[a-z0-9]+)*" };
static const struct shape identifier = { .type = SHAPE_STRING, .min = 17, .max = 2048 };
static const struct shape arn = { .type = SHAPE_STRING, .min = 20, .max = 2048 };
static const struct shape client_token = { .type = SHAPE_STRING, .min = 1, .max = 64, .pattern = "[!-~]+" };

static const struct shape vpc = { .type = SHAPE_STRING, .pattern = "vpc-([0-9a-z]{8}|[0-9a-z]{17})" };
static const struct shape subnet = { .type = SHAPE_STRING, .min = 5, .max = 200 };
static const struct shape subnets = { .type = SHAPE_LIST, .max = GATEWAY_SUBNETS_MAX, .element = &subnet };
static const struct shape group = { .type = SHAPE_STRING, .pattern = "sg-([0-9a-z]{8}|[0-9a-z]{17})" };
static const struct shape groups = { .type = SHAPE_LIST, .max = GATEWAY_GROUPS_MAX, .element = &group };

static const struct shape address_type = { .type = SHAPE_STRING, .pattern = "IPV4|IPV6|DUALSTACK" };
static const struct shape addresses_per_eni = { .type = SHAPE_INTEGER, .min = 1, .max = 62 };
static const struct shape dns_resolution = { .type = SHAPE_STRING, .pattern = "IN_VPC|PUBLIC" };

static const struct shape port_range = { .type = SHAPE_STRING, .min = 1, .max = 11 };
static const struct shape port_ranges = { .type = SHAPE_LIST, .min = 1, .max = CONFIGURATION_PORT_RANGES_MAX,
	.element = &port_range };
static const struct shape protocol = { .type = SHAPE_STRING, .pattern = "TCP|TCP_UDP" };
static const struct shape type = { .type = SHAPE_STRING, .pattern = "SINGLE|GROUP|CHILD|ARN|CIDR" };
static const struct shape domain = { .type = SHAPE_STRING, .min = 3, .max = 255 };
static const struct shape address = { .type = SHAPE_STRING, .min = 4, .max = 39 };

static const struct shape tag_value = { .type = SHAPE_STRING, .max = TAG_VALUE_MAX };
static const struct shape tags = { .type = SHAPE_MAP, .max = TAGS_MAX, .element = &tag_value };
static const struct shape tag_key = { .type = SHAPE_STRING, .min = 1, .max = TAG_KEY_MAX };
static const struct shape tag_keys = { .type = SHAPE_LIST, .min = 1, .max = 200, .element = &tag_key };

static const struct shape page_size = { .type = SHAPE_INTEGER, .min = 1, .max = 100 };
static const struct shape page_token = { .type = SHAPE_STRING, .min = 1, .max = 2048 };

/* ---- what a configuration leads to ------------------------------------------------------------------------------------ */

static const struct shape dns_resource = STRUCTURE(
	{ "domainName",    &domain,       true },
	{ "ipAddressType", &address_type, false });
static const struct shape ip_resource = STRUCTURE({ "ipAddress", &address, true });
static const struct shape arn_resource = STRUCTURE({ "arn", &text, false });
static const struct shape cidr_resource = STRUCTURE({ "cidrRanges", &(const struct shape){ .type = SHAPE_LIST, .element = &text }, false });
static const struct shape definition = { .type = SHAPE_STRUCTURE, .is_union = true,
	.members = (const struct shape_member[]){
		{ "dnsResource",  &dns_resource,  false },
		{ "ipResource",   &ip_resource,   false },
		{ "arnResource",  &arn_resource,  false },
		{ "cidrResource", &cidr_resource, false },
		{ 0 } } };

/* ---- inputs ----------------------------------------------------------------------------------------------------------- */

const struct shape lattice_create_gateway_input = STRUCTURE(
	{ "name",                        &name,              true },
	{ "vpcIdentifier",               &vpc,               false },
	{ "subnetIds",                   &subnets,           false },
	{ "securityGroupIds",            &groups,            false },
	{ "ipAddressType",               &address_type,      false },
	{ "ipv4AddressesPerEni",         &addresses_per_eni, false },
	{ "resourceConfigDnsResolution", &dns_resolution,    false },
	{ "tags",                        &tags,              false },
	{ "clientToken",                 &client_token,      false });

const struct shape lattice_gateway_input = STRUCTURE({ "resourceGatewayIdentifier", &identifier, true });

const struct shape lattice_update_gateway_input = STRUCTURE(
	{ "resourceGatewayIdentifier", &identifier, true },
	{ "securityGroupIds",          &groups,     false });

const struct shape lattice_list_gateways_input = STRUCTURE(
	{ "maxResults", &page_size,  false },
	{ "nextToken",  &page_token, false });

const struct shape lattice_create_configuration_input = STRUCTURE(
	{ "name",                                      &name,         true },
	{ "type",                                      &type,         true },
	{ "portRanges",                                &port_ranges,  false },
	{ "protocol",                                  &protocol,     false },
	{ "resourceGatewayIdentifier",                 &identifier,   false },
	{ "resourceConfigurationGroupIdentifier",      &identifier,   false },
	{ "resourceConfigurationDefinition",           &definition,   false },
	{ "allowAssociationToShareableServiceNetwork", &truth,        false },
	{ "customDomainName",                          &domain,       false },
	{ "groupDomain",                               &domain,       false },
	{ "domainVerificationIdentifier",              &text,         false },
	{ "tags",                                      &tags,         false },
	{ "clientToken",                               &client_token, false });

const struct shape lattice_configuration_input = STRUCTURE({ "resourceConfigurationIdentifier", &identifier, true });

const struct shape lattice_update_configuration_input = STRUCTURE(
	{ "resourceConfigurationIdentifier",           &identifier,  true },
	{ "resourceConfigurationDefinition",           &definition,  false },
	{ "allowAssociationToShareableServiceNetwork", &truth,       false },
	{ "portRanges",                                &port_ranges, false });

const struct shape lattice_list_configurations_input = STRUCTURE(
	{ "resourceGatewayIdentifier",            &identifier, false },
	{ "resourceConfigurationGroupIdentifier", &identifier, false },
	{ "domainVerificationIdentifier",         &text,       false },
	{ "maxResults",                           &page_size,  false },
	{ "nextToken",                            &page_token, false });

const struct shape lattice_list_associations_input = STRUCTURE(
	{ "resourceConfigurationIdentifier",       &identifier, true },
	{ "resourceEndpointAssociationIdentifier", &text,       false },
	{ "vpcEndpointId",                         &text,       false },
	{ "vpcEndpointOwner",                      &text,       false },
	{ "maxResults",                            &page_size,  false },
	{ "nextToken",                             &page_token, false });

const struct shape lattice_tag_resource_input = STRUCTURE(
	{ "resourceArn", &arn,  true },
	{ "tags",        &tags, true });

const struct shape lattice_untag_resource_input = STRUCTURE(
	{ "resourceArn", &arn,      true },
	{ "tagKeys",     &tag_keys, true });

const struct shape lattice_list_tags_input = STRUCTURE({ "resourceArn", &arn, true });
