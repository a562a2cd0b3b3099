#include "egress/path.h"

#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/gateway_rules.h"
#include "network/cidr.h"
#include "network/port_ranges.h"
#include "network/verdict.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/tags.h"

static const char configuration_resource[] = "resourceconfiguration/";

void path_finish(struct path *path)
{
	resource_configuration_finish(&path->configuration);
	resource_gateway_finish(&path->gateway);
	free(path->rules);
	free(path->name_servers);
	path_routes_finish(&path->routes);
	*path = (struct path){ 0 };
}

/* ---- the stations of the way ----------------------------------------------------------------------------------- */

/* What every station needs. Each reads its part of @path, notes what it found, or fails with the sentence. */
struct reader {
	struct db *db;
	const char *arn_text;
	struct sp_arn arn;
	uint16_t port;
	struct path *path;
	struct trace *trace;
};

typedef int station_fn(struct reader *reader, struct sp_error *err);

static int read_configuration(struct reader *reader, struct sp_error *err)
{
	struct resource_configuration *configuration = &reader->path->configuration;
	if (!sp_arn_parse(reader->arn_text, &reader->arn) ||
	    !sp_text_starts_with(reader->arn.resource, configuration_resource))
		return sp_fail(err, SP_INVALID,
			       "cannot use \"%s\": this is no ARN of a resource configuration",
			       reader->arn_text);
	const char *id = reader->arn.resource + strlen(configuration_resource);
	struct sp_error why = { 0 };
	if (configurations_find(reader->db, id, configuration, &why) != 0)
		return why.code == SP_NOT_FOUND
			       ? sp_fail(err, SP_NOT_FOUND,
					 "there is no resource configuration \"%s\" any more", id)
			       : sp_fail(err, why.code, "%s", why.message);
	if (configuration->type == CONFIGURATION_GROUP)
		return sp_fail(err, SP_INVALID,
			       "cannot use the resource configuration \"%s\" (%s): it is a GROUP, "
			       "which leads nowhere; use one of its children",
			       configuration->name, configuration->id);
	trace_passed(reader->trace, STEP_CONFIGURATION,
		     json_pack("{s:s, s:s, s:s, s:s}", "Id", configuration->id, "Name",
			       configuration->name, "Target", configuration->target,
			       "ResourceGatewayId", configuration->gateway_id),
		     "\"%s\" (%s) leads to %s through the resource gateway %s", configuration->name,
		     configuration->id, configuration->target, configuration->gateway_id);
	return 0;
}

static int check_port(struct reader *reader, struct sp_error *err)
{
	const struct resource_configuration *configuration = &reader->path->configuration;
	SP_AUTO_BUFFER ranges = { 0 };
	port_ranges_describe(configuration->ports, configuration->port_count, &ranges);
	if (!port_ranges_contain(configuration->ports, configuration->port_count, reader->port))
		return sp_fail(err, SP_DENIED,
			       "cannot connect to %s port %u: the resource configuration \"%s\" "
			       "(%s) permits only %s",
			       configuration->target, reader->port, configuration->name,
			       configuration->id, sp_buffer_text(&ranges));
	trace_passed(reader->trace, STEP_PORT,
		     json_pack("{s:i, s:s}", "Port", reader->port, "PortRanges",
			       sp_buffer_text(&ranges)),
		     "port %u is among the permitted ones (%s)", reader->port,
		     sp_buffer_text(&ranges));
	return 0;
}

static int check_gateway_state(const struct resource_gateway *gateway, struct sp_error *err)
{
	switch (gateway->state) {
	case NETWORK_ACTIVE:
		return 0;
	case NETWORK_IN_PROGRESS:
		return sp_fail(err, SP_CONFLICT,
			       "could not use the resource gateway \"%s\" (%s): its network "
			       "interfaces are still being made",
			       gateway->name, gateway->id);
	case NETWORK_FAILED:
		break;
	}
	return sp_fail(
		err, SP_SYSTEM, "could not use the resource gateway \"%s\" (%s): it failed: %s",
		gateway->name, gateway->id,
		gateway->failure == NULL ? "sallyport-netd gave no reason" : gateway->failure);
}

static int read_name_servers(struct reader *reader, struct sp_error *err)
{
	SP_AUTO_FREE char *arn = sp_arn_format("ec2", reader->arn.region, reader->arn.account,
					       "vpc/%s", reader->path->vpc.id);
	SP_AUTO_FREE char *servers = NULL;
	if (tags_find(reader->db, arn, NETWORK_TAG_DNS, &servers, err) != 0)
		return -1;
	if (servers != NULL && servers[0] != '\0')
		reader->path->name_servers = sp_take_pointer(&servers);
	return 0;
}

static int read_interfaces(struct reader *reader, struct sp_error *err)
{
	struct path *path = reader->path;
	SP_AUTO_FREE struct network_interface *list = NULL;
	size_t count;
	if (interfaces_list(reader->db, NULL, path->gateway.id, &list, &count, err) != 0)
		return -1;
	path->interface_count = count < PATH_INTERFACES_MAX ? count : PATH_INTERFACES_MAX;
	memcpy(path->interfaces, list, path->interface_count * sizeof(*list));
	if (count == 0)
		return sp_fail(err, SP_INTERNAL,
			       "cannot use the resource gateway \"%s\" (%s): it has no network "
			       "interface",
			       path->gateway.name, path->gateway.id);
	return 0;
}

static json_t *gateway_details(const struct path *path)
{
	json_t *groups = json_array();
	for (size_t i = 0; i < path->gateway.group_count; i++)
		json_array_append_new(groups, json_string(path->gateway.group_ids[i]));
	json_t *interfaces = json_array();
	for (size_t i = 0; i < path->interface_count; i++)
		json_array_append_new(interfaces, json_string(path->interfaces[i].id));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "Id", path->gateway.id, "Name",
			 path->gateway.name, "VpcId", path->vpc.id, "Provider",
			 network_provider_name(path->vpc.provider), "NetworkInterfaceIds",
			 interfaces, "SecurityGroupIds", groups, "DnsResolution",
			 path->gateway.resolves_in_vpc ? "IN_VPC" : "PUBLIC");
}

static int read_gateway(struct reader *reader, struct sp_error *err)
{
	struct path *path = reader->path;
	const char *id = path->configuration.gateway_id;
	struct sp_error why = { 0 };
	if (gateways_find(reader->db, id, &path->gateway, &why) != 0)
		return why.code == SP_NOT_FOUND
			       ? sp_fail(err, SP_NOT_FOUND,
					 "there is no resource gateway \"%s\" any more", id)
			       : sp_fail(err, why.code, "%s", why.message);
	if (check_gateway_state(&path->gateway, err) != 0 ||
	    vpcs_find(reader->db, path->gateway.vpc_id, &path->vpc, err) != 0 ||
	    read_interfaces(reader, err) != 0 || read_name_servers(reader, err) != 0 ||
	    gateway_rules_read(reader->db, &path->gateway, &path->rules, &path->rule_count, err) !=
		    0)
		return -1;
	trace_passed(reader->trace, STEP_GATEWAY, gateway_details(path),
		     "\"%s\" (%s) is active in %s with %zu network interface%s", path->gateway.name,
		     path->gateway.id, path->vpc.id, path->interface_count,
		     path->interface_count == 1 ? "" : "s");
	return 0;
}

static int read_routes(struct reader *reader, struct sp_error *err)
{
	struct path *path = reader->path;
	const struct path_routes_reading reading = {
		.db = reader->db,
		.region = reader->arn.region,
		.account = reader->arn.account,
		.vpc = &path->vpc,
		.interfaces = path->interfaces,
		.interface_count = path->interface_count,
	};
	return path_routes_read(&reading, &path->routes, err);
}

static const struct {
	enum failure_step step;
	station_fn *read;
} stations[] = {
	{ STEP_CONFIGURATION, read_configuration },
	{ STEP_PORT, check_port },
	{ STEP_GATEWAY, read_gateway },
	{ STEP_ROUTE, read_routes },
};

int path_read(struct db *db, const char *arn, uint16_t port, struct path *out, struct trace *trace,
	      struct sp_error *err)
{
	struct reader reader = {
		.db = db, .arn_text = arn, .port = port, .path = out, .trace = trace
	};
	*out = (struct path){ 0 };
	for (size_t i = 0; i < SP_COUNT_OF(stations); i++) {
		struct sp_error why = { 0 };
		if (stations[i].read(&reader, &why) == 0)
			continue;
		out->step = stations[i].step;
		trace_failed(trace, out->step, NULL, why.message);
		return sp_fail(err, why.code, "%s", why.message);
	}
	return 0;
}

/* ---- what may leave -------------------------------------------------------------------------------------------- */

static int fail_denied(const struct path *path, const char *to, uint16_t port, struct sp_error *err)
{
	const struct resource_gateway *gateway = &path->gateway;
	SP_AUTO_BUFFER groups = { 0 };
	for (size_t i = 0; i < gateway->group_count; i++)
		sp_buffer_format(&groups, "%s%s", i > 0 ? ", " : "", gateway->group_ids[i]);
	if (gateway->group_count == 0)
		return sp_fail(err, SP_DENIED,
			       "cannot connect to %s port %u: the resource gateway \"%s\" (%s) has "
			       "no security group, so that nothing may leave it",
			       to, port, gateway->name, gateway->id);
	return sp_fail(err, SP_DENIED,
		       "cannot connect to %s port %u: no egress rule of the security group%s %s of "
		       "the resource gateway \"%s\" (%s) allows it",
		       to, port, gateway->group_count == 1 ? "" : "s", sp_buffer_text(&groups),
		       gateway->name, gateway->id);
}

int path_judge(const struct path *path, struct ip_address address, uint16_t port,
	       struct trace *trace, struct sp_error *err)
{
	char to[ADDRESS_TEXT_SIZE], block[CIDR_TEXT_SIZE];
	ip_text(address, to);
	const struct egress_rule *rule =
		egress_verdict(path->rules, path->rule_count, address, port);
	if (rule == NULL) {
		struct sp_error why = { 0 };
		fail_denied(path, to, port, &why);
		trace_failed(trace, STEP_GROUPS, NULL, why.message);
		return sp_fail(err, why.code, "%s", why.message);
	}
	cidr_text(&rule->to, block);
	trace_passed(trace, STEP_GROUPS,
		     json_pack("{s:s, s:s, s:s, s:s, s:i}", "SecurityGroupId", rule->group_id,
			       "SecurityGroupRuleId", rule->rule_id, "AllowedTo", block, "Address",
			       to, "Port", port),
		     "the rule %s of %s allows %s port %u (%s)", rule->rule_id, rule->group_id, to,
		     port, block);
	return 0;
}

/* ---- where it leads -------------------------------------------------------------------------------------------- */

static bool is_loopback(struct ip_address address)
{
	static const struct cidr loopback = { IPV4(0x7f000000), 8 };
	return cidr_contains(&loopback, address) || address.number == 1; /* ::1 */
}

int path_route(const struct path *path, const struct network_interface *from, struct ip_address to,
	       struct way *out, struct sp_error *err)
{
	const struct path_routes *routes = &path->routes;
	const struct way_world world = {
		.vpc = &path->vpc,
		.subnets = routes->subnets,
		.routes = routes->routes,
		.interfaces = routes->interfaces,
		.nats = routes->nats,
		.internet_id = routes->internet_id[0] == '\0' ? NULL : routes->internet_id,
		.subnet_count = routes->subnet_count,
		.route_count = routes->route_count,
		.interface_count = routes->interface_count,
		.nat_count = routes->nat_count,
	};
	*out = (struct way){ 0 };
	if (path->vpc.provider != PROVIDER_NETNS || is_loopback(to) ||
	    path_routes_uplink(routes, from->subnet_id) != NULL)
		return 0;
	return way_find(&world, from->id, to, out, err);
}
