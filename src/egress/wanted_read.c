#include <stdlib.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/gateway_rules.h"
#include "egress/wanted_inside.h"
#include "network/cidr.h"
#include "store/gateways.h"
#include "store/networks.h"

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
		if (!cidr_parse(vpc->row.cidr, &vpc->cidr, NULL) ||
		    !cidr_parse_optional(vpc->row.cidr6, &vpc->cidr6))
			return sp_fail(reading->err, SP_INTERNAL,
				       "cannot use %s with the blocks \"%s\" and \"%s\"",
				       vpc->row.id, vpc->row.cidr, vpc->row.cidr6);
		if (vpc->row.provider == PROVIDER_NETNS && wanted_read_vpc_tags(reading, vpc) != 0)
			return -1;
	}
	return 0;
}

static int read_subnet(const struct wanted_reading *reading, struct wanted_subnet *subnet)
{
	struct wanted *wanted = reading->wanted;
	subnet->vpc = WANTED_FIND(wanted->vpcs, wanted->vpc_count, subnet->row.vpc_id);
	if (subnet->vpc == WANTED_NONE || !cidr_parse(subnet->row.cidr, &subnet->cidr, NULL) ||
	    !cidr_parse_optional(subnet->row.cidr6, &subnet->cidr6))
		return sp_fail(reading->err, SP_INTERNAL,
			       "cannot use %s of %s with the blocks \"%s\" and \"%s\"",
			       subnet->row.id, subnet->row.vpc_id, subnet->row.cidr,
			       subnet->row.cidr6);
	subnet->router = ip_after(subnet->cidr.address, 1); /* as in every AWS subnet */
	if (!cidr_is_none(&subnet->cidr6))
		subnet->router6 = ip_after(subnet->cidr6.address, 1);
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
