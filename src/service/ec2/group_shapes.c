#include "service/ec2/shapes.h"

/* clang-format off */

enum { PERMISSIONS_MAX = 1000 };

/* ---- groups ----------------------------------------------------------------------------------------------------- */

EC2_INPUT(ec2_create_security_group_input,
	{ "GroupName", &ec2_string, EC2_REQUIRED },
	{ "GroupDescription", &ec2_string, EC2_REQUIRED },
	{ "VpcId", &ec2_string, EC2_OPTIONAL },
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_delete_security_group_input,
	{ "GroupId", &ec2_string, EC2_OPTIONAL },
	{ "GroupName", &ec2_string, EC2_OPTIONAL });

EC2_INPUT(ec2_describe_security_groups_input, EC2_PAGED,
	{ "GroupId", &ec2_strings, EC2_OPTIONAL },
	{ "GroupName", &ec2_strings, EC2_OPTIONAL });

/* ---- rules ------------------------------------------------------------------------------------------------------ */

EC2_STRUCTURE(range,
	{ "CidrIp", &ec2_string, EC2_OPTIONAL },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_LIST(ranges, PERMISSIONS_MAX, range);

EC2_STRUCTURE(range6,
	{ "CidrIpv6", &ec2_string, EC2_OPTIONAL },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_LIST(ranges6, PERMISSIONS_MAX, range6);

EC2_STRUCTURE(group,
	{ "GroupId", &ec2_string, EC2_OPTIONAL },
	{ "GroupName", &ec2_string, EC2_OPTIONAL },
	{ "UserId", &ec2_string, EC2_OPTIONAL },
	{ "VpcId", &ec2_string, EC2_OPTIONAL },
	{ "VpcPeeringConnectionId", &ec2_string, EC2_OPTIONAL },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_LIST(groups, PERMISSIONS_MAX, group);

EC2_STRUCTURE(prefix_list,
	{ "PrefixListId", &ec2_string, EC2_OPTIONAL },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_LIST(prefix_lists, PERMISSIONS_MAX, prefix_list);

EC2_STRUCTURE(permission,
	{ "IpProtocol", &ec2_string, EC2_OPTIONAL },
	{ "FromPort", &ec2_integer, EC2_OPTIONAL },
	{ "ToPort", &ec2_integer, EC2_OPTIONAL },
	{ "IpRanges", &ranges, EC2_OPTIONAL },
	{ "Ipv6Ranges", &ranges6, EC2_OPTIONAL },
	{ "Groups", &groups, EC2_OPTIONAL },
	{ "PrefixListIds", &prefix_lists, EC2_OPTIONAL });
EC2_LIST(permissions, PERMISSIONS_MAX, permission);

EC2_STRUCTURE(rule_description,
	{ "SecurityGroupRuleId", &ec2_string, EC2_REQUIRED },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_LIST(rule_descriptions, PERMISSIONS_MAX, rule_description);

/* Of all that add rules, take them away or say what they are for. */
#define PERMISSIONS \
	{ "GroupId", &ec2_string, EC2_OPTIONAL }, \
	{ "GroupName", &ec2_string, EC2_OPTIONAL }, \
	{ "IpPermissions", &permissions, EC2_OPTIONAL }
#define OLD_PERMISSION \
	{ "IpProtocol", &ec2_string, EC2_OPTIONAL }, \
	{ "FromPort", &ec2_integer, EC2_OPTIONAL }, \
	{ "ToPort", &ec2_integer, EC2_OPTIONAL }, \
	{ "CidrIp", &ec2_string, EC2_OPTIONAL }, \
	{ "SourceSecurityGroupName", &ec2_string, EC2_OPTIONAL }, \
	{ "SourceSecurityGroupOwnerId", &ec2_string, EC2_OPTIONAL }

EC2_INPUT(ec2_authorize_input, PERMISSIONS, OLD_PERMISSION,
	{ "TagSpecification", &ec2_tag_specifications, EC2_OPTIONAL });

EC2_INPUT(ec2_revoke_input, PERMISSIONS, OLD_PERMISSION,
	{ "SecurityGroupRuleId", &ec2_strings, EC2_OPTIONAL });

EC2_INPUT(ec2_rule_descriptions_input, PERMISSIONS,
	{ "SecurityGroupRuleDescription", &rule_descriptions, EC2_OPTIONAL });

EC2_STRUCTURE(rule,
	{ "IpProtocol", &ec2_string, EC2_OPTIONAL },
	{ "FromPort", &ec2_integer, EC2_OPTIONAL },
	{ "ToPort", &ec2_integer, EC2_OPTIONAL },
	{ "CidrIpv4", &ec2_string, EC2_OPTIONAL },
	{ "CidrIpv6", &ec2_string, EC2_OPTIONAL },
	{ "PrefixListId", &ec2_string, EC2_OPTIONAL },
	{ "ReferencedGroupId", &ec2_string, EC2_OPTIONAL },
	{ "Description", &ec2_string, EC2_OPTIONAL });
EC2_STRUCTURE(rule_change,
	{ "SecurityGroupRuleId", &ec2_string, EC2_REQUIRED },
	{ "SecurityGroupRule", &rule, EC2_REQUIRED });
EC2_LIST(rule_changes, PERMISSIONS_MAX, rule_change);

EC2_INPUT(ec2_modify_security_group_rules_input,
	{ "GroupId", &ec2_string, EC2_REQUIRED },
	{ "SecurityGroupRule", &rule_changes, EC2_REQUIRED });

EC2_INPUT(ec2_describe_security_group_rules_input, EC2_PAGED,
	{ "SecurityGroupRuleId", &ec2_strings, EC2_OPTIONAL });
