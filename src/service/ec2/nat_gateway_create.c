#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "service/ec2/client_token.h"
#include "service/ec2/internet_gateway.h"
#include "service/ec2/nat_gateway.h"
#include "service/ec2/operations.h"
#include "service/ec2/private_address.h"
#include "service/ec2/tags.h"
#include "service/ec2/uplink.h"
#include "store/gateways.h"
#include "store/routing.h"

/* What EC2 finds out only after it has answered: the gateway is there, and FAILED. */
static void fail(struct nat_gateway *gateway, const char *code, const char *sentence)
{
	if (gateway->state == NAT_FAILED)
		return;
	gateway->state = NAT_FAILED;
	snprintf(gateway->failure_code, sizeof(gateway->failure_code), "%s", code);
	gateway->failure = sp_strdup(sentence);
}

/* What Amazon's gateways may have besides one address in one zone. */
static const char *const absent[] = {
	"AvailabilityZoneAddress",
	"SecondaryAllocationId",
	"SecondaryPrivateIpAddress",
	"SecondaryPrivateIpAddressCount",
	"VpcId",
};

static int refuse_what_is_not_here(struct ec2_request *request, struct sp_error *err)
{
	const char *mode = ec2_text(request, "AvailabilityMode");
	if (mode != NULL && strcmp(mode, "zonal") != 0)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The AvailabilityMode %.64s is not supported: a NAT gateway is "
				  "in one subnet, zonal",
				  mode);
	for (size_t i = 0; i < SP_COUNT_OF(absent); i++)
		if (json_object_get(request->input, absent[i]) != NULL)
			return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
					  "The parameter %s is not supported: a NAT gateway is in "
					  "one subnet and has one address",
					  absent[i]);
	return 0;
}

static int read_type(struct ec2_request *request, struct nat_gateway *gateway, struct sp_error *err)
{
	const char *type = ec2_text(request, "ConnectivityType");
	const char *allocation = ec2_text(request, "AllocationId");
	gateway->is_private = type != NULL && strcmp(type, "private") == 0;
	if (type != NULL && !gateway->is_private && strcmp(type, "public") != 0)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter connectivityType is invalid: it is "
				  "public or private",
				  type);
	if (!gateway->is_private && allocation == NULL)
		return ec2_refuse_missing(request, err, "AllocationId");
	if (gateway->is_private && allocation != NULL)
		return ec2_refuse(request, err, EC2_INVALID_COMBINATION,
				  "The parameter AllocationId cannot be used with a private NAT "
				  "gateway");
	return 0;
}

static int read_request(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
			struct subnet *subnet, struct sp_error *err)
{
	struct vpc vpc;
	if (refuse_what_is_not_here(request, err) != 0 || read_type(request, gateway, err) != 0 ||
	    ec2_find_subnet(request, db, "SubnetId", subnet, err) != 0 ||
	    vpcs_find(db, subnet->vpc_id, &vpc, err) != 0)
		return -1;
	if (vpc.provider == PROVIDER_HOST)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The subnet %s cannot have a NAT gateway: network %s is made of "
				  "this host's own interfaces, whose addresses the host decides",
				  subnet->id, vpc.id);
	if (ec2_uplink_check(request, db, subnet->id, "cannot have a NAT gateway", err) != 0)
		return -1;
	memcpy(gateway->vpc_id, subnet->vpc_id, sizeof(gateway->vpc_id));
	memcpy(gateway->subnet_id, subnet->id, sizeof(gateway->subnet_id));
	return 0;
}

/* Of a public one, which needs a way to the internet. */
static int take_public_address(struct ec2_request *request, struct db *db,
			       struct nat_gateway *gateway, struct elastic_address *address,
			       struct sp_error *err)
{
	bool attached;
	if (gateway->is_private)
		return 0;
	if (ec2_find_address(request, db, ec2_text(request, "AllocationId"), address, err) != 0 ||
	    ec2_internet_is_attached(db, gateway->vpc_id, &attached, err) != 0)
		return -1;
	memcpy(gateway->allocation_id, address->id, sizeof(gateway->allocation_id));
	if (!attached)
		fail(gateway, "Gateway.NotAttached", "Network has no Internet gateway attached");
	if (address->association_id[0] != '\0')
		fail(gateway, "Resource.AlreadyAssociated",
		     "Elastic IP address is already associated");
	return 0;
}

static int choose_private_address(struct ec2_request *request, struct db *db,
				  const struct subnet *subnet, struct nat_gateway *gateway,
				  char out[ADDRESS_TEXT_SIZE], struct sp_error *err)
{
	if (ec2_private_address_choose(request, db, subnet, false,
				       ec2_text(request, "PrivateIpAddress"), out, err) == 0)
		return 0;
	if (err->code != SP_LIMIT)
		return -1;
	fail(gateway, "InsufficientFreeAddressesInSubnet", err->message);
	return 0;
}

static int make_interface(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
			  const struct subnet *subnet, struct sp_error *err)
{
	struct network_interface interface = { .kind = INTERFACE_OF_NAT,
					       .created_ms = gateway->created_ms };
	if (choose_private_address(request, db, subnet, gateway, interface.address, err) != 0)
		return -1;
	if (gateway->state == NAT_FAILED)
		return 0;
	ec2_id_draw("eni-", interface.id);
	memcpy(interface.vpc_id, gateway->vpc_id, sizeof(interface.vpc_id));
	memcpy(interface.subnet_id, subnet->id, sizeof(interface.subnet_id));
	memcpy(interface.owner_id, gateway->id, sizeof(interface.owner_id));
	memcpy(gateway->interface_id, interface.id, sizeof(gateway->interface_id));
	mac_draw(interface.mac);
	return interfaces_insert(db, &interface, err);
}

static int associate(struct db *db, const struct nat_gateway *gateway,
		     struct elastic_address *address, struct sp_error *err)
{
	if (gateway->is_private)
		return 0;
	ec2_id_draw("eipassoc-", address->association_id);
	memcpy(address->interface_id, gateway->interface_id, sizeof(address->interface_id));
	return elastic_addresses_update(db, address, err);
}

static int fill(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
		struct sp_error *err)
{
	struct elastic_address address = { 0 };
	struct subnet subnet;
	if (read_request(request, db, gateway, &subnet, err) != 0 ||
	    take_public_address(request, db, gateway, &address, err) != 0)
		return -1;
	if (gateway->state != NAT_FAILED && make_interface(request, db, gateway, &subnet, err) != 0)
		return -1;
	if (gateway->state != NAT_FAILED && associate(db, gateway, &address, err) != 0)
		return -1;
	if (nat_gateways_insert(db, gateway, err) == 0)
		return ec2_tags_create(request, db, &ec2_nat_gateway, gateway->id, err);
	if (err->code == SP_LIMIT)
		request->code = "NatGatewayLimitExceeded";
	return -1;
}

static int make(struct ec2_request *request, struct db *db, char out_id[NETWORK_ID_SIZE],
		struct sp_error *err)
{
	struct nat_gateway gateway = { .created_ms = sp_now_ms() };
	ec2_id_draw(ec2_nat_gateway.id_prefix, gateway.id);
	memcpy(out_id, gateway.id, sizeof(gateway.id));
	int result = ec2_nat_gateways_forget(request, db, err);
	if (result == 0)
		result = fill(request, db, &gateway, err);
	nat_gateway_finish(&gateway);
	return result;
}

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	return ec2_create_once(request, db, "CreateNatGateway", make, &ec2_nat_gateway,
			       "natGateway", err);
}

void ec2_create_nat_gateway(struct api_call *call)
{
	ec2_write(call, create, NULL);
}
