#include "egress/wanted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arn.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/gateway_rules.h"
#include "network/cidr.h"
#include "network/tag_values.h"
#include "store/gateways.h"
#include "store/networks.h"
#include "store/tags.h"

struct reading {
	struct db *db;
	const char *region, *account;
	struct wanted *wanted;
	struct sp_error *err;
};

static void refuse(char **refusal, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first refusal is the one that is told. */
static void refuse(char **refusal, const char *format, ...)
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

/* Every entry of a list begins with its row, and a row begins with its id. */
static bool find_index(const void *list, size_t size, size_t count, const char *id, size_t *out)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp((const char *)list + middle * size, id);
		if (order == 0) {
			*out = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- tags ------------------------------------------------------------------------------------------------------ */

/* Calls @take for each of a resource's tags. */
static int read_tags(const struct reading *reading, const char *type, const char *id,
		     void (*take)(void *thing, const struct tag *tag), void *thing)
{
	SP_AUTO_FREE char *arn =
		sp_arn_format("ec2", reading->region, reading->account, "%s/%s", type, id);
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	int result = tags_list(reading->db, arn, tags, &count, reading->err);
	for (size_t i = 0; i < count; i++) {
		take(thing, &tags[i]);
		tag_finish(&tags[i]);
	}
	return result;
}

/* False: it is no list of name servers. */
static bool read_servers(struct wanted_vpc *vpc, const char *value)
{
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	static_assert((int)TAG_SERVERS_MAX <= (int)NETD_SERVERS_MAX,
		      "a tag's servers fit into a message");
	if (!tag_value_servers(value, servers, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		vpc->servers[i] = (struct netd_server){ servers[i].address, servers[i].port };
	vpc->server_count = (uint32_t)count;
	return true;
}

static void take_vpc_tag(void *thing, const struct tag *tag)
{
	struct wanted_vpc *vpc = thing;
	if (strcmp(tag->key, NETWORK_TAG_DNS) == 0 && !read_servers(vpc, tag->value))
		refuse(&vpc->refusal,
		       "cannot use the tag " NETWORK_TAG_DNS " of %s, \"%s\": needed are one to "
		       "%d IPv4 addresses, with a port after a colon where it is not %d",
		       vpc->row.id, tag->value, TAG_SERVERS_MAX, TAG_SERVER_PORT);
}

static void take_subnet_tag(void *thing, const struct tag *tag)
{
	struct wanted_subnet *subnet = thing;
	if (strcmp(tag->key, NETWORK_TAG_ROUTER) == 0) {
		if (!ipv4_parse(tag->value, &subnet->router) ||
		    !cidr_contains(&subnet->cidr, subnet->router))
			refuse(&subnet->refusal,
			       "cannot use the tag " NETWORK_TAG_ROUTER " of %s, \"%s\": needed "
			       "is an address in %s",
			       subnet->row.id, tag->value, subnet->row.cidr);
	} else if (strcmp(tag->key, NETWORK_TAG_UPLINK) == 0) {
		if (tag->value[0] == '\0' || strlen(tag->value) >= sizeof(subnet->uplink))
			refuse(&subnet->refusal,
			       "cannot use the tag " NETWORK_TAG_UPLINK " of %s, \"%s\": needed "
			       "is the name of a network interface",
			       subnet->row.id, tag->value);
		else
			strcpy(subnet->uplink, tag->value);
	}
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static int read_vpcs(const struct reading *reading)
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
		if (vpc->row.provider == PROVIDER_NETNS &&
		    read_tags(reading, "vpc", vpc->row.id, take_vpc_tag, vpc) != 0)
			return -1;
	}
	return 0;
}

static int read_subnet(const struct reading *reading, struct wanted_subnet *subnet)
{
	struct wanted *wanted = reading->wanted;
	if (!find_index(wanted->vpcs, sizeof(*wanted->vpcs), wanted->vpc_count, subnet->row.vpc_id,
			&subnet->vpc) ||
	    !cidr_parse(subnet->row.cidr, &subnet->cidr, NULL))
		return sp_fail(reading->err, SP_INTERNAL,
			       "cannot use %s of %s with the block \"%s\"", subnet->row.id,
			       subnet->row.vpc_id, subnet->row.cidr);
	subnet->router = subnet->cidr.address + 1; /* as in every AWS subnet */
	if (wanted->vpcs[subnet->vpc].row.provider != PROVIDER_NETNS)
		return 0;
	return read_tags(reading, "subnet", subnet->row.id, take_subnet_tag, subnet);
}

static int read_subnets(const struct reading *reading)
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

static int read_gateways(const struct reading *reading)
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
		if (!find_index(wanted->vpcs, sizeof(*wanted->vpcs), wanted->vpc_count,
				gateway->row.vpc_id, &gateway->vpc))
			return sp_fail(reading->err, SP_INTERNAL, "cannot find %s of %s",
				       gateway->row.vpc_id, gateway->row.id);
	}
	return 0;
}

static int read_enis(const struct reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct network_interface *rows = NULL;
	size_t count;
	if (interfaces_list(reading->db, NULL, NULL, &rows, &count, reading->err) != 0)
		return -1;
	wanted->enis = sp_alloc((count + 1) * sizeof(*wanted->enis));
	wanted->eni_count = count;
	for (size_t i = 0; i < count; i++) {
		struct wanted_eni *eni = &wanted->enis[i];
		eni->row = rows[i];
		if (!find_index(wanted->subnets, sizeof(*wanted->subnets), wanted->subnet_count,
				eni->row.subnet_id, &eni->subnet) ||
		    !find_index(wanted->gateways, sizeof(*wanted->gateways), wanted->gateway_count,
				eni->row.owner_id, &eni->gateway) ||
		    !ipv4_parse(eni->row.address, &eni->address))
			return sp_fail(reading->err, SP_INTERNAL,
				       "cannot use %s with the address \"%s\" of %s in %s",
				       eni->row.id, eni->row.address, eni->row.owner_id,
				       eni->row.subnet_id);
	}
	return 0;
}

/* Of the gateways that the kernel knows: the others are judged when they connect. */
static int read_rules(const struct reading *reading)
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
		refuse(&gateway->refusal, "%s", reading->err->message);
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

int wanted_read(struct db *db, const char *region, const char *account, struct wanted *out,
		struct sp_error *err)
{
	*out = (struct wanted){ 0 };
	struct reading reading = { db, region, account, out, err };
	if (read_vpcs(&reading) != 0 || read_subnets(&reading) != 0 ||
	    read_gateways(&reading) != 0 || read_enis(&reading) != 0 || read_rules(&reading) != 0)
		return sp_wrap(err, "could not read what networks there shall be");
	return 0;
}

void wanted_finish(struct wanted *wanted)
{
	if (wanted == NULL)
		return;
	for (size_t i = 0; i < wanted->vpc_count; i++)
		free(wanted->vpcs[i].refusal);
	for (size_t i = 0; i < wanted->subnet_count; i++)
		free(wanted->subnets[i].refusal);
	for (size_t i = 0; i < wanted->gateway_count; i++) {
		resource_gateway_finish(&wanted->gateways[i].row);
		free(wanted->gateways[i].rules);
		free(wanted->gateways[i].refusal);
	}
	free(wanted->vpcs);
	free(wanted->subnets);
	free(wanted->gateways);
	free(wanted->enis);
	*wanted = (struct wanted){ 0 };
}

const struct wanted_eni *wanted_find_eni(const struct wanted *wanted, const char *id)
{
	size_t index;
	return find_index(wanted->enis, sizeof(*wanted->enis), wanted->eni_count, id, &index)
		       ? &wanted->enis[index]
		       : NULL;
}

enum network_provider wanted_provider(const struct wanted *wanted, const struct wanted_eni *eni)
{
	return wanted->vpcs[wanted->subnets[eni->subnet].vpc].row.provider;
}
