#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "network/cidr.h"
#include "service/ec2/client_token.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/tags.h"
#include "store/gateways.h"
#include "store/routing.h"

static const char *const state_names[] = {
	[NAT_PENDING] = "pending",
	[NAT_AVAILABLE] = "available",
	[NAT_FAILED] = "failed",
	[NAT_DELETED] = "deleted",
};

/* ---- describing ----------------------------------------------------------------------------------------------------- */

/* Its one address. A gateway that is gone shows neither interface nor public address. */
static int show_address(struct db *db, const struct nat_gateway *gateway, json_t **out,
			struct sp_error *err)
{
	static const char *const statuses[] = {
		[NAT_PENDING] = "associating",
		[NAT_AVAILABLE] = "succeeded",
		[NAT_FAILED] = "failed",
		[NAT_DELETED] = "disassociating",
	};
	SP_AUTO_JSON json_t *shown =
		json_pack("{s:s, s:b}", "status", statuses[gateway->state], "isPrimary", true);
	if (gateway->allocation_id[0] != '\0')
		sp_json_set_text(shown, "allocationId", gateway->allocation_id);
	if (gateway->state == NAT_PENDING || gateway->state == NAT_AVAILABLE) {
		struct network_interface interface;
		if (interfaces_find(db, gateway->interface_id, &interface, err) != 0)
			return -1;
		sp_json_set_text(shown, "networkInterfaceId", interface.id);
		sp_json_set_text(shown, "privateIp", interface.address);
		if (gateway->allocation_id[0] != '\0') {
			struct elastic_address address;
			if (elastic_addresses_find(db, gateway->allocation_id, &address, err) != 0)
				return -1;
			sp_json_set_text(shown, "publicIp", address.address);
			sp_json_set_text(shown, "associationId", address.association_id);
		}
	}
	*out = sp_take_pointer(&shown);
	return 0;
}

static int add(struct ec2_view *view, struct db *db, const struct nat_gateway *gateway,
	       struct sp_error *err)
{
	char time[SP_ISO_TIME_SIZE];
	json_t *address;
	if (show_address(db, gateway, &address, err) != 0)
		return -1;
	sp_time_to_iso(gateway->created_ms, time);
	json_t *shown = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[o]}", "natGatewayId",
				  gateway->id, "subnetId", gateway->subnet_id, "vpcId",
				  gateway->vpc_id, "state", state_names[gateway->state],
				  "connectivityType", gateway->is_private ? "private" : "public",
				  "createTime", time, "natGatewayAddressSet", address);
	sp_json_set_text(shown, "availabilityMode", "zonal");
	if (gateway->deleted_ms > 0) {
		sp_time_to_iso(gateway->deleted_ms, time);
		sp_json_set_text(shown, "deleteTime", time);
	}
	if (gateway->state == NAT_FAILED) {
		sp_json_set_text(shown, "failureCode", gateway->failure_code);
		sp_json_set_text(shown, "failureMessage", gateway->failure);
	}
	return ec2_view_add(view, db, gateway->id, shown, err);
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	struct nat_gateway *gateways;
	size_t count;
	if (nat_gateways_list(db, &gateways, &count, err) != 0)
		return -1;
	int64_t forgotten_ms = sp_now_ms() - NAT_DELETED_SHOWN_MS;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (ec2_view_wants(view, gateways[i].id) &&
		    (gateways[i].deleted_ms == 0 || gateways[i].deleted_ms > forgotten_ms))
			result = add(view, db, &gateways[i], err);
	nat_gateways_free(gateways, count);
	return result;
}

static const struct ec2_filter filters[] = {
	{ "nat-gateway-id", "natGatewayId" },
	{ "state", "state" },
	{ "subnet-id", "subnetId" },
	{ "vpc-id", "vpcId" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_nat_gateway = {
	.type = "natgateway",
	.id_prefix = "nat-",
	.malformed = "NatGatewayMalformed",
	.selectors = { { "NatGatewayId", "natGatewayId", "NatGatewayNotFound", "NatGateway" } },
	.set = "natGatewaySet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_nat_gateways(struct api_call *call)
{
	ec2_describe(call, &ec2_nat_gateway);
}

/* ---- making --------------------------------------------------------------------------------------------------------- */

/* What EC2 finds out only after it has answered: the gateway is there, and FAILED. */
static void fail(struct nat_gateway *gateway, const char *code, const char *sentence)
{
	if (gateway->state == NAT_FAILED)
		return;
	gateway->state = NAT_FAILED;
	snprintf(gateway->failure_code, sizeof(gateway->failure_code), "%s", code);
	gateway->failure = sp_strdup(sentence);
}

static int read_request(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
			struct subnet *subnet, struct sp_error *err)
{
	const char *type = ec2_text(request, "ConnectivityType");
	const char *allocation = ec2_text(request, "AllocationId");
	struct vpc vpc;
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
	if (ec2_find_subnet(request, db, "SubnetId", subnet, err) != 0 ||
	    vpcs_find(db, subnet->vpc_id, &vpc, err) != 0)
		return -1;
	if (vpc.provider == PROVIDER_HOST)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "The subnet %s cannot have a NAT gateway: network %s is made of "
				  "this host's own interfaces, whose addresses the host decides",
				  subnet->id, vpc.id);
	memcpy(gateway->vpc_id, subnet->vpc_id, sizeof(gateway->vpc_id));
	memcpy(gateway->subnet_id, subnet->id, sizeof(gateway->subnet_id));
	return 0;
}

static int is_attached(struct db *db, const char *vpc_id, bool *out, struct sp_error *err)
{
	SP_AUTO_FREE struct internet_gateway *gateways = NULL;
	size_t count;
	if (internet_gateways_list(db, &gateways, &count, err) != 0)
		return -1;
	*out = false;
	for (size_t i = 0; i < count; i++)
		*out = *out || strcmp(gateways[i].vpc_id, vpc_id) == 0;
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
	    is_attached(db, gateway->vpc_id, &attached, err) != 0)
		return -1;
	memcpy(gateway->allocation_id, address->id, sizeof(gateway->allocation_id));
	if (!attached)
		fail(gateway, "Gateway.NotAttached", "Network has no Internet gateway attached");
	if (address->association_id[0] != '\0')
		fail(gateway, "Resource.AlreadyAssociated",
		     "Elastic IP address is already associated");
	return 0;
}

/* The address inside the subnet: chosen by the request, or any. SP_LIMIT: there is none. */
static int choose_private_address(struct ec2_request *request, const struct cidr *range,
				  const uint32_t *taken, size_t count, uint32_t *out,
				  struct sp_error *err)
{
	const char *text = ec2_text(request, "PrivateIpAddress");
	if (text == NULL)
		return address_draw(range, taken, count, out, err);
	if (!ipv4_parse(text, out) || !cidr_contains(range, *out))
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Value (%.64s) for parameter privateIpAddress is invalid: it is "
				  "no address of the subnet",
				  text);
	for (size_t i = 0; i < count; i++)
		if (taken[i] == *out)
			return ec2_refuse(request, err, "InvalidIPAddress.InUse",
					  "The address %s is in use", text);
	return 0;
}

static int make_interface(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
			  const struct subnet *subnet, struct sp_error *err)
{
	SP_AUTO_FREE struct network_interface *others = NULL;
	struct network_interface interface = { .kind = INTERFACE_OF_NAT,
					       .checks_addresses = true,
					       .created_ms = gateway->created_ms };
	size_t count;
	struct cidr range;
	uint32_t address;
	if (interfaces_list(db, subnet->id, NULL, &others, &count, err) != 0)
		return -1;
	SP_AUTO_FREE uint32_t *taken = sp_alloc((count + 1) * sizeof(*taken));
	for (size_t i = 0; i < count; i++)
		ipv4_parse(others[i].address, &taken[i]);
	cidr_parse(subnet->cidr, &range, NULL);
	if (choose_private_address(request, &range, taken, count, &address, err) != 0) {
		if (err->code != SP_LIMIT)
			return -1;
		fail(gateway, "InsufficientFreeAddressesInSubnet", err->message);
		return 0;
	}
	ec2_id_draw("eni-", interface.id);
	memcpy(interface.vpc_id, gateway->vpc_id, sizeof(interface.vpc_id));
	memcpy(interface.subnet_id, subnet->id, sizeof(interface.subnet_id));
	memcpy(interface.owner_id, gateway->id, sizeof(interface.owner_id));
	memcpy(gateway->interface_id, interface.id, sizeof(gateway->interface_id));
	ipv4_text(address, interface.address);
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
	int result = fill(request, db, &gateway, err);
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

/* ---- deleting ------------------------------------------------------------------------------------------------------- */

static int let_go(struct db *db, struct nat_gateway *gateway, struct sp_error *err)
{
	struct elastic_address address;
	if (gateway->state == NAT_FAILED)
		return 0;
	if (interfaces_delete(db, gateway->interface_id, err) != 0)
		return -1;
	if (gateway->is_private)
		return 0;
	if (elastic_addresses_find(db, gateway->allocation_id, &address, err) != 0)
		return -1;
	address.association_id[0] = address.interface_id[0] = '\0';
	return elastic_addresses_update(db, &address, err);
}

static int delete_gateway(struct ec2_request *request, struct db *db, void *ctx,
			  struct sp_error *err)
{
	const char *id = ec2_text(request, "NatGatewayId");
	struct nat_gateway gateway;
	int64_t now_ms = sp_now_ms();
	(void)ctx;
	if (ec2_id_check(request, &ec2_nat_gateway, id, err) != 0)
		return -1;
	if (nat_gateways_find(db, id, &gateway, err) != 0)
		return ec2_not_found(request, &ec2_nat_gateway, id, err);
	int result = 0;
	if (gateway.deleted_ms == 0) {
		result = let_go(db, &gateway, err);
		gateway.state = NAT_DELETED;
		gateway.deleted_ms = now_ms;
		if (result == 0)
			result = nat_gateways_update(db, &gateway, err);
	}
	nat_gateway_finish(&gateway);
	if (result != 0 || nat_gateways_forget(db, now_ms - NAT_DELETED_SHOWN_MS, err) != 0)
		return -1;
	sp_json_set_text(request->output, "natGatewayId", id);
	return 0;
}

void ec2_delete_nat_gateway(struct api_call *call)
{
	ec2_write(call, delete_gateway, NULL);
}
