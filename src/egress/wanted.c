#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/gateway_rules.h"
#include "egress/wanted_inside.h"
#include "network/cidr.h"
#include "store/gateways.h"
#include "store/networks.h"

void wanted_refuse(char **refusal, const char *format, ...)
{
	if (*refusal != NULL)
		return;
	struct sp_error err;
	va_list args;
	va_start(args, format);
	sp_fail_va(&err, SP_INVALID, format, args);
	va_end(args);
	*refusal = sp_strdup(err.message);
}

size_t wanted_find(const void *list, size_t size, size_t count, const char *id)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp((const char *)list + middle * size, id);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return WANTED_NONE;
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static int read_vpcs(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct vpc *rows = NULL;
	size_t count;
	if (vpcs_list(reading->db, &rows, &count, reading->err) != 0)
		return -1;
	wanted->vpcs = sp_alloc((count + 1) * sizeof(*wanted->vpcs));
	wanted->vpc_count = count;
	for (size_t i = 0; i < count; i++) {
		struct wanted_vpc *vpc = &wanted->vpcs[i];
		vpc->row = rows[i];
		if (!cidr_parse(vpc->row.cidr, &vpc->cidr, NULL))
			return sp_fail(reading->err, SP_INTERNAL,
				       "cannot use %s with the block \"%s\"", vpc->row.id,
				       vpc->row.cidr);
		if (vpc->row.provider == PROVIDER_NETNS && wanted_read_vpc_tags(reading, vpc) != 0)
			return -1;
	}
	return 0;
}

static int read_subnet(const struct wanted_reading *reading, struct wanted_subnet *subnet)
{
	struct wanted *wanted = reading->wanted;
	subnet->vpc = WANTED_FIND(wanted->vpcs, wanted->vpc_count, subnet->row.vpc_id);
	if (subnet->vpc == WANTED_NONE || !cidr_parse(subnet->row.cidr, &subnet->cidr, NULL))
		return sp_fail(reading->err, SP_INTERNAL,
			       "cannot use %s of %s with the block \"%s\"", subnet->row.id,
			       subnet->row.vpc_id, subnet->row.cidr);
	subnet->router = subnet->cidr.address + 1; /* as in every AWS subnet */
	if (wanted->vpcs[subnet->vpc].row.provider != PROVIDER_NETNS)
		return 0;
	return wanted_read_subnet_tags(reading, subnet);
}

static int read_subnets(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct subnet *rows = NULL;
	size_t count;
	if (subnets_list(reading->db, NULL, &rows, &count, reading->err) != 0)
		return -1;
	wanted->subnets = sp_alloc((count + 1) * sizeof(*wanted->subnets));
	wanted->subnet_count = count;
	for (size_t i = 0; i < count; i++) {
		wanted->subnets[i].row = rows[i];
		if (read_subnet(reading, &wanted->subnets[i]) != 0)
			return -1;
	}
	return 0;
}

static int read_gateways(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	struct resource_gateway *rows;
	size_t count;
	if (gateways_list(reading->db, &rows, &count, reading->err) != 0)
		return -1;
	wanted->gateways = sp_alloc((count + 1) * sizeof(*wanted->gateways));
	wanted->gateway_count = count;
	for (size_t i = 0; i < count; i++)
		wanted->gateways[i].row = rows[i]; /* what it owns moves along */
	free(rows);
	for (size_t i = 0; i < count; i++) {
		struct wanted_gateway *gateway = &wanted->gateways[i];
		gateway->vpc = WANTED_FIND(wanted->vpcs, wanted->vpc_count, gateway->row.vpc_id);
		if (gateway->vpc == WANTED_NONE)
			return sp_fail(reading->err, SP_INTERNAL, "cannot find %s of %s",
				       gateway->row.vpc_id, gateway->row.id);
	}
	return 0;
}

/* Of the gateways that the kernel knows: the others are judged when they connect. */
static int read_rules(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		struct wanted_gateway *gateway = &wanted->gateways[i];
		if (wanted->vpcs[gateway->vpc].row.provider != PROVIDER_NETNS ||
		    gateway_rules_read(reading->db, &gateway->row, &gateway->rules,
				       &gateway->rule_count, reading->err) == 0)
			continue;
		if (reading->err->code != SP_LIMIT)
			return -1;
		wanted_refuse(&gateway->refusal, "%s", reading->err->message);
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

int wanted_read(struct db *db, const struct wanted_options *options, struct wanted *out,
		struct sp_error *err)
{
	static int (*const steps[])(const struct wanted_reading *reading) = {
		read_vpcs,        read_subnets,     read_gateways,         read_rules,
		wanted_read_nats, wanted_read_enis, wanted_read_internets, wanted_read_tables,
	};
	*out = (struct wanted){ 0 };
	struct wanted_reading reading = { db, options, out, err };
	for (size_t i = 0; i < SP_COUNT_OF(steps); i++)
		if (steps[i](&reading) != 0)
			return sp_wrap(err, "could not read what networks there shall be");
	return 0;
}

static void finish_interfaces(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		resource_gateway_finish(&wanted->gateways[i].row);
		free(wanted->gateways[i].rules);
		free(wanted->gateways[i].refusal);
	}
	for (size_t i = 0; i < wanted->nat_count; i++)
		nat_gateway_finish(&wanted->nats[i].row);
	for (size_t i = 0; i < wanted->eni_count; i++) {
		free(wanted->enis[i].rules);
		free(wanted->enis[i].refusal);
	}
}

static void finish_routes(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->internet_count; i++) {
		free(wanted->internets[i].mappings);
		free(wanted->internets[i].refusal);
	}
	for (size_t i = 0; i < wanted->table_count; i++) {
		free(wanted->tables[i].routes);
		free(wanted->tables[i].flaw);
	}
}

void wanted_finish(struct wanted *wanted)
{
	if (wanted == NULL)
		return;
	for (size_t i = 0; i < wanted->vpc_count; i++) {
		free(wanted->vpcs[i].refusal);
		free(wanted->vpcs[i].way_out.refusal);
	}
	for (size_t i = 0; i < wanted->subnet_count; i++)
		free(wanted->subnets[i].refusal);
	finish_interfaces(wanted);
	finish_routes(wanted);
	void *const lists[] = { wanted->vpcs, wanted->subnets,   wanted->gateways, wanted->nats,
				wanted->enis, wanted->internets, wanted->tables };
	for (size_t i = 0; i < SP_COUNT_OF(lists); i++)
		free(lists[i]);
	*wanted = (struct wanted){ 0 };
}

const struct wanted_eni *wanted_find_eni(const struct wanted *wanted, const char *id)
{
	size_t index = WANTED_FIND(wanted->enis, wanted->eni_count, id);
	return index != WANTED_NONE ? &wanted->enis[index] : NULL;
}

enum network_provider wanted_provider(const struct wanted *wanted, const struct wanted_eni *eni)
{
	return wanted->vpcs[wanted->subnets[eni->subnet].vpc].row.provider;
}
