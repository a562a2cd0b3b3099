#include "service/lattice/gateway_view.h"

#include "base/clock.h"
#include "base/scope.h"
#include "service/lattice/operations.h"
#include "service/lattice/page.h"
#include "store/gateways.h"

static const char *const status_names[] = {
	[NETWORK_IN_PROGRESS] = "CREATE_IN_PROGRESS",
	[NETWORK_ACTIVE] = "ACTIVE",
	[NETWORK_FAILED] = "CREATE_FAILED",
};

static json_t *as_list(const char (*ids)[NETWORK_ID_SIZE], size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(ids[i]));
	return list;
}

json_t *lattice_gateway_head(const struct service_context *context,
			     const struct resource_gateway *gateway)
{
	SP_AUTO_FREE char *arn = lattice_arn(context, LATTICE_GATEWAY, gateway->id);
	return json_pack("{s:s, s:s, s:s, s:s}", "name", gateway->name, "id", gateway->id, "arn",
			 arn, "status", status_names[gateway->state]);
}

json_t *lattice_show_gateway(const struct service_context *context,
			     const struct resource_gateway *gateway, const char *vpc_member)
{
	json_t *out = lattice_gateway_head(context, gateway);
	sp_json_set_text(out, vpc_member, gateway->vpc_id);
	json_object_set_new(out, "subnetIds", as_list(gateway->subnet_ids, gateway->subnet_count));
	json_object_set_new(out, "securityGroupIds",
			    as_list(gateway->group_ids, gateway->group_count));
	sp_json_set_text(out, "ipAddressType", address_type_name(gateway->address_type));
	json_object_set_new(out, "ipv4AddressesPerEni",
			    json_integer(gateway->addresses_per_interface));
	sp_json_set_text(out, "resourceConfigDnsResolution",
			 gateway->resolves_in_vpc ? "IN_VPC" : "PUBLIC");
	return out;
}

void lattice_add_times(json_t *out, int64_t created_ms, int64_t updated_ms)
{
	char created[SP_ISO_TIME_SIZE], updated[SP_ISO_TIME_SIZE];
	sp_time_to_iso(created_ms, created);
	sp_time_to_iso(updated_ms, updated);
	sp_json_set_text(out, "createdAt", created);
	sp_json_set_text(out, "lastUpdatedAt", updated);
}

int lattice_find_gateway(struct lattice_request *request, struct db *db,
			 struct resource_gateway *out, struct sp_error *err)
{
	char id[NETWORK_ID_SIZE];
	if (lattice_read_identifier(request, LATTICE_GATEWAY, "resourceGatewayIdentifier", id,
				    err) != 0)
		return -1;
	if (gateways_find(db, id, out, err) == 0)
		return 0;
	return err->code == SP_NOT_FOUND ? lattice_refuse_missing(request, LATTICE_GATEWAY, id, err)
					 : -1;
}

static int get(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_gateway gateway = { 0 };
	if (lattice_find_gateway(request, db, &gateway, err) != 0)
		return -1;
	json_t *shown = lattice_show_gateway(request->context, &gateway, "vpcId");
	json_object_set_new(shown, "serviceManaged", json_false());
	lattice_add_times(shown, gateway.created_ms, gateway.updated_ms);
	/* AWS has no member for it; clients pass over what they do not know. */
	sp_json_set_text(shown, "failureReason", gateway.failure);
	json_object_update(request->output, shown);
	json_decref(shown);
	resource_gateway_finish(&gateway);
	return 0;
}

static int list(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_gateway *gateways = NULL;
	size_t count = 0;
	struct lattice_page page;
	if (gateways_list(db, &gateways, &count, err) != 0)
		return -1;
	int result = lattice_page_begin(request, "resource gateways", &page, err);
	for (size_t i = 0; i < count && result == 0; i++) {
		if (!lattice_page_wants(&page, gateways[i].id))
			continue;
		json_t *item =
			lattice_show_gateway(request->context, &gateways[i], "vpcIdentifier");
		lattice_add_times(item, gateways[i].created_ms, gateways[i].updated_ms);
		lattice_page_add(&page, item);
	}
	if (result == 0)
		lattice_page_end(&page, request);
	gateways_free(gateways, count);
	return result;
}

void lattice_get_gateway(struct api_call *call)
{
	lattice_read(call, get, NULL);
}

void lattice_list_gateways(struct api_call *call)
{
	lattice_read(call, list, NULL);
}
