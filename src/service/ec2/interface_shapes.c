/** What the operations on network interfaces take, by the names that are on the wire. */

#include "service/ec2/shapes.h"

/* clang-format off */

enum { ENTRIES_MAX = 1000 };

EC2_INPUT(ec2_describe_network_interfaces_input,
	EC2_PAGED,
	{ "NetworkInterfaceId", &ec2_strings, EC2_OPTIONAL },
	{ "IncludeManagedResources", &ec2_boolean, EC2_OPTIONAL });

EC2_STRUCTURE(private_address,
	{ "PrivateIpAddress", &ec2_string, EC2_OPTIONAL },
	{ "Primary", &ec2_boolean, EC2_OPTIONAL });
EC2_LIST(private_addresses, ENTRIES_MAX, private_address);

EC2_STRUCTURE(ipv6_address,
	{ "Ipv6Address", &ec2_string, EC2_OPTIONAL },
	{ "IsPrimaryIpv6", &ec2_boolean, EC2_OPTIONAL });
EC2_LIST(ipv6_addresses, ENTRIES_MAX, ipv6_address);

EC2_STRUCTURE(ipv4_prefix,
	{ "Ipv4Prefix", &ec2_string, EC2_OPTIONAL });
EC2_LIST(ipv4_prefixes, ENTRIES_MAX, ipv4_prefix);

EC2_STRUCTURE(ipv6_prefix,
	{ "Ipv6Prefix", &ec2_string, EC2_OPTIONAL });
EC2_LIST(ipv6_prefixes, ENTRIES_MAX, ipv6_prefix);

EC2_STRUCTURE(connection_tracking,
	{ "TcpEstablishedTimeout", &ec2_integer, EC2_OPTIONAL },
	{ "UdpStreamTimeout", &ec2_integer, EC2_OPTIONAL },
	{ "UdpTimeout", &ec2_integer, EC2_OPTIONAL });

EC2_STRUCTURE(operator,
	{ "Principal", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_create_network_interface_input,
	{ "SubnetId", &ec2_string, EC2_REQUIRED },
	{ "Description", &ec2_string, EC2_OPTIONAL },
	{ "PrivateIpAddress", &ec2_string, EC2_OPTIONAL },
	{ "PrivateIpAddresses", &private_addresses, EC2_OPTIONAL },
	{ "SecurityGroupId", &ec2_strings, EC2_OPTIONAL },
	{ "InterfaceType", &ec2_string, EC2_OPTIONAL },
	{ "ClientToken", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL },
	{ "SecondaryPrivateIpAddressCount", &ec2_integer, EC2_OPTIONAL },
	{ "Ipv4Prefix", &ipv4_prefixes, EC2_OPTIONAL },
	{ "Ipv4PrefixCount", &ec2_integer, EC2_OPTIONAL },
	{ "Ipv6Addresses", &ipv6_addresses, EC2_OPTIONAL },
	{ "Ipv6AddressCount", &ec2_integer, EC2_OPTIONAL },
	{ "Ipv6Prefix", &ipv6_prefixes, EC2_OPTIONAL },
	{ "Ipv6PrefixCount", &ec2_integer, EC2_OPTIONAL },
	{ "EnablePrimaryIpv6", &ec2_boolean, EC2_OPTIONAL },
	{ "ConnectionTrackingSpecification", &connection_tracking, EC2_OPTIONAL },
	{ "Operator", &operator, EC2_OPTIONAL });

EC2_INPUT(ec2_network_interface_input,
	{ "NetworkInterfaceId", &ec2_string, EC2_REQUIRED });

EC2_INPUT(ec2_describe_interface_attribute_input,
	{ "NetworkInterfaceId", &ec2_string, EC2_REQUIRED },
	{ "Attribute", &ec2_string, EC2_OPTIONAL });

EC2_STRUCTURE(text_attribute,
	{ "Value", &ec2_string, EC2_OPTIONAL });

EC2_STRUCTURE(udp_specification,
	{ "EnaSrdUdpEnabled", &ec2_boolean, EC2_OPTIONAL });
EC2_STRUCTURE(ena_srd_specification,
	{ "EnaSrdEnabled", &ec2_boolean, EC2_OPTIONAL },
	{ "EnaSrdUdpSpecification", &udp_specification, EC2_OPTIONAL });

EC2_STRUCTURE(attachment_changes,
	{ "AttachmentId", &ec2_string, EC2_OPTIONAL },
	{ "DeleteOnTermination", &ec2_boolean, EC2_OPTIONAL },
	{ "DefaultEnaQueueCount", &ec2_boolean, EC2_OPTIONAL },
	{ "EnaQueueCount", &ec2_integer, EC2_OPTIONAL });

EC2_INPUT(ec2_modify_interface_attribute_input,
	{ "NetworkInterfaceId", &ec2_string, EC2_REQUIRED },
	{ "Description", &text_attribute, EC2_OPTIONAL },
	{ "SourceDestCheck", &ec2_boolean_attribute, EC2_OPTIONAL },
	{ "SecurityGroupId", &ec2_strings, EC2_OPTIONAL },
	{ "Attachment", &attachment_changes, EC2_OPTIONAL },
	{ "AssociatePublicIpAddress", &ec2_boolean, EC2_OPTIONAL },
	{ "AssociatedSubnetId", &ec2_strings, EC2_OPTIONAL },
	{ "ConnectionTrackingSpecification", &connection_tracking, EC2_OPTIONAL },
	{ "EnablePrimaryIpv6", &ec2_boolean, EC2_OPTIONAL },
	{ "EnaSrdSpecification", &ena_srd_specification, EC2_OPTIONAL });
