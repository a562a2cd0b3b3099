#include "service/ec2/internet_gateway.h"

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/ec2/describe.h"
#include "service/ec2/operations.h"
#include "service/ec2/tags.h"
#include "store/gateways.h"
#include "store/routing.h"

/* ---- describing ----------------------------------------------------------------------------------------------------- */

static json_t *show(const struct service_context *context, const struct internet_gateway *gateway)
{
	json_t *shown = json_pack("{s:s, s:s, s:[]}", "internetGatewayId", gateway->id, "ownerId",
				  context->account, "attachmentSet");
	if (gateway->vpc_id[0] != '\0')
		json_array_append_new(
			json_object_get(shown, "attachmentSet"),
			json_pack("{s:s, s:s}", "vpcId", gateway->vpc_id, "state", "available"));
	return shown;
}

static int list(struct ec2_view *view, struct db *db, struct sp_error *err)
{
	SP_AUTO_FREE struct internet_gateway *gateways = NULL;
	size_t count;
	if (internet_gateways_list(db, &gateways, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (ec2_view_wants(view, gateways[i].id) &&
		    ec2_view_add(view, db, gateways[i].id,
				 show(view->request->context, &gateways[i]), err) != 0)
			return -1;
	return 0;
}

static const struct ec2_filter filters[] = {
	{ "attachment.state", "attachmentSet.state" },
	{ "attachment.vpc-id", "attachmentSet.vpcId" },
	{ "internet-gateway-id", "internetGatewayId" },
	{ "owner-id", "ownerId" },
	EC2_TAG_FILTERS,
	{ 0 },
};

const struct ec2_kind ec2_internet_gateway = {
	.type = "internet-gateway",
	.id_prefix = "igw-",
	.malformed = "InvalidInternetGatewayId.Malformed",
	.selectors = { { "InternetGatewayId", "internetGatewayId",
			 "InvalidInternetGatewayID.NotFound", "internetGateway ID" } },
	.set = "internetGatewaySet",
	.page_min = 5,
	.page_max = 1000,
	.filters = filters,
	.list = list,
};

void ec2_describe_internet_gateways(struct api_call *call)
{
	ec2_describe(call, &ec2_internet_gateway);
}

/* ---- making and deleting -------------------------------------------------------------------------------------------- */

static int create(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct internet_gateway gateway = { .created_ms = sp_now_ms() };
	json_t *shown;
	(void)ctx;
	ec2_id_draw(ec2_internet_gateway.id_prefix, gateway.id);
	if (internet_gateways_insert(db, &gateway, err) != 0) {
		if (err->code == SP_LIMIT)
			request->code = "InternetGatewayLimitExceeded";
		return -1;
	}
	if (ec2_tags_create(request, db, &ec2_internet_gateway, gateway.id, err) != 0 ||
	    ec2_show(request, db, &ec2_internet_gateway, gateway.id, &shown, err) != 0)
		return -1;
	json_object_set_new(request->output, "internetGateway", shown);
	return 0;
}

void ec2_create_internet_gateway(struct api_call *call)
{
	ec2_write(call, create, NULL);
}

static int find(struct ec2_request *request, struct db *db, struct internet_gateway *out,
		struct sp_error *err)
{
	const char *id = ec2_text(request, "InternetGatewayId");
	if (ec2_id_check(request, &ec2_internet_gateway, id, err) != 0)
		return -1;
	return internet_gateways_find(db, id, out, err) == 0
		       ? 0
		       : ec2_not_found(request, &ec2_internet_gateway, id, err);
}

static int delete_gateway(struct ec2_request *request, struct db *db, void *ctx,
			  struct sp_error *err)
{
	struct internet_gateway gateway;
	(void)ctx;
	if (find(request, db, &gateway, err) != 0)
		return -1;
	if (gateway.vpc_id[0] != '\0')
		return ec2_refuse(
			request, err, EC2_DEPENDENCY_VIOLATION,
			"The internetGateway '%s' has dependencies and cannot be deleted: "
			"it is attached to %s",
			gateway.id, gateway.vpc_id);
	if (internet_gateways_delete(db, gateway.id, err) != 0)
		return -1;
	return ec2_tags_delete(request->context, db, &ec2_internet_gateway, gateway.id, err);
}

void ec2_delete_internet_gateway(struct api_call *call)
{
	ec2_write(call, delete_gateway, NULL);
}

/* ---- attaching ------------------------------------------------------------------------------------------------------ */

int ec2_internet_is_attached(struct db *db, const char *vpc_id, bool *out, struct sp_error *err)
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

/* With an uplink what leaves the VPC goes to the next hop on it. */
static int check_uplink(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			const char *uplink, struct sp_error *err)
{
	SP_AUTO_FREE char *router = NULL;
	if (ec2_tag_find(request->context, db, &ec2_vpc, vpc->id, NETWORK_TAG_ROUTER, &router,
			 err) != 0)
		return -1;
	if (router != NULL)
		return 0;
	return ec2_refuse(
		request, err, EC2_UNSUPPORTED_OPERATION,
		"Network %s cannot have an internet gateway: it has the tag " NETWORK_TAG_UPLINK
		"=%.64s, but no tag " NETWORK_TAG_ROUTER
		" that says which address is the next hop there",
		vpc->id, uplink);
}

/* Whether there is anything that an internet gateway of the VPC could lead to. */
static int check_way_out(struct ec2_request *request, struct db *db, const struct vpc *vpc,
			 struct sp_error *err)
{
	SP_AUTO_FREE char *uplink = NULL;
	if (vpc->provider == PROVIDER_HOST)
		return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
				  "Network %s cannot have an internet gateway: it is made of this "
				  "host's own interfaces, whose routes the host decides",
				  vpc->id);
	if (ec2_tag_find(request->context, db, &ec2_vpc, vpc->id, NETWORK_TAG_UPLINK, &uplink,
			 err) != 0)
		return -1;
	if (uplink != NULL)
		return check_uplink(request, db, vpc, uplink, err);
	if (request->context->internet)
		return 0;
	return ec2_refuse(request, err, EC2_UNSUPPORTED_OPERATION,
			  "Network %s cannot have an internet gateway, which would lead nowhere: "
			  "either give the network the tags " NETWORK_TAG_UPLINK
			  " and " NETWORK_TAG_ROUTER
			  ", a real interface and the next hop on it, or let "
			  "it go through this host with the setting network.internet",
			  vpc->id);
}

static int attach(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct internet_gateway gateway;
	struct vpc vpc;
	(void)ctx;
	if (find(request, db, &gateway, err) != 0 ||
	    ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	if (gateway.vpc_id[0] != '\0')
		return ec2_refuse(request, err, "Resource.AlreadyAssociated",
				  "resource %s is already attached to network %s", gateway.id,
				  gateway.vpc_id);
	if (check_way_out(request, db, &vpc, err) != 0)
		return -1;
	memcpy(gateway.vpc_id, vpc.id, sizeof(gateway.vpc_id));
	if (internet_gateways_update(db, &gateway, err) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return ec2_refuse(request, err, EC2_INVALID_VALUE,
				  "Network %s already has an internet gateway attached", vpc.id);
	return -1;
}

void ec2_attach_internet_gateway(struct api_call *call)
{
	ec2_write(call, attach, NULL);
}

/* Public addresses would lead nowhere. */
static int check_no_public_address(struct ec2_request *request, struct db *db, const char *vpc_id,
				   struct sp_error *err)
{
	SP_AUTO_FREE struct elastic_address *addresses = NULL;
	size_t count;
	if (elastic_addresses_list(db, &addresses, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct network_interface interface;
		if (addresses[i].association_id[0] == '\0')
			continue;
		if (interfaces_find(db, addresses[i].interface_id, &interface, err) != 0)
			return -1;
		if (strcmp(interface.vpc_id, vpc_id) == 0)
			return ec2_refuse(request, err, EC2_DEPENDENCY_VIOLATION,
					  "Network %s has some mapped public address(es). Please "
					  "unmap those public address(es) before detaching the "
					  "gateway: %s has %s",
					  vpc_id, interface.owner_id, addresses[i].address);
	}
	return 0;
}

static int detach(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct internet_gateway gateway;
	struct vpc vpc;
	(void)ctx;
	if (find(request, db, &gateway, err) != 0 ||
	    ec2_find_vpc(request, db, "VpcId", &vpc, err) != 0)
		return -1;
	if (strcmp(gateway.vpc_id, vpc.id) != 0)
		return ec2_refuse(request, err, "Gateway.NotAttached",
				  "resource %s is not attached to network %s", gateway.id, vpc.id);
	if (check_no_public_address(request, db, vpc.id, err) != 0)
		return -1;
	gateway.vpc_id[0] = '\0';
	return internet_gateways_update(db, &gateway, err);
}

void ec2_detach_internet_gateway(struct api_call *call)
{
	ec2_write(call, detach, NULL);
}
