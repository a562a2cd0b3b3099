#include <inttypes.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/lattice/gateway_view.h"
#include "service/lattice/operations.h"
#include "service/lattice/placement.h"
#include "service/lattice/tag.h"
#include "service/lattice/token.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/tags.h"

enum { ADDRESSES_PER_ENI_DEFAULT = 16 };

#define OPERATION     "vpc-lattice CreateResourceGateway"
#define QUOTA_SERVICE "vpc-lattice"
#define QUOTA_CODE    "L-0DCA4434" /* resource gateways per VPC */

struct creation {
	struct resource_gateway gateway;
	struct lattice_placement placement;
};

static int read_input(struct lattice_request *request, struct resource_gateway *out,
		      struct sp_error *err)
{
	const char *address_type = sp_json_string(request->input, "ipAddressType");
	if (lattice_check_name(request, LATTICE_GATEWAY, err) != 0 ||
	    lattice_check_tags(request, err) != 0)
		return -1;
	out->name = sp_strdup(sp_json_string(request->input, "name"));
	if (address_type != NULL)
		address_type_find(address_type, &out->address_type);
	out->state = NETWORK_IN_PROGRESS;
	out->addresses_per_interface = (int)sp_json_integer(request->input, "ipv4AddressesPerEni",
							    ADDRESSES_PER_ENI_DEFAULT);
	out->resolves_in_vpc = sp_text_equal(
		sp_json_string(request->input, "resourceConfigDnsResolution"), "IN_VPC");
	out->created_ms = out->updated_ms = sp_now_ms();
	lattice_draw_id(LATTICE_GATEWAY, out->id);
	return lattice_read_places(request, out, err);
}

static int survey(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct creation *creation = ctx;
	return lattice_check_places(request, db, &creation->gateway, &creation->placement, err);
}

static int answer_made(struct lattice_request *request, const struct resource_gateway *gateway)
{
	json_t *shown = lattice_show_gateway(request->context, gateway, "vpcIdentifier");
	json_object_update(request->output, shown);
	json_decref(shown);
	return 0;
}

/* The token's gateway may be gone since: the request cannot be answered as it was then. */
static int answer_again(struct lattice_request *request, struct db *db, const char *id,
			struct sp_error *err)
{
	struct resource_gateway gateway = { 0 };
	if (gateways_find(db, id, &gateway, err) == 0) {
		answer_made(request, &gateway);
		resource_gateway_finish(&gateway);
		return 0;
	}
	if (err->code != SP_NOT_FOUND)
		return -1;
	return lattice_refuse_conflict(
		request, LATTICE_GATEWAY, id, err,
		"the client token made the resource gateway \"%s\", which was deleted since", id);
}

static int check_room(struct lattice_request *request, struct db *db,
		      const struct resource_gateway *gateway, struct sp_error *err)
{
	int64_t count;
	if (gateways_count(db, gateway->vpc_id, &count, err) != 0)
		return -1;
	if (count < request->context->quotas.gateways_per_vpc)
		return 0;
	sp_fail(err, SP_LIMIT,
		"the VPC \"%s\" has %" PRId64
		" resource gateways, more cannot be made (quota.gateways_per_vpc)",
		gateway->vpc_id, count);
	return lattice_refuse_quota(request, LATTICE_GATEWAY, gateway->name, QUOTA_SERVICE,
				    QUOTA_CODE);
}

static int insert(struct lattice_request *request, struct db *db,
		  const struct resource_gateway *gateway, struct sp_error *err)
{
	if (gateways_insert(db, gateway, err) == 0)
		return 0;
	if (err->code == SP_LIMIT)
		return lattice_refuse_quota(request, LATTICE_GATEWAY, gateway->name, QUOTA_SERVICE,
					    QUOTA_CODE);
	if (err->code == SP_EXISTS)
		return lattice_refuse_conflict(request, LATTICE_GATEWAY, gateway->name, err,
					       "there is a resource gateway named \"%s\" already",
					       gateway->name);
	return -1;
}

static int make(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	struct creation *creation = ctx;
	struct resource_gateway *gateway = &creation->gateway;
	char made_id[NETWORK_ID_SIZE];
	if (lattice_token_look_up(request, db, OPERATION, LATTICE_GATEWAY, made_id, err) != 0)
		return -1;
	if (made_id[0] != '\0')
		return answer_again(request, db, made_id, err);

	/* Looked at again: what was there a moment ago may have gone. */
	SP_AUTO_FREE char *arn = lattice_arn(request->context, LATTICE_GATEWAY, gateway->id);
	if (lattice_check_places(request, db, gateway, &creation->placement, err) != 0 ||
	    lattice_read_groups(request, db, &creation->placement.vpc, gateway, err) != 0 ||
	    check_room(request, db, gateway, err) != 0 || insert(request, db, gateway, err) != 0 ||
	    lattice_make_interfaces(request, db, &creation->placement, gateway, err) != 0 ||
	    lattice_put_tags(request, db, arn, err) != 0 ||
	    lattice_token_note(request, db, OPERATION, gateway->id, err) != 0)
		return -1;
	request->changes_networks = true;
	return answer_made(request, gateway);
}

static int create(struct lattice_request *request, struct creation *creation, struct sp_error *err)
{
	if (read_input(request, &creation->gateway, err) != 0 ||
	    lattice_in_read(request, survey, creation, err) != 0 ||
	    lattice_find_candidates(&creation->placement, &creation->gateway, err) != 0)
		return -1;
	return lattice_in_write(request, make, creation, err);
}

void lattice_create_gateway(struct api_call *call)
{
	struct lattice_request request;
	struct creation creation = { 0 };
	struct sp_error err = { 0 };
	lattice_begin(&request, call);
	int result = create(&request, &creation, &err);
	lattice_placement_finish(&creation.placement);
	resource_gateway_finish(&creation.gateway);
	lattice_end(&request, call, result, &err);
}

/* Without the member nothing is changed; an empty list means the default group, as when it is made. */
static int change_groups(struct lattice_request *request, struct db *db,
			 struct resource_gateway *gateway, struct sp_error *err)
{
	struct vpc vpc;
	if (json_object_get(request->input, "securityGroupIds") == NULL)
		return 0;
	if (vpcs_find(db, gateway->vpc_id, &vpc, err) != 0 ||
	    lattice_read_groups(request, db, &vpc, gateway, err) != 0)
		return -1;
	gateway->updated_ms = sp_now_ms();
	request->changes_networks = request->changes_connections = true;
	return gateways_update(db, gateway, err);
}

static int update(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_gateway gateway = { 0 };
	if (lattice_find_gateway(request, db, &gateway, err) != 0)
		return -1;
	int result = change_groups(request, db, &gateway, err);
	if (result == 0) {
		json_t *shown = lattice_show_gateway(request->context, &gateway, "vpcId");
		json_object_del(shown, "ipv4AddressesPerEni");
		json_object_del(shown, "resourceConfigDnsResolution");
		json_object_update(request->output, shown);
		json_decref(shown);
	}
	resource_gateway_finish(&gateway);
	return result;
}

void lattice_update_gateway(struct api_call *call)
{
	lattice_write(call, update, NULL);
}

/* Tags that EC2's CreateTags put on its network interfaces go with them. */
static int remove_interface_tags(struct lattice_request *request, struct db *db,
				 const char *gateway_id, struct sp_error *err)
{
	const struct service_context *context = request->context;
	SP_AUTO_FREE struct network_interface *interfaces = NULL;
	size_t count;
	if (interfaces_list(db, NULL, gateway_id, &interfaces, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		SP_AUTO_FREE char *arn = sp_arn_format("ec2", context->region, context->account,
						       "network-interface/%s", interfaces[i].id);
		if (tags_remove_all(db, arn, err) != 0)
			return -1;
	}
	return 0;
}

static int take_away(struct lattice_request *request, struct db *db,
		     const struct resource_gateway *gateway, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = lattice_arn(request->context, LATTICE_GATEWAY, gateway->id);
	if (remove_interface_tags(request, db, gateway->id, err) != 0)
		return -1;
	if (gateways_delete(db, gateway->id, err) != 0) {
		if (err->code != SP_EXISTS)
			return -1;
		struct sp_error cause = *err;
		return lattice_refuse_conflict(request, LATTICE_GATEWAY, gateway->id, err, "%s",
					       cause.message);
	}
	if (tags_remove_all(db, arn, err) != 0)
		return -1;
	json_t *head = lattice_gateway_head(request->context, gateway);
	sp_json_set_text(head, "status", "DELETE_IN_PROGRESS");
	json_object_update(request->output, head);
	json_decref(head);
	request->changes_networks = true;
	return 0;
}

static int delete (struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_gateway gateway = { 0 };
	if (lattice_find_gateway(request, db, &gateway, err) != 0)
		return -1;
	int result = take_away(request, db, &gateway, err);
	resource_gateway_finish(&gateway);
	return result;
}

void lattice_delete_gateway(struct api_call *call)
{
	lattice_write(call, delete, NULL);
}
