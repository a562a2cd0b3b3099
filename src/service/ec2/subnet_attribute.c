#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "service/ec2/kinds.h"
#include "service/ec2/operations.h"
#include "store/networks.h"

/* What can be kept, though nothing here reads it: there are no instances. */
static const struct {
	const char *parameter;
	size_t at; /* a bool of struct subnet */
} kept[] = {
	{ "MapPublicIpOnLaunch", offsetof(struct subnet, map_public_ip) },
	{ "AssignIpv6AddressOnCreation", offsetof(struct subnet, assign_ipv6) },
	{ "EnableDns64", offsetof(struct subnet, enable_dns64) },
};

/* What always is as it is: asking for just that is fine. */
static const char *const always_off[] = {
	"MapCustomerOwnedIpOnLaunch",
	"EnableResourceNameDnsARecordOnLaunch",
	"EnableResourceNameDnsAAAARecordOnLaunch",
};

static int check_off(struct ec2_request *request, size_t *changes, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(always_off); i++) {
		bool wanted = false;
		*changes += ec2_attribute(request, always_off[i], &wanted);
		if (wanted)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The attribute %s cannot be switched on: there are no "
					  "instances here",
					  always_off[i]);
	}
	const char *names = ec2_text(request, "PrivateDnsHostnameTypeOnLaunch");
	*changes += names != NULL;
	if (names != NULL && strcmp(names, "ip-name") != 0)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The attribute PrivateDnsHostnameTypeOnLaunch is always ip-name: "
				  "there are no instances here");
	return 0;
}

static int modify(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct subnet subnet;
	size_t changes = 0;
	(void)ctx;
	if (ec2_find_subnet(request, db, "SubnetId", &subnet, err) != 0 ||
	    check_off(request, &changes, err) != 0)
		return -1;
	for (size_t i = 0; i < SP_COUNT_OF(kept); i++)
		changes += ec2_attribute(request, kept[i].parameter,
					 (bool *)((char *)&subnet + kept[i].at));
	if (changes == 0)
		return ec2_refuse(
			request, err, EC2_MISSING_PARAMETER,
			"The request must contain one attribute to change: MapPublicIpOnLaunch, "
			"AssignIpv6AddressOnCreation or EnableDns64");
	if (changes > 1)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "Fields for multiple attribute types specified");
	if (subnet.interface[0] != '\0')
		return ec2_refuse(request, err, EC2_NOT_PERMITTED,
				  "The subnet '%s' shows the interface %s of this machine and "
				  "cannot be changed",
				  subnet.id, subnet.interface);
	if (subnet.assign_ipv6 && subnet.cidr6[0] == '\0')
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Invalid value 'true' for assignIpv6AddressOnCreation. Subnet "
				  "does not have an associated IPv6 CIDR block.");
	return subnets_update(db, &subnet, err);
}

void ec2_modify_subnet_attribute(struct api_call *call)
{
	ec2_write(call, modify, NULL);
}
