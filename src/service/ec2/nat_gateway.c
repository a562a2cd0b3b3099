#include "service/ec2/nat_gateway.h"

#include "base/clock.h"
#include "base/scope.h"
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

/* Sets what the address shows of its interface and its Elastic IP, while it has them. */
static int show_places(struct db *db, const struct nat_gateway *gateway, json_t *shown,
		       struct sp_error *err)
{
	struct network_interface interface;
	struct elastic_address address;
	if (interfaces_find(db, gateway->interface_id, &interface, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		*err = (struct sp_error){ 0 };
		return 0;
	}
	sp_json_set_text(shown, "networkInterfaceId", interface.id);
	sp_json_set_text(shown, "privateIp", interface.address);
	if (gateway->allocation_id[0] == '\0')
		return 0;
	if (elastic_addresses_find(db, gateway->allocation_id, &address, err) != 0)
		return -1;
	sp_json_set_text(shown, "publicIp", address.address);
	sp_json_set_text(shown, "associationId", address.association_id);
	return 0;
}

/* Its one address. */
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
	if (gateway->state != NAT_DELETED && show_places(db, gateway, shown, err) != 0)
		return -1;
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

/* ---- deleting ------------------------------------------------------------------------------------------------------- */

int ec2_nat_gateways_forget(struct ec2_request *request, struct db *db, struct sp_error *err)
{
	struct nat_gateway *gateways;
	size_t count;
	int64_t before_ms = sp_now_ms() - NAT_DELETED_SHOWN_MS;
	if (nat_gateways_list(db, &gateways, &count, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++)
		if (gateways[i].deleted_ms > 0 && gateways[i].deleted_ms < before_ms)
			result = ec2_tags_delete(request->context, db, &ec2_nat_gateway,
						 gateways[i].id, err);
	nat_gateways_free(gateways, count);
	return result == 0 ? nat_gateways_forget(db, before_ms, err) : -1;
}

/* The Elastic IP address stays allocated. One that failed may have neither interface nor address. */
static int let_go(struct db *db, const struct nat_gateway *gateway, struct sp_error *err)
{
	struct elastic_address address;
	if (gateway->interface_id[0] == '\0')
		return 0;
	if (elastic_addresses_find_of(db, gateway->interface_id, &address, err) == 0) {
		address.association_id[0] = address.interface_id[0] = '\0';
		if (elastic_addresses_update(db, &address, err) != 0)
			return -1;
	} else if (err->code != SP_NOT_FOUND) {
		return -1;
	}
	if (interfaces_delete(db, gateway->interface_id, err) != 0 && err->code != SP_NOT_FOUND)
		return -1;
	*err = (struct sp_error){ 0 };
	return 0;
}

/* Once more is as good as once, as long as it is told of. */
static int mark_deleted(struct ec2_request *request, struct db *db, struct nat_gateway *gateway,
			struct sp_error *err)
{
	if (gateway->deleted_ms > 0)
		return 0;
	gateway->state = NAT_DELETED;
	gateway->deleted_ms = sp_now_ms();
	if (let_go(db, gateway, err) != 0 ||
	    ec2_tags_delete(request->context, db, &ec2_network_interface, gateway->interface_id,
			    err) != 0)
		return -1;
	return nat_gateways_update(db, gateway, err);
}

static int delete_gateway(struct ec2_request *request, struct db *db, void *ctx,
			  struct sp_error *err)
{
	const char *id = ec2_text(request, "NatGatewayId");
	struct nat_gateway gateway;
	(void)ctx;
	if (ec2_id_check(request, &ec2_nat_gateway, id, err) != 0 ||
	    ec2_nat_gateways_forget(request, db, err) != 0)
		return -1;
	if (nat_gateways_find(db, id, &gateway, err) != 0)
		return ec2_not_found(request, &ec2_nat_gateway, id, err);
	int result = mark_deleted(request, db, &gateway, err);
	nat_gateway_finish(&gateway);
	sp_json_set_text(request->output, "natGatewayId", id);
	return result;
}

void ec2_delete_nat_gateway(struct api_call *call)
{
	ec2_write(call, delete_gateway, NULL);
}
