#include "service/ec2/shapes.h"

/* clang-format off */

enum {
	NAMES_MAX = 1000, /* ids in one request */
	TEXT_MAX = 8192,
};

const struct shape ec2_string = { .type = SHAPE_STRING, .max = TEXT_MAX };
const struct shape ec2_integer = { .type = SHAPE_INTEGER };
const struct shape ec2_boolean = { .type = SHAPE_BOOLEAN };
const struct shape ec2_strings = { .type = SHAPE_LIST, .max = NAMES_MAX, .element = &ec2_string };
const struct shape ec2_boolean_attribute = { EC2_MEMBERS({ "Value", &ec2_boolean, EC2_OPTIONAL }) };

EC2_STRUCTURE(filter,
	{ "Name", &ec2_string, EC2_REQUIRED },
	{ "Value", &ec2_strings, EC2_OPTIONAL });
const struct shape ec2_filters = { .type = SHAPE_LIST, .max = NAMES_MAX, .element = &filter };

EC2_STRUCTURE(tag,
	{ "Key", &ec2_string, EC2_REQUIRED },
	{ "Value", &ec2_string, EC2_OPTIONAL });
EC2_LIST(tags, NAMES_MAX, tag);
EC2_STRUCTURE(tag_specification,
	{ "ResourceType", &ec2_string, EC2_OPTIONAL },
	{ "Tag", &tags, EC2_OPTIONAL });
const struct shape ec2_tag_specifications = { .type = SHAPE_LIST, .max = NAMES_MAX, .element = &tag_specification };

/* ---- tags ------------------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_tags_input,
	{ "ResourceId", &ec2_strings, EC2_REQUIRED },
	{ "Tag", &tags, EC2_REQUIRED });

EC2_INPUT(ec2_delete_tags_input,
	{ "ResourceId", &ec2_strings, EC2_REQUIRED },
	{ "Tag", &tags, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_tags_input,
	EC2_PAGED);

/* ---- VPCs ------------------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_vpc_input,
	{ "CidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "InstanceTenancy", &ec2_string, EC2_OPTIONAL },
	{ "AmazonProvidedIpv6CidrBlock", &ec2_boolean, EC2_OPTIONAL },
	{ "Ipv6CidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "Ipv6Pool", &ec2_string, EC2_OPTIONAL },
	{ "Ipv4IpamPoolId", &ec2_string, EC2_OPTIONAL },
	{ "Ipv6IpamPoolId", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_vpc_input,
	{ "VpcId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_describe_vpcs_input,
	EC2_PAGED,
	{ "VpcId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_vpc_classic_link_input,
	EC2_FILTERED,
	{ "VpcId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_vpc_attribute_input,
	{ "VpcId", &ec2_string, EC2_REQUIRED },
	{ "Attribute", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_modify_vpc_attribute_input,
	{ "VpcId", &ec2_string, EC2_REQUIRED },
	{ "EnableDnsSupport", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "EnableDnsHostnames", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "EnableNetworkAddressUsageMetrics", &ec2_boolean_attribute, EC2_OPTIONAL });

/* ---- subnets ---------------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_subnet_input,
	{ "VpcId", &ec2_string, EC2_REQUIRED },
	{ "CidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "AvailabilityZone", &ec2_string, EC2_OPTIONAL },
	{ "AvailabilityZoneId", &ec2_string, EC2_OPTIONAL },
	{ "Ipv4IpamPoolId", &ec2_string, EC2_OPTIONAL },
	{ "Ipv6CidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "Ipv6IpamPoolId", &ec2_string, EC2_OPTIONAL },
	{ "Ipv6Native", &ec2_boolean, EC2_OPTIONAL },
	{ "OutpostArn", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_subnet_input,
	{ "SubnetId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_describe_subnets_input,
	EC2_PAGED,
	{ "SubnetId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_modify_subnet_attribute_input,
	{ "SubnetId", &ec2_string, EC2_REQUIRED },
	{ "MapPublicIpOnLaunch", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "AssignIpv6AddressOnCreation", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "EnableDns64", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "MapCustomerOwnedIpOnLaunch", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "CustomerOwnedIpv4Pool", &ec2_string, EC2_OPTIONAL },
	{ "PrivateDnsHostnameTypeOnLaunch", &ec2_string, EC2_OPTIONAL },
	{ "EnableResourceNameDnsARecordOnLaunch", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "EnableResourceNameDnsAAAARecordOnLaunch", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "EnableLniAtDeviceIndex", &ec2_integer, EC2_OPTIONAL },
	{ "DisableLniAtDeviceIndex", &ec2_boolean_attribute, EC2_OPTIONAL });

/* ---- what comes with them --------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_describe_zones_input,
	EC2_FILTERED,
	{ "ZoneName", &ec2_strings, EC2_OPTIONAL },
	{ "ZoneId", &ec2_strings, EC2_OPTIONAL },
	{ "AllAvailabilityZones", &ec2_boolean, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_route_tables_input,
	EC2_PAGED,
	{ "RouteTableId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_network_acls_input,
	EC2_PAGED,
	{ "NetworkAclId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_dhcp_options_input,
	EC2_PAGED,
	{ "DhcpOptionsId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_account_attributes_input,
	{ "AttributeName", &ec2_strings, EC2_OPTIONAL });
