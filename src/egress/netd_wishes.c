#include "egress/netd_wishes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "network/cidr.h"

const enum netd_kind netd_layer_kinds[NETD_LAYERS] = {
	[LAYER_VPC] = NETD_VPC,     [LAYER_SUBNET] = NETD_SUBNET, [LAYER_INTERNET] = NETD_INTERNET,
	[LAYER_TABLE] = NETD_TABLE, [LAYER_ENI] = NETD_ENI,
};

static struct netd_wish *add(struct netd_wishes *wishes, enum netd_layer layer, const char *id,
			     const struct wanted_vpc *vpc)
{
	struct netd_wish *wish = &wishes->at[layer][wishes->count[layer]++];
	wish->message.kind = netd_layer_kinds[layer];
	wish->vpc_id = vpc->row.id;
	strcpy(wish->id, id);
	strcpy(wish->message.id, id);
	return wish;
}

static struct netd_support *add_support(struct netd_wish *wish, enum netd_layer layer,
					const char *id)
{
	assert(wish->support_count < NETD_SUPPORTS_MAX);
	struct netd_support *support = &wish->supports[wish->support_count++];
	*support = (struct netd_support){ .layer = layer, .id = id };
	return support;
}

static void set_parent(struct netd_wish *wish, enum netd_layer layer, const char *id)
{
	struct netd_support *support = add_support(wish, layer, id);
	support->is_ground = support->must_be_good = true;
	strcpy(wish->message.parent, id);
}

/* ---- the layers ------------------------------------------------------------------------------------------------ */

static void add_vpc(struct netd_wishes *wishes, const struct wanted_vpc *vpc)
{
	struct netd_wish *wish = add(wishes, LAYER_VPC, vpc->row.id, vpc);
	wish->message.cidr = vpc->cidr;
	wish->message.cidr6 = vpc->cidr6;
}

static void add_vpcs(struct netd_wishes *wishes, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->vpc_count; i++) {
		const struct wanted_vpc *vpc = &wanted->vpcs[i];
		if (vpc->row.provider == PROVIDER_NETNS)
			add_vpc(wishes, vpc);
	}
}

static void add_subnets(struct netd_wishes *wishes, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->subnet_count; i++) {
		const struct wanted_subnet *subnet = &wanted->subnets[i];
		const struct wanted_vpc *vpc = &wanted->vpcs[subnet->vpc];
		if (vpc->row.provider != PROVIDER_NETNS)
			continue;
		struct netd_wish *wish = add(wishes, LAYER_SUBNET, subnet->row.id, vpc);
		set_parent(wish, LAYER_VPC, vpc->row.id);
		wish->refusal = subnet->refusal;
		strcpy(wish->message.uplink, subnet->uplink);
		wish->message.cidr = subnet->cidr;
		wish->message.cidr6 = subnet->cidr6;
		wish->message.router = subnet->router;
		wish->message.router6 = subnet->router6;
		if (subnet->uplink[0] == '\0')
			strcpy(wish->message.table, wanted->tables[subnet->table].row.id);
	}
}

static void add_internets(struct netd_wishes *wishes, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->internet_count; i++) {
		const struct wanted_internet *internet = &wanted->internets[i];
		const struct wanted_vpc *vpc = &wanted->vpcs[internet->vpc];
		struct netd_wish *wish = add(wishes, LAYER_INTERNET, internet->row.id, vpc);
		set_parent(wish, LAYER_VPC, vpc->row.id);
		wish->refusal = internet->refusal;
		strcpy(wish->message.uplink, vpc->way_out.uplink);
		wish->message.router = vpc->way_out.router;
		wish->message.address = vpc->way_out.address;
		wish->message.bits = (uint32_t)vpc->way_out.bits;
		wish->message.mappings = internet->mappings;
		wish->message.mapping_count = (uint32_t)internet->mapping_count;
	}
}

static void add_tables(struct netd_wishes *wishes, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->table_count; i++) {
		const struct wanted_table *table = &wanted->tables[i];
		const struct wanted_vpc *vpc = &wanted->vpcs[table->vpc];
		struct netd_wish *wish = add(wishes, LAYER_TABLE, table->row.id, vpc);
		set_parent(wish, LAYER_VPC, vpc->row.id);
		/* Its routes go with the interface that they name. What else fails there is told by those who use it. */
		if (table->uses_internet)
			add_support(wish, LAYER_INTERNET, wanted->internets[vpc->internet].row.id)
				->is_ground = true;
		wish->flaw = table->flaw;
		wish->message.routes = table->routes;
		wish->message.route_count = (uint32_t)table->route_count;
	}
}

/* With half its rules, or without its name servers, it would be another ENI: it is not made at all. */
static const char *refusal_of(const struct wanted *wanted, const struct wanted_eni *eni)
{
	const struct wanted_subnet *subnet = &wanted->subnets[eni->subnet];
	const char *const reasons[] = {
		eni->nat == WANTED_NONE ? wanted->vpcs[subnet->vpc].refusal : NULL,
		subnet->refusal,
		eni->gateway != WANTED_NONE ? wanted->gateways[eni->gateway].refusal : NULL,
		eni->refusal,
	};
	for (size_t i = 0; i < SP_COUNT_OF(reasons); i++)
		if (reasons[i] != NULL)
			return reasons[i];
	return NULL;
}

/* Everybody but a NAT gateway may ask for names, and sends what its security groups allow. */
static void set_role(struct netd_message *message, const struct wanted *wanted,
		     const struct wanted_eni *eni)
{
	const struct wanted_vpc *vpc = &wanted->vpcs[wanted->subnets[eni->subnet].vpc];
	if (eni->nat != WANTED_NONE) {
		message->role = NETD_ROLE_NAT;
		return;
	}
	memcpy(message->servers, vpc->servers, sizeof(vpc->servers));
	message->server_count = vpc->server_count;
	if (eni->gateway != WANTED_NONE) {
		const struct wanted_gateway *gateway = &wanted->gateways[eni->gateway];
		message->role = NETD_ROLE_GATEWAY;
		message->rules = gateway->rules;
		message->rule_count = (uint32_t)gateway->rule_count;
	} else {
		message->role = eni->row.checks_addresses ? NETD_ROLE_GATEWAY : NETD_ROLE_APPLIANCE;
		message->rules = eni->rules;
		message->rule_count = (uint32_t)eni->rule_count;
	}
}

static void add_eni(struct netd_wishes *wishes, const struct wanted *wanted,
		    const struct wanted_eni *eni)
{
	const struct wanted_subnet *subnet = &wanted->subnets[eni->subnet];
	const struct wanted_vpc *vpc = &wanted->vpcs[subnet->vpc];
	struct netd_wish *wish = add(wishes, LAYER_ENI, eni->row.id, vpc);
	set_parent(wish, LAYER_SUBNET, eni->row.subnet_id);
	if (subnet->uplink[0] == '\0')
		add_support(wish, LAYER_TABLE, wanted->tables[subnet->table].row.id)->must_be_good =
			true;
	wish->refusal = refusal_of(wanted, eni);
	wish->message.address = eni->address;
	wish->message.address6 = eni->address6;
	strcpy(wish->message.mac, eni->row.mac);
	set_role(&wish->message, wanted, eni);
}

static void add_enis(struct netd_wishes *wishes, const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->eni_count; i++) {
		const struct wanted_eni *eni = &wanted->enis[i];
		if (wanted_provider(wanted, eni) == PROVIDER_NETNS && !eni->is_external)
			add_eni(wishes, wanted, eni);
	}
}

/* ---- digests --------------------------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b); /* both begin with one */
}

static void digest(const struct netd_wishes *wishes, const struct netd_wish *wish,
		   const struct netd_message *message, unsigned char out[SP_SHA256_SIZE])
{
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length;
	/* What does not fit fails when it is told, with its sentence. */
	if (netd_message_encode(message, bytes, &length, NULL) != 0)
		length = 0;
	struct sp_digest digest;
	sp_digest_start(&digest);
	sp_digest_add(&digest, bytes, length);
	for (size_t i = 0; i < wish->support_count; i++) {
		const struct netd_support *support = &wish->supports[i];
		const struct netd_wish *ground =
			!support->is_ground || wishes->count[support->layer] == 0
				? NULL
				: bsearch(support->id, wishes->at[support->layer],
					  wishes->count[support->layer], sizeof(*ground),
					  compare_ids);
		if (ground != NULL)
			sp_digest_add(&digest, ground->shape, sizeof(ground->shape));
	}
	sp_digest_end(&digest, out);
}

/* What a thing is made of comes in a layer before it, and has its shape by then. */
static void add_digests(const struct netd_wishes *wishes, struct netd_wish *wish)
{
	struct netd_message shape = wish->message;
	shape.table[0] = '\0';
	shape.mapping_count = shape.route_count = 0;
	digest(wishes, wish, &wish->message, wish->digest);
	if (wish->message.kind == NETD_SUBNET || wish->message.kind == NETD_INTERNET)
		digest(wishes, wish, &shape, wish->shape);
	else
		memcpy(wish->shape, wish->digest, sizeof(wish->shape));
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

void netd_wishes_make(const struct wanted *wanted, struct netd_wishes *out)
{
	const size_t rooms[NETD_LAYERS] = {
		[LAYER_VPC] = wanted->vpc_count,           [LAYER_SUBNET] = wanted->subnet_count,
		[LAYER_INTERNET] = wanted->internet_count, [LAYER_TABLE] = wanted->table_count,
		[LAYER_ENI] = wanted->eni_count,
	};
	*out = (struct netd_wishes){ 0 };
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		out->at[layer] = sp_alloc((rooms[layer] + 1) * sizeof(struct netd_wish));
	add_vpcs(out, wanted);
	add_subnets(out, wanted);
	add_internets(out, wanted);
	add_tables(out, wanted);
	add_enis(out, wanted);
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < out->count[layer]; i++)
			add_digests(out, &out->at[layer][i]);
}

void netd_wishes_finish(struct netd_wishes *wishes)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		free(wishes->at[layer]);
	*wishes = (struct netd_wishes){ 0 };
}
