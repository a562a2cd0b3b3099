#include "base/scope.h"
#include "service/tag_list.h"
#include "service/transfer/answer.h"
#include "service/transfer/operations.h"
#include "store/connectors.h"

static const char list_name[] = "connectors";

struct description {
	const char *id, *arn;
	struct connector connector;
	json_t *tags;
};

static int read_description(struct db *db, void *ctx, struct sp_error *err)
{
	struct description *description = ctx;
	if (connectors_find(db, description->id, &description->connector, err) != 0)
		return -1;
	return tag_list_read_all(db, description->arn, &description->tags, err);
}

static json_t *sftp_config(const struct connector *connector)
{
	json_t *config = json_object();
	sp_json_set_text(config, "UserSecretId", connector->user_secret_id);
	json_object_set_new(config, "MaxConcurrentConnections",
			    json_integer(connector->max_connections));
	json_t *stages = json_array();
	for (size_t i = 0; i < connector->secret_stage_count; i++)
		json_array_append_new(stages, json_string(connector->secret_stages[i]));
	if (connector->secret_stage_count > 0)
		json_object_set(config, "OrderedUserSecretVersionStages", stages);
	json_decref(stages);
	json_t *keys = json_array();
	for (size_t i = 0; i < connector->trusted_key_count; i++)
		json_array_append_new(keys, json_string(connector->trusted_keys[i]));
	if (connector->trusted_key_count > 0)
		json_object_set(config, "TrustedHostKeys", keys);
	json_decref(keys);
	return config;
}

static void add_source_addresses(json_t *out, const struct egress *egress)
{
	size_t count = egress_source_count(egress);
	if (count == 0)
		return;
	json_t *addresses = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(addresses, json_string(egress_source_at(egress, i)));
	json_object_set_new(out, "ServiceManagedEgressIpAddresses", addresses);
}

static json_t *egress_config(const struct connector *connector)
{
	json_t *lattice =
		json_pack("{s:s}", "ResourceConfigurationArn", connector->configuration_arn);
	/* Whoever left the port out does not want to see one: tools would call it a difference. */
	if (connector->port != 0)
		json_object_set_new(lattice, "PortNumber", json_integer(connector->port));
	return json_pack("{s:o}", "VpcLattice", lattice);
}

static void add_egress(json_t *out, const struct connector *connector, const struct egress *egress)
{
	if (connector->configuration_arn == NULL) {
		sp_json_set_text(out, "EgressType", "SERVICE_MANAGED");
		add_source_addresses(out, egress);
		return;
	}
	sp_json_set_text(out, "EgressType", "VPC_LATTICE");
	json_object_set_new(out, "EgressConfig", egress_config(connector));
	sp_json_set_text(out, "ErrorMessage", connector->failure);
}

void transfer_describe_connector(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	const char *id = sp_json_string(api_input(call), "ConnectorId");
	SP_AUTO_FREE char *arn = answer_connector_arn(context, id);
	struct description found = { .id = id, .arn = arn };
	struct sp_error err = { 0 };
	if (store_read(context->store, read_description, &found, &err) != 0) {
		connector_finish(&found.connector);
		if (err.code == SP_NOT_FOUND)
			answer_no_connector(call, id);
		else
			answer_error(call, &err);
		return;
	}

	json_t *out = json_pack("{s:s, s:s, s:s, s:s}", "Arn", arn, "ConnectorId", id, "Status",
				connector_state_name(found.connector.state), "IpAddressType",
				found.connector.dual_stack ? "DUALSTACK" : "IPV4");
	sp_json_set_text(out, "Url", found.connector.url);
	sp_json_set_text(out, "AccessRole", found.connector.access_role);
	sp_json_set_text(out, "LoggingRole", found.connector.logging_role);
	sp_json_set_text(out, "SecurityPolicyName", found.connector.security_policy);
	json_object_set_new(out, "SftpConfig", sftp_config(&found.connector));
	json_object_set_new(out, "Tags", found.tags);
	add_egress(out, &found.connector, context->egress);
	connector_finish(&found.connector);
	api_reply(call, json_pack("{s:o}", "Connector", out));
}

struct page {
	const char *after;
	struct connector *connectors;
	size_t room, count;
};

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	return connectors_list(db, page->after, page->connectors, page->room, &page->count, err);
}

void transfer_list_connectors(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	size_t max = answer_page_size(call);
	SP_AUTO_FREE char *after = NULL;
	if (answer_page_start(call, list_name, INVALID_NEXT_TOKEN, &after) != 0)
		return;

	/* One more than is answered tells whether there is another page. */
	SP_AUTO_FREE struct connector *connectors = sp_alloc((max + 1) * sizeof(*connectors));
	struct page page = { .after = after, .connectors = connectors, .room = max + 1 };
	struct sp_error err = { 0 };
	if (store_read(context->store, read_page, &page, &err) != 0) {
		answer_error(call, &err);
		return;
	}
	json_t *output = json_object();
	json_t *list = json_array();
	if (page.count > max)
		answer_next_token(context, output, list_name, connectors[max - 1].id);
	for (size_t i = 0; i < page.count; i++) {
		SP_AUTO_FREE char *arn = answer_connector_arn(context, connectors[i].id);
		json_t *item = json_pack("{s:s, s:s}", "Arn", arn, "ConnectorId", connectors[i].id);
		sp_json_set_text(item, "Url", connectors[i].url);
		if (i < max)
			json_array_append(list, item);
		json_decref(item);
		connector_finish(&connectors[i]);
	}
	json_object_set_new(output, "Connectors", list);
	api_reply(call, output);
}
