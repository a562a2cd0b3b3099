#include <assert.h>
#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "egress/wanted_inside.h"
#include "network/cidr.h"
#include "network/tag_values.h"

typedef void take_fn(void *thing, const char *value);

/* A tag that counts, and who takes its value. Lists end with a NULL key. */
struct known_tag {
	const char *key;
	take_fn *take;
};

static int read_tags(const struct wanted_reading *reading, const char *type, const char *id,
		     const struct known_tag *known, void *thing)
{
	SP_AUTO_FREE char *arn = sp_arn_format("ec2", reading->options->region,
					       reading->options->account, "%s/%s", type, id);
	struct tag tags[TAGS_MAX];
	size_t count = 0;
	int result = tags_list(reading->db, arn, tags, &count, reading->err);
	for (size_t i = 0; i < count; i++) {
		for (const struct known_tag *tag = known; tag->key != NULL; tag++)
			if (strcmp(tag->key, tags[i].key) == 0)
				tag->take(thing, tags[i].value);
		tag_finish(&tags[i]);
	}
	return result;
}

/* ---- a VPC ----------------------------------------------------------------------------------------------------- */

static void take_servers(void *thing, const char *value)
{
	struct wanted_vpc *vpc = thing;
	struct name_server servers[TAG_SERVERS_MAX];
	size_t count;
	static_assert((int)TAG_SERVERS_MAX <= (int)NETD_SERVERS_MAX,
		      "a tag's servers fit into a message");
	if (!tag_value_servers(value, servers, &count)) {
		wanted_refuse(
			&vpc->refusal,
			"cannot use the tag " NETWORK_TAG_DNS " of %s, \"%s\": needed are one to "
			"%d IP addresses, with a port after a colon where it is not %d (those of "
			"IPv6 in brackets then)",
			vpc->row.id, value, TAG_SERVERS_MAX, TAG_SERVER_PORT);
		return;
	}
	for (size_t i = 0; i < count; i++)
		vpc->servers[i] = (struct netd_server){ servers[i].address, servers[i].port };
	vpc->server_count = (uint32_t)count;
}

static void take_way_out(void *thing, const char *value)
{
	struct wanted_vpc *vpc = thing;
	if (tag_value_interface(value))
		strcpy(vpc->way_out.uplink, value);
	else
		wanted_refuse(&vpc->way_out.refusal,
			      "cannot use the tag " NETWORK_TAG_UPLINK " of %s, \"%s\": needed "
			      "is the name of a network interface",
			      vpc->row.id, value);
}

static void take_next_hop(void *thing, const char *value)
{
	struct wanted_vpc *vpc = thing;
	if (!tag_value_host(value, &vpc->way_out.router))
		wanted_refuse(&vpc->way_out.refusal,
			      "cannot use the tag " NETWORK_TAG_ROUTER " of %s, \"%s\": needed "
			      "is the IPv4 address of the next router",
			      vpc->row.id, value);
}

static void take_own_address(void *thing, const char *value)
{
	struct wanted_vpc *vpc = thing;
	if (!tag_value_host_in_network(value, &vpc->way_out.address, &vpc->way_out.bits))
		wanted_refuse(&vpc->way_out.refusal,
			      "cannot use the tag " NETWORK_TAG_ADDRESS " of %s, \"%s\": needed "
			      "is an IPv4 address with its network's length, such as 192.0.2.2/30",
			      vpc->row.id, value);
}

static const struct known_tag vpc_tags[] = {
	{ NETWORK_TAG_DNS, take_servers },
	{ NETWORK_TAG_UPLINK, take_way_out },
	{ NETWORK_TAG_ROUTER, take_next_hop },
	{ NETWORK_TAG_ADDRESS, take_own_address },
	{ NULL, NULL },
};

/* Each alone makes sense, and then they must go together. Whoever forgot one meant another way than the one to this host. */
static void check_way_out(struct wanted_vpc *vpc)
{
	struct wanted_way_out *way_out = &vpc->way_out;
	bool has_uplink = way_out->uplink[0] != '\0';
	if (has_uplink && ip_is_none(way_out->router))
		wanted_refuse(&way_out->refusal,
			      "cannot lead %s to the interface \"%s\": it needs the "
			      "tag " NETWORK_TAG_ROUTER " too, which names the next router there",
			      vpc->row.id, way_out->uplink);
	else if (!has_uplink && (!ip_is_none(way_out->router) || !ip_is_none(way_out->address)))
		wanted_refuse(&way_out->refusal,
			      "cannot use the tag %s of %s without the tag " NETWORK_TAG_UPLINK
			      ", which names the interface",
			      !ip_is_none(way_out->router) ? NETWORK_TAG_ROUTER
							   : NETWORK_TAG_ADDRESS,
			      vpc->row.id);
	else if (has_uplink && ip_equal(way_out->router, way_out->address))
		wanted_refuse(&way_out->refusal,
			      "cannot use the tags " NETWORK_TAG_ROUTER " and " NETWORK_TAG_ADDRESS
			      " of %s: both have the same address",
			      vpc->row.id);
}

int wanted_read_vpc_tags(const struct wanted_reading *reading, struct wanted_vpc *vpc)
{
	if (read_tags(reading, "vpc", vpc->row.id, vpc_tags, vpc) != 0)
		return -1;
	check_way_out(vpc);
	return 0;
}

/* ---- a subnet -------------------------------------------------------------------------------------------------- */

static void take_router(void *thing, const char *value)
{
	struct wanted_subnet *subnet = thing;
	struct tag_routers routers;
	if (!tag_value_routers(value, &subnet->cidr, &subnet->cidr6, &routers)) {
		wanted_refuse(&subnet->refusal,
			      "cannot use the tag " NETWORK_TAG_ROUTER " of %s, \"%s\": needed "
			      "is an address in %s%s%s",
			      subnet->row.id, value, subnet->row.cidr,
			      subnet->row.cidr6[0] == '\0' ? "" : ", one in ", subnet->row.cidr6);
		return;
	}
	if (!ip_is_none(routers.v4))
		subnet->router = routers.v4;
	if (!ip_is_none(routers.v6))
		subnet->router6 = routers.v6;
}

static void take_uplink(void *thing, const char *value)
{
	struct wanted_subnet *subnet = thing;
	if (tag_value_interface(value))
		strcpy(subnet->uplink, value);
	else
		wanted_refuse(&subnet->refusal,
			      "cannot use the tag " NETWORK_TAG_UPLINK " of %s, \"%s\": needed "
			      "is the name of a network interface",
			      subnet->row.id, value);
}

static const struct known_tag subnet_tags[] = {
	{ NETWORK_TAG_ROUTER, take_router },
	{ NETWORK_TAG_UPLINK, take_uplink },
	{ NULL, NULL },
};

int wanted_read_subnet_tags(const struct wanted_reading *reading, struct wanted_subnet *subnet)
{
	return read_tags(reading, "subnet", subnet->row.id, subnet_tags, subnet);
}

/* ---- a network interface --------------------------------------------------------------------------------------- */

static void take_external(void *thing, const char *value)
{
	struct wanted_eni *eni = thing;
	if (!tag_value_flag(value, &eni->is_external))
		wanted_refuse(&eni->refusal,
			      "cannot use the tag " NETWORK_TAG_EXTERNAL " of %s, \"%s\": needed "
			      "is yes or no",
			      eni->row.id, value);
}

static const struct known_tag eni_tags[] = {
	{ NETWORK_TAG_EXTERNAL, take_external },
	{ NULL, NULL },
};

int wanted_read_eni_tags(const struct wanted_reading *reading, struct wanted_eni *eni)
{
	return read_tags(reading, "network-interface", eni->row.id, eni_tags, eni);
}
