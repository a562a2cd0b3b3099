#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "egress/wanted_inside.h"
#include "network/cidr.h"
#include "store/routing.h"

static bool is_netns(const struct wanted *wanted, size_t vpc)
{
	return vpc != WANTED_NONE && wanted->vpcs[vpc].row.provider == PROVIDER_NETNS;
}

/* ---- internet gateways ----------------------------------------------------------------------------------------- */

static void check_internet(const struct wanted_reading *reading, struct wanted_internet *internet)
{
	const struct wanted_vpc *vpc = &reading->wanted->vpcs[internet->vpc];
	internet->refusal = sp_strdup(vpc->way_out.refusal);
	if (vpc->way_out.uplink[0] == '\0' && !reading->options->internet)
		wanted_refuse(
			&internet->refusal,
			"cannot lead %s of %s anywhere: the VPC has no tag " NETWORK_TAG_UPLINK
			", which names an interface that leads to the internet, and the "
			"setting network.internet, which would lead it to this host, is off",
			internet->row.id, vpc->row.id);
}

/* What leads there would be taken from this host. Others go by the same internet gateway, so it is only this one that fails:
 * a NAT gateway, which is good for nothing else; an appliance may have more to do. */
static void refuse_own(struct wanted_eni *eni, const char *address)
{
	if (eni->nat != WANTED_NONE)
		wanted_refuse(&eni->refusal, HOSTS_OWN_ADDRESS, address);
}

/* An interface as the world sees it. Where the subnet is on a real interface, the VPC's router never meets it. */
static void add_mapping(const struct wanted_reading *reading, const struct elastic_address *address)
{
	struct wanted *wanted = reading->wanted;
	const struct wanted_options *options = reading->options;
	size_t at = WANTED_FIND(wanted->enis, wanted->eni_count, address->interface_id);
	struct wanted_eni *eni = at == WANTED_NONE ? NULL : &wanted->enis[at];
	struct netd_mapping mapping;
	if (eni == NULL || wanted->subnets[eni->subnet].uplink[0] != '\0' ||
	    !ip_parse_v4(address->address, &mapping.public_address))
		return;
	if (host_addresses_own(options->own, options->own_count, mapping.public_address)) {
		refuse_own(eni, address->address);
		return;
	}
	size_t index = wanted->vpcs[wanted->subnets[eni->subnet].vpc].internet;
	if (index == WANTED_NONE)
		return;
	struct wanted_internet *internet = &wanted->internets[index];
	mapping.private_address = eni->address;
	internet->mappings =
		sp_realloc(internet->mappings, (internet->mapping_count + 1) * sizeof(mapping));
	internet->mappings[internet->mapping_count++] = mapping;
}

static int read_mappings(const struct wanted_reading *reading)
{
	SP_AUTO_FREE struct elastic_address *rows = NULL;
	size_t count;
	if (elastic_addresses_list(reading->db, &rows, &count, reading->err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (rows[i].association_id[0] != '\0')
			add_mapping(reading, &rows[i]);
	return 0;
}

int wanted_read_internets(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct internet_gateway *rows = NULL;
	size_t count;
	for (size_t i = 0; i < wanted->vpc_count; i++)
		wanted->vpcs[i].internet = WANTED_NONE;
	if (internet_gateways_list(reading->db, &rows, &count, reading->err) != 0)
		return -1;
	wanted->internets = sp_alloc((count + 1) * sizeof(*wanted->internets));
	for (size_t i = 0; i < count; i++) {
		size_t vpc = WANTED_FIND(wanted->vpcs, wanted->vpc_count, rows[i].vpc_id);
		if (!is_netns(wanted, vpc))
			continue;
		struct wanted_internet *internet = &wanted->internets[wanted->internet_count];
		internet->row = rows[i];
		internet->vpc = vpc;
		check_internet(reading, internet);
		wanted->vpcs[vpc].internet = wanted->internet_count++;
	}
	return read_mappings(reading);
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

/* Below: what is not led anywhere is a blackhole. */

/* An interface that is refused tells that itself. */
static void lead_through(const struct wanted *wanted, struct wanted_table *table,
			 const struct wanted_eni *eni, struct netd_route *out)
{
	const struct wanted_subnet *subnet = &wanted->subnets[eni->subnet];
	if (subnet->vpc != table->vpc || eni->refusal != NULL)
		return;
	if (subnet->uplink[0] != '\0') {
		wanted_refuse(&table->flaw,
			      "cannot lead a route of %s through %s: its subnet %s is on the "
			      "interface \"%s\" (tag " NETWORK_TAG_UPLINK
			      "), where the next router decides",
			      table->row.id, eni->row.id, subnet->row.id, subnet->uplink);
		return;
	}
	out->via = cidr_is_v6(&out->to) ? eni->address6 : eni->address;
	if (!ip_is_none(out->via))
		out->hop = NETD_HOP_VIA;
}

static void lead_to_internet(const struct wanted *wanted, struct wanted_table *table,
			     const char *id, struct netd_route *out)
{
	size_t index = wanted->vpcs[table->vpc].internet;
	if (index == WANTED_NONE || strcmp(wanted->internets[index].row.id, id) != 0 ||
	    cidr_is_v6(&out->to) || wanted->internets[index].refusal != NULL)
		return;
	out->hop = NETD_HOP_INTERNET;
	table->uses_internet = true;
}

static void lead_to_nat(const struct wanted *wanted, struct wanted_table *table, const char *id,
			struct netd_route *out)
{
	size_t index = WANTED_FIND(wanted->nats, wanted->nat_count, id);
	const struct nat_gateway *nat = index != WANTED_NONE ? &wanted->nats[index].row : NULL;
	const struct wanted_eni *eni = nat != NULL && nat->state != NAT_DELETED
					       ? wanted_find_eni(wanted, nat->interface_id)
					       : NULL;
	if (eni != NULL)
		lead_through(wanted, table, eni, out);
}

static void lead(const struct wanted *wanted, struct wanted_table *table, const struct route *row,
		 struct netd_route *out)
{
	const struct wanted_eni *eni;
	out->hop = NETD_HOP_BLACKHOLE;
	switch (row->target) {
	case ROUTE_INTERNET_GATEWAY:
		lead_to_internet(wanted, table, row->target_id, out);
		break;
	case ROUTE_NAT_GATEWAY:
		lead_to_nat(wanted, table, row->target_id, out);
		break;
	case ROUTE_INTERFACE:
		eni = wanted_find_eni(wanted, row->target_id);
		if (eni != NULL)
			lead_through(wanted, table, eni, out);
		break;
	case ROUTE_LOCAL: /* is in every table anyway */
		break;
	}
}

static int add_route(const struct wanted_reading *reading, struct wanted_table *table,
		     const struct route *row)
{
	struct netd_route route = { 0 };
	if (!cidr_parse(row->destination, &route.to, NULL))
		return sp_fail(reading->err, SP_INTERNAL, "cannot use the route of %s to \"%s\"",
			       table->row.id, row->destination);
	lead(reading->wanted, table, row, &route);
	table->routes =
		sp_realloc(table->routes, (table->route_count + 1) * sizeof(*table->routes));
	table->routes[table->route_count++] = route;
	return 0;
}

static int read_routes(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct route *rows = NULL;
	size_t count;
	if (routes_list(reading->db, NULL, &rows, &count, reading->err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t table = WANTED_FIND(wanted->tables, wanted->table_count, rows[i].table_id);
		if (table != WANTED_NONE &&
		    add_route(reading, &wanted->tables[table], &rows[i]) != 0)
			return -1;
	}
	return 0;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

/* Its own, else its VPC's main one. */
static int choose_tables(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct route_association *rows = NULL;
	size_t count;
	if (route_associations_list(reading->db, NULL, &rows, &count, reading->err) != 0)
		return -1;
	for (size_t i = 0; i < wanted->subnet_count; i++) {
		struct wanted_subnet *subnet = &wanted->subnets[i];
		const struct vpc *vpc = &wanted->vpcs[subnet->vpc].row;
		subnet->table =
			WANTED_FIND(wanted->tables, wanted->table_count, vpc->main_route_table_id);
	}
	for (size_t i = 0; i < count; i++) {
		size_t subnet =
			WANTED_FIND(wanted->subnets, wanted->subnet_count, rows[i].subnet_id);
		if (subnet != WANTED_NONE)
			wanted->subnets[subnet].table =
				WANTED_FIND(wanted->tables, wanted->table_count, rows[i].table_id);
	}
	for (size_t i = 0; i < wanted->subnet_count; i++)
		if (wanted->subnets[i].table == WANTED_NONE &&
		    is_netns(wanted, wanted->subnets[i].vpc))
			return sp_fail(reading->err, SP_INTERNAL,
				       "cannot find the route table of %s",
				       wanted->subnets[i].row.id);
	return 0;
}

/* The VPC's router does not stand between such a subnet and its targets: routes would be promises that nobody keeps. */
static void check_uplinks(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->subnet_count; i++) {
		struct wanted_subnet *subnet = &wanted->subnets[i];
		const struct wanted_table *table =
			subnet->table != WANTED_NONE ? &wanted->tables[subnet->table] : NULL;
		if (subnet->uplink[0] != '\0' && table != NULL && table->route_count > 0)
			wanted_refuse(
				&subnet->refusal,
				"cannot use %s on the interface \"%s\" (tag " NETWORK_TAG_UPLINK
				"): the next router decides there, and its route table %s "
				"has routes; associate it with a table that has none",
				subnet->row.id, subnet->uplink, table->row.id);
	}
}

int wanted_read_tables(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct route_table *rows = NULL;
	size_t count;
	if (route_tables_list(reading->db, NULL, &rows, &count, reading->err) != 0)
		return -1;
	wanted->tables = sp_alloc((count + 1) * sizeof(*wanted->tables));
	for (size_t i = 0; i < count; i++) {
		size_t vpc = WANTED_FIND(wanted->vpcs, wanted->vpc_count, rows[i].vpc_id);
		if (!is_netns(wanted, vpc))
			continue;
		struct wanted_table *table = &wanted->tables[wanted->table_count++];
		table->row = rows[i];
		table->vpc = vpc;
	}
	if (read_routes(reading) != 0 || choose_tables(reading) != 0)
		return -1;
	check_uplinks(wanted);
	return 0;
}
