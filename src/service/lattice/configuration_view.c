#include "service/lattice/configuration_view.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "network/port_ranges.h"
#include "service/lattice/gateway_view.h"
#include "service/lattice/operations.h"
#include "service/lattice/page.h"
#include "store/gateways.h"

/* What lists have, too. */
static json_t *show_head(const struct service_context *context,
			 const struct resource_configuration *configuration)
{
	SP_AUTO_FREE char *arn = lattice_arn(context, LATTICE_CONFIGURATION, configuration->id);
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", configuration->id, "name",
				configuration->name, "arn", arn, "resourceGatewayId",
				configuration->gateway_id, "type",
				configuration_type_name(configuration->type), "status", "ACTIVE");
	if (configuration->group_id[0] != '\0')
		sp_json_set_text(out, "resourceConfigurationGroupId", configuration->group_id);
	sp_json_set_text(out, "groupDomain", configuration->group_domain);
	sp_json_set_text(out, "customDomainName", configuration->custom_domain);
	return out;
}

/* A single port as it is asked for: "22", not "22-22". */
static json_t *show_ports(const struct resource_configuration *configuration)
{
	json_t *list = json_array();
	for (size_t i = 0; i < configuration->port_count; i++) {
		SP_AUTO_BUFFER text = { 0 };
		port_ranges_describe(&configuration->ports[i], 1, &text);
		json_array_append_new(list, json_string(sp_buffer_text(&text)));
	}
	return list;
}

json_t *lattice_show_configuration(const struct service_context *context,
				   const struct resource_configuration *configuration)
{
	json_t *out = show_head(context, configuration);
	json_object_set_new(out, "portRanges", show_ports(configuration));
	sp_json_set_text(out, "protocol", "TCP");
	json_object_set_new(out, "allowAssociationToShareableServiceNetwork",
			    json_boolean(configuration->allow_association));
	if (configuration->type == CONFIGURATION_GROUP)
		return out;
	json_object_set_new(
		out, "resourceConfigurationDefinition",
		configuration->is_name
			? json_pack("{s:{s:s, s:s}}", "dnsResource", "domainName",
				    configuration->target, "ipAddressType",
				    address_type_name(configuration->name_type))
			: json_pack("{s:{s:s}}", "ipResource", "ipAddress", configuration->target));
	return out;
}

static int find_by(struct lattice_request *request, struct db *db, const char *field,
		   struct resource_configuration *out, struct sp_error *err)
{
	char id[NETWORK_ID_SIZE];
	if (lattice_read_identifier(request, LATTICE_CONFIGURATION, field, id, err) != 0)
		return -1;
	if (configurations_find(db, id, out, err) == 0)
		return 0;
	return err->code == SP_NOT_FOUND
		       ? lattice_refuse_missing(request, LATTICE_CONFIGURATION, id, err)
		       : -1;
}

int lattice_find_configuration(struct lattice_request *request, struct db *db,
			       struct resource_configuration *out, struct sp_error *err)
{
	return find_by(request, db, "resourceConfigurationIdentifier", out, err);
}

int lattice_find_group(struct lattice_request *request, struct db *db,
		       struct resource_configuration *out, struct sp_error *err)
{
	return find_by(request, db, "resourceConfigurationGroupIdentifier", out, err);
}

static int get(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	struct resource_configuration configuration = { 0 };
	if (lattice_find_configuration(request, db, &configuration, err) != 0)
		return -1;
	json_t *shown = lattice_show_configuration(request->context, &configuration);
	json_object_set_new(shown, "amazonManaged", json_false());
	lattice_add_times(shown, configuration.created_ms, configuration.updated_ms);
	json_object_update(request->output, shown);
	json_decref(shown);
	resource_configuration_finish(&configuration);
	return 0;
}

/* @group_id NULL: of any, and of none. */
static int list_page(struct lattice_request *request, struct db *db, const char *gateway_id,
		     const char *group_id, struct lattice_page *page, struct sp_error *err)
{
	struct resource_configuration *found = NULL;
	size_t count = 0;
	if (configurations_list(db, gateway_id, &found, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if ((group_id != NULL && strcmp(found[i].group_id, group_id) != 0) ||
		    !lattice_page_wants(page, found[i].id))
			continue;
		json_t *item = show_head(request->context, &found[i]);
		json_object_set_new(item, "amazonManaged", json_false());
		lattice_add_times(item, found[i].created_ms, found[i].updated_ms);
		lattice_page_add(page, item);
	}
	configurations_free(found, count);
	return 0;
}

/* An optional filter; "" without it. */
static int read_filter(struct lattice_request *request, enum lattice_resource resource,
		       const char *field, char out[NETWORK_ID_SIZE], struct sp_error *err)
{
	out[0] = '\0';
	return json_object_get(request->input, field) == NULL
		       ? 0
		       : lattice_read_identifier(request, resource, field, out, err);
}

/* Nothing here has a verified domain: who asks for those of one gets none. */
static int list(struct lattice_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	(void)ctx;
	bool none = json_object_get(request->input, "domainVerificationIdentifier") != NULL;
	char gateway_id[NETWORK_ID_SIZE], group_id[NETWORK_ID_SIZE], name[160];
	struct lattice_page page;
	if (read_filter(request, LATTICE_GATEWAY, "resourceGatewayIdentifier", gateway_id, err) !=
		    0 ||
	    read_filter(request, LATTICE_CONFIGURATION, "resourceConfigurationGroupIdentifier",
			group_id, err) != 0)
		return -1;
	snprintf(name, sizeof(name), "resource configurations of %s and %s", gateway_id, group_id);
	if (lattice_page_begin(request, name, &page, err) != 0)
		return -1;
	int result = none ? 0
			  : list_page(request, db, gateway_id[0] != '\0' ? gateway_id : NULL,
				      group_id[0] != '\0' ? group_id : NULL, &page, err);
	lattice_page_end(&page, request);
	return result;
}

/* Connectors are no VPC endpoints, and there is nothing else that could be associated. */
static int list_none(struct lattice_request *request, struct db *db, void *ctx,
		     struct sp_error *err)
{
	(void)ctx;
	(void)db;
	char id[NETWORK_ID_SIZE];
	struct lattice_page page;
	if (lattice_read_identifier(request, LATTICE_CONFIGURATION,
				    "resourceConfigurationIdentifier", id, err) != 0 ||
	    lattice_page_begin(request, "resource endpoint associations", &page, err) != 0)
		return -1;
	lattice_page_end(&page, request);
	return 0;
}

void lattice_get_configuration(struct api_call *call)
{
	lattice_read(call, get, NULL);
}

void lattice_list_configurations(struct api_call *call)
{
	lattice_read(call, list, NULL);
}

void lattice_list_associations(struct api_call *call)
{
	lattice_read(call, list_none, NULL);
}
