#include "egress/path_routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "network/cidr.h"
#include "network/tag_values.h"
#include "store/gateways.h"
#include "store/routing.h"
#include "store/tags.h"

void path_routes_finish(struct path_routes *routes)
{
	for (size_t i = 0; i < routes->nat_count; i++)
		nat_gateway_finish(&routes->nats[i]);
	free(routes->subnets);
	free(routes->routes);
	free(routes->interfaces);
	free(routes->nats);
	*routes = (struct path_routes){ 0 };
}

const char *path_routes_uplink(const struct path_routes *routes, const char *subnet_id)
{
	for (size_t i = 0; i < routes->uplink_count; i++)
		if (strcmp(routes->uplinks[i].subnet_id, subnet_id) == 0)
			return routes->uplinks[i].interface;
	return NULL;
}

/* What is not there any more is no failure: a route leads to it all the same. */
static int forgive_absence(const struct sp_error *why, struct sp_error *err)
{
	return why->code == SP_NOT_FOUND ? 0 : sp_fail(err, why->code, "%s", why->message);
}

/* ---- tags ------------------------------------------------------------------------------------------------------ */

/* The value of a tag, owned by the caller; NULL: it has none. */
static int read_tag(const struct path_routes_reading *reading, const char *type, const char *id,
		    const char *key, char **out, struct sp_error *err)
{
	SP_AUTO_FREE char *arn =
		sp_arn_format("ec2", reading->region, reading->account, "%s/%s", type, id);
	return tags_find(reading->db, arn, key, out, err);
}

static int read_uplinks(const struct path_routes_reading *reading, struct path_routes *out,
			struct sp_error *err)
{
	for (size_t i = 0; i < reading->interface_count; i++) {
		const char *subnet_id = reading->interfaces[i].subnet_id;
		SP_AUTO_FREE char *value = NULL;
		if (path_routes_uplink(out, subnet_id) != NULL)
			continue;
		if (read_tag(reading, "subnet", subnet_id, NETWORK_TAG_UPLINK, &value, err) != 0)
			return -1;
		if (value == NULL || out->uplink_count == SP_COUNT_OF(out->uplinks))
			continue;
		struct path_uplink *uplink = &out->uplinks[out->uplink_count++];
		snprintf(uplink->subnet_id, sizeof(uplink->subnet_id), "%s", subnet_id);
		snprintf(uplink->interface, sizeof(uplink->interface), "%s", value);
	}
	return 0;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static int read_subnets(const struct path_routes_reading *reading, struct path_routes *out,
			struct sp_error *err)
{
	SP_AUTO_FREE struct subnet *rows = NULL;
	size_t count;
	if (subnets_list(reading->db, reading->vpc->id, &rows, &count, err) != 0)
		return -1;
	out->subnets = sp_alloc((count + 1) * sizeof(*out->subnets));
	for (size_t i = 0; i < count; i++) {
		struct way_subnet *subnet = &out->subnets[out->subnet_count++];
		memcpy(subnet->id, rows[i].id, sizeof(subnet->id));
		memcpy(subnet->table_id, reading->vpc->main_route_table_id,
		       sizeof(subnet->table_id));
		if (!cidr_parse(rows[i].cidr, &subnet->cidr, NULL) ||
		    !cidr_parse_optional(rows[i].cidr6, &subnet->cidr6))
			return sp_fail(err, SP_INTERNAL,
				       "cannot use %s with the blocks \"%s\" and \"%s\"",
				       rows[i].id, rows[i].cidr, rows[i].cidr6);
	}
	return 0;
}

static int read_associations(const struct path_routes_reading *reading, const char *table_id,
			     struct path_routes *out, struct sp_error *err)
{
	SP_AUTO_FREE struct route_association *rows = NULL;
	size_t count;
	if (route_associations_list(reading->db, table_id, &rows, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < out->subnet_count; j++)
			if (strcmp(out->subnets[j].id, rows[i].subnet_id) == 0)
				memcpy(out->subnets[j].table_id, table_id, NETWORK_ID_SIZE);
	return 0;
}

static int read_table(const struct path_routes_reading *reading, const char *table_id,
		      struct path_routes *out, struct sp_error *err)
{
	SP_AUTO_FREE struct route *rows = NULL;
	size_t count;
	if (read_associations(reading, table_id, out, err) != 0 ||
	    routes_list(reading->db, table_id, &rows, &count, err) != 0)
		return -1;
	out->routes = sp_realloc(out->routes, (out->route_count + count + 1) * sizeof(*rows));
	memcpy(&out->routes[out->route_count], rows, count * sizeof(*rows));
	out->route_count += count;
	return 0;
}

static int read_tables(const struct path_routes_reading *reading, struct path_routes *out,
		       struct sp_error *err)
{
	SP_AUTO_FREE struct route_table *tables = NULL;
	size_t count;
	if (route_tables_list(reading->db, reading->vpc->id, &tables, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (read_table(reading, tables[i].id, out, err) != 0)
			return -1;
	return 0;
}

/* ---- what routes lead to --------------------------------------------------------------------------------------- */

static bool has_interface(const struct path_routes *routes, const char *id)
{
	for (size_t i = 0; i < routes->interface_count; i++)
		if (strcmp(routes->interfaces[i].row.id, id) == 0)
			return true;
	return false;
}

static bool has_nat(const struct path_routes *routes, const char *id)
{
	for (size_t i = 0; i < routes->nat_count; i++)
		if (strcmp(routes->nats[i].id, id) == 0)
			return true;
	return false;
}

static int read_public_address(const struct path_routes_reading *reading,
			       struct way_interface *interface, struct sp_error *err)
{
	struct elastic_address address;
	struct sp_error why = { 0 };
	if (elastic_addresses_find_of(reading->db, interface->row.id, &address, &why) != 0)
		return forgive_absence(&why, err);
	memcpy(interface->public_address, address.address, sizeof(interface->public_address));
	memcpy(interface->allocation_id, address.id, sizeof(interface->allocation_id));
	return 0;
}

static int read_external(const struct path_routes_reading *reading, struct way_interface *interface,
			 struct sp_error *err)
{
	SP_AUTO_FREE char *value = NULL;
	if (interface->row.kind != INTERFACE_OF_USER)
		return 0;
	if (read_tag(reading, "network-interface", interface->row.id, NETWORK_TAG_EXTERNAL, &value,
		     err) != 0)
		return -1;
	if (value != NULL)
		tag_value_flag(value, &interface->is_external);
	return 0;
}

static int add_interface(const struct path_routes_reading *reading,
			 const struct network_interface *row, struct path_routes *out,
			 struct sp_error *err)
{
	out->interfaces =
		sp_realloc(out->interfaces, (out->interface_count + 1) * sizeof(*out->interfaces));
	struct way_interface *interface = &out->interfaces[out->interface_count++];
	*interface = (struct way_interface){ .row = *row };
	return read_public_address(reading, interface, err) != 0 ||
			       read_external(reading, interface, err) != 0
		       ? -1
		       : 0;
}

static int find_interface(const struct path_routes_reading *reading, const char *id,
			  struct path_routes *out, struct sp_error *err)
{
	struct network_interface row;
	struct sp_error why = { 0 };
	if (has_interface(out, id))
		return 0;
	if (interfaces_find(reading->db, id, &row, &why) != 0)
		return forgive_absence(&why, err);
	return add_interface(reading, &row, out, err);
}

static int find_nat(const struct path_routes_reading *reading, const char *id,
		    struct path_routes *out, struct sp_error *err)
{
	struct nat_gateway row;
	struct sp_error why = { 0 };
	if (has_nat(out, id))
		return 0;
	if (nat_gateways_find(reading->db, id, &row, &why) != 0)
		return forgive_absence(&why, err);
	out->nats = sp_realloc(out->nats, (out->nat_count + 1) * sizeof(*out->nats));
	out->nats[out->nat_count++] = row;
	return find_interface(reading, row.interface_id, out, err);
}

static int find_target(const struct path_routes_reading *reading, const struct route *route,
		       struct path_routes *out, struct sp_error *err)
{
	switch (route->target) {
	case ROUTE_NAT_GATEWAY:
		return find_nat(reading, route->target_id, out, err);
	case ROUTE_INTERFACE:
		return find_interface(reading, route->target_id, out, err);
	case ROUTE_INTERNET_GATEWAY:
	case ROUTE_LOCAL:
		return 0;
	}
	return 0;
}

static int find_targets(const struct path_routes_reading *reading, struct path_routes *out,
			struct sp_error *err)
{
	for (size_t i = 0; i < reading->interface_count; i++)
		if (add_interface(reading, &reading->interfaces[i], out, err) != 0)
			return -1;
	for (size_t i = 0; i < out->route_count; i++)
		if (find_target(reading, &out->routes[i], out, err) != 0)
			return -1;
	/* A route may name the network interface of a NAT gateway; that one's is there already, so none is added here. */
	for (size_t i = 0; i < out->interface_count; i++)
		if (out->interfaces[i].row.kind == INTERFACE_OF_NAT &&
		    find_nat(reading, out->interfaces[i].row.owner_id, out, err) != 0)
			return -1;
	return 0;
}

static int read_internet(const struct path_routes_reading *reading, struct path_routes *out,
			 struct sp_error *err)
{
	SP_AUTO_FREE struct internet_gateway *rows = NULL;
	size_t count;
	if (internet_gateways_list(reading->db, &rows, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].vpc_id, reading->vpc->id) == 0)
			memcpy(out->internet_id, rows[i].id, sizeof(out->internet_id));
	return 0;
}

int path_routes_read(const struct path_routes_reading *reading, struct path_routes *out,
		     struct sp_error *err)
{
	*out = (struct path_routes){ 0 };
	if (reading->vpc->provider != PROVIDER_NETNS)
		return 0;
	if (read_uplinks(reading, out, err) != 0 || read_subnets(reading, out, err) != 0 ||
	    read_tables(reading, out, err) != 0 || find_targets(reading, out, err) != 0 ||
	    read_internet(reading, out, err) != 0)
		return sp_wrap(err, "could not read the routes of %s", reading->vpc->id);
	return 0;
}
