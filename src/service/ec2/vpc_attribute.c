#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "service/ec2/kinds.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

static const struct attribute {
	const char *name;      /* of DescribeVpcAttribute */
	const char *parameter; /* of ModifyVpcAttribute */
	size_t at;             /* a bool of struct vpc */
} attributes[] = {
	{ "enableDnsSupport", "EnableDnsSupport", offsetof(struct vpc, dns_support) },
	{ "enableDnsHostnames", "EnableDnsHostnames", offsetof(struct vpc, dns_hostnames) },
	{ "enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics",
	  offsetof(struct vpc, usage_metrics) },
};

static bool *value_of(struct vpc *vpc, const struct attribute *attribute)
{
	return (bool *)((char *)vpc + attribute->at);
}

static int describe(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc;
	const char *name = ec2_text(request, "Attribute");
	(void)ctx;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(attributes); i++) {
		if (strcmp(attributes[i].name, name) != 0)
			continue;
		json_object_set_new(request->output, "vpcId", json_string(vpc.id));
		json_object_set_new(request->output, name,
				    json_pack("{s:b}", "value", *value_of(&vpc, &attributes[i])));
		return 0;
	}
	return ec2_refuse(request, err, EC2_INVALID_VALUE,
			  "Value (%.64s) for parameter attribute is invalid. Unknown attribute.",
			  name);
}

void ec2_describe_vpc_attribute(struct api_call *call)
{
	ec2_read(call, describe, NULL);
}

static int modify(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct vpc vpc;
	size_t changes = 0;
	(void)ctx;
	if (ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(attributes); i++)
		changes += ec2_attribute(request, attributes[i].parameter,
					 value_of(&vpc, &attributes[i]));
	if (changes == 0)
		return ec2_refuse(
			request, err, EC2_MISSING_PARAMETER,
			"The request must contain one attribute to change: EnableDnsSupport, "
			"EnableDnsHostnames or EnableNetworkAddressUsageMetrics");
	if (changes > 1)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "Fields for multiple attribute types specified");
	if (vpc.is_host)
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The vpc '%s' shows this machine and cannot be changed", vpc.id);
	return vpcs_update(db, &vpc, err);
}

void ec2_modify_vpc_attribute(struct api_call *call)
{
	ec2_write(call, modify, NULL);
}
