/** What the operations on routes and public addresses take, by the names that are on the wire. */

#include "service/ec2/shapes.h"

/* clang-format off */

enum { ZONES_MAX = 100 };

/* ---- route tables ----------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_route_table_input,
	{ "VpcId", &ec2_string, EC2_REQUIRED },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL },
	{ "ClientToken", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_route_table_input,
	{ "RouteTableId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_associate_route_table_input,
	{ "RouteTableId", &ec2_string, EC2_REQUIRED },
	{ "SubnetId", &ec2_string, EC2_OPTIONAL },
	{ "GatewayId", &ec2_string, EC2_OPTIONAL },
	{ "PublicIpv4Pool", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_association_input,
	{ "AssociationId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_replace_association_input,
	{ "AssociationId", &ec2_string, EC2_REQUIRED },
	{ "RouteTableId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_route_input,
	{ "RouteTableId", &ec2_string, EC2_REQUIRED },
	{ "DestinationCidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "DestinationIpv6CidrBlock", &ec2_string, EC2_OPTIONAL },
	{ "DestinationPrefixListId", &ec2_string, EC2_OPTIONAL },
	{ "GatewayId", &ec2_string, EC2_OPTIONAL },
	{ "NatGatewayId", &ec2_string, EC2_OPTIONAL },
	{ "NetworkInterfaceId", &ec2_string, EC2_OPTIONAL },
	{ "CarrierGatewayId", &ec2_string, EC2_OPTIONAL },
	{ "CoreNetworkArn", &ec2_string, EC2_OPTIONAL },
	{ "EgressOnlyInternetGatewayId", &ec2_string, EC2_OPTIONAL },
	{ "InstanceId", &ec2_string, EC2_OPTIONAL },
	{ "LocalGatewayId", &ec2_string, EC2_OPTIONAL },
	{ "LocalTarget", &ec2_boolean, EC2_OPTIONAL },
	{ "OdbNetworkArn", &ec2_string, EC2_OPTIONAL },
	{ "TransitGatewayId", &ec2_string, EC2_OPTIONAL },
	{ "VpcEndpointId", &ec2_string, EC2_OPTIONAL },
	{ "VpcPeeringConnectionId", &ec2_string, EC2_OPTIONAL });

/* ---- internet and NAT gateways ---------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_internet_gateway_input,
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_internet_gateway_input,
	{ "InternetGatewayId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_internet_attachment_input,
	{ "InternetGatewayId", &ec2_string, EC2_REQUIRED },
	{ "VpcId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_describe_internet_gateways_input,
	EC2_PAGED,
	{ "InternetGatewayId", &ec2_strings, EC2_OPTIONAL });

EC2_STRUCTURE(zone_address,
	{ "AvailabilityZone", &ec2_string, EC2_OPTIONAL },
	{ "AvailabilityZoneId", &ec2_string, EC2_OPTIONAL },
	{ "AllocationId", &ec2_strings, EC2_OPTIONAL });
EC2_LIST(zone_addresses, ZONES_MAX, zone_address);

EC2_INPUT(ec2_create_nat_gateway_input,
	{ "SubnetId", &ec2_string, EC2_OPTIONAL },
	{ "VpcId", &ec2_string, EC2_OPTIONAL },
	{ "AvailabilityMode", &ec2_string, EC2_OPTIONAL },
	{ "AvailabilityZoneAddress", &zone_addresses, EC2_OPTIONAL },
	{ "SecondaryAllocationId", &ec2_strings, EC2_OPTIONAL },
	{ "SecondaryPrivateIpAddress", &ec2_strings, EC2_OPTIONAL },
	{ "SecondaryPrivateIpAddressCount", &ec2_integer, EC2_OPTIONAL },
	{ "AllocationId", &ec2_string, EC2_OPTIONAL },
	{ "ConnectivityType", &ec2_string, EC2_OPTIONAL },
	{ "PrivateIpAddress", &ec2_string, EC2_OPTIONAL },
	{ "ClientToken", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_nat_gateway_input,
	{ "NatGatewayId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_describe_nat_gateways_input,
	EC2_PAGED,
	{ "NatGatewayId", &ec2_strings, EC2_OPTIONAL });

/* ---- addresses -------------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_allocate_address_input,
	{ "Domain", &ec2_string, EC2_OPTIONAL },
	{ "Address", &ec2_string, EC2_OPTIONAL },
	{ "PublicIpv4Pool", &ec2_string, EC2_OPTIONAL },
	{ "NetworkBorderGroup", &ec2_string, EC2_OPTIONAL },
	{ "CustomerOwnedIpv4Pool", &ec2_string, EC2_OPTIONAL },
	{ "IpamPoolId", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_addresses_input,
	EC2_FILTERED,
	{ "AllocationId", &ec2_strings, EC2_OPTIONAL },
	{ "PublicIp", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_addresses_attribute_input,
	{ "AllocationId", &ec2_strings, EC2_OPTIONAL },
	{ "Attribute", &ec2_string, EC2_OPTIONAL },
	{ "MaxResults", &ec2_integer, EC2_OPTIONAL },
	{ "NextToken", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_release_address_input,
	{ "AllocationId", &ec2_string, EC2_OPTIONAL },
	{ "PublicIp", &ec2_string, EC2_OPTIONAL },
	{ "NetworkBorderGroup", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_associate_address_input,
	{ "AllocationId", &ec2_string, EC2_OPTIONAL },
	{ "PublicIp", &ec2_string, EC2_OPTIONAL },
	{ "NetworkInterfaceId", &ec2_string, EC2_OPTIONAL },
	{ "InstanceId", &ec2_string, EC2_OPTIONAL },
	{ "PrivateIpAddress", &ec2_string, EC2_OPTIONAL },
	{ "AllowReassociation", &ec2_boolean, EC2_OPTIONAL });

EC2_INPUT(ec2_disassociate_address_input,
	{ "AssociationId", &ec2_string, EC2_OPTIONAL },
	{ "PublicIp", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_pools_input,
	EC2_PAGED,
	{ "PoolId", &ec2_strings, EC2_OPTIONAL });
