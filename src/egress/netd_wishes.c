#include "egress/netd_wishes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "network/cidr.h"

enum { VPCS, SUBNETS, ENIS };

const enum netd_kind netd_layer_kinds[NETD_LAYERS] = {
	[VPCS] = NETD_VPC,
	[SUBNETS] = NETD_SUBNET,
	[ENIS] = NETD_ENI,
};

static struct netd_message *add(struct netd_wishes *wishes, int layer, const char *id,
				const char *refusal)
{
	struct netd_wish *wish = &wishes->at[layer][wishes->count[layer]++];
	wish->refusal = refusal;
	wish->message.kind = netd_layer_kinds[layer];
	strcpy(wish->id, id);
	strcpy(wish->message.id, id);
	return &wish->message;
}

static void add_vpcs(struct netd_wishes *wishes, const struct wanted *wanted)
{
	wishes->at[VPCS] = sp_alloc((wanted->vpc_count + 1) * sizeof(struct netd_wish));
	for (size_t i = 0; i < wanted->vpc_count; i++) {
		const struct wanted_vpc *vpc = &wanted->vpcs[i];
		if (vpc->row.provider == PROVIDER_NETNS)
			add(wishes, VPCS, vpc->row.id, NULL)->cidr = vpc->cidr;
	}
}

static void add_subnets(struct netd_wishes *wishes, const struct wanted *wanted)
{
	wishes->at[SUBNETS] = sp_alloc((wanted->subnet_count + 1) * sizeof(struct netd_wish));
	for (size_t i = 0; i < wanted->subnet_count; i++) {
		const struct wanted_subnet *subnet = &wanted->subnets[i];
		if (wanted->vpcs[subnet->vpc].row.provider != PROVIDER_NETNS)
			continue;
		struct netd_message *message =
			add(wishes, SUBNETS, subnet->row.id, subnet->refusal);
		strcpy(message->parent, subnet->row.vpc_id);
		strcpy(message->uplink, subnet->uplink);
		message->cidr = subnet->cidr;
		message->router = subnet->router;
	}
}

/* With half its rules, or without its name servers, it would be another ENI: it is not made at all. */
static const char *refusal_of(const struct wanted *wanted, const struct wanted_eni *eni)
{
	const struct wanted_subnet *subnet = &wanted->subnets[eni->subnet];
	const char *const reasons[] = { wanted->vpcs[subnet->vpc].refusal, subnet->refusal,
					wanted->gateways[eni->gateway].refusal };
	for (size_t i = 0; i < SP_COUNT_OF(reasons); i++)
		if (reasons[i] != NULL)
			return reasons[i];
	return NULL;
}

static void add_enis(struct netd_wishes *wishes, const struct wanted *wanted)
{
	wishes->at[ENIS] = sp_alloc((wanted->eni_count + 1) * sizeof(struct netd_wish));
	for (size_t i = 0; i < wanted->eni_count; i++) {
		const struct wanted_eni *eni = &wanted->enis[i];
		if (wanted_provider(wanted, eni) != PROVIDER_NETNS)
			continue;
		const struct wanted_vpc *vpc = &wanted->vpcs[wanted->subnets[eni->subnet].vpc];
		const struct wanted_gateway *gateway = &wanted->gateways[eni->gateway];
		struct netd_message *message =
			add(wishes, ENIS, eni->row.id, refusal_of(wanted, eni));
		strcpy(message->parent, eni->row.subnet_id);
		strcpy(message->mac, eni->row.mac);
		message->address = eni->address;
		memcpy(message->servers, vpc->servers, sizeof(vpc->servers));
		message->server_count = vpc->server_count;
		message->rules = gateway->rules;
		message->rule_count = (uint32_t)gateway->rule_count;
	}
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b); /* both begin with one */
}

/* An ENI is plugged into its subnet's bridge or uplink and goes by its router: it is another one when the subnet is. */
static void add_digest(const struct netd_wishes *wishes, size_t layer, struct netd_wish *wish)
{
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length;
	/* What does not fit fails when it is told, with its sentence. */
	if (netd_message_encode(&wish->message, bytes, &length, NULL) != 0)
		length = 0;
	struct sp_digest digest;
	sp_digest_start(&digest);
	sp_digest_add(&digest, bytes, length);
	const struct netd_wish *below =
		layer == 0 ? NULL
			   : bsearch(wish->message.parent, wishes->at[layer - 1],
				     wishes->count[layer - 1], sizeof(*below), compare_ids);
	if (below != NULL)
		sp_digest_add(&digest, below->digest, sizeof(below->digest));
	sp_digest_end(&digest, wish->digest);
}

void netd_wishes_make(const struct wanted *wanted, struct netd_wishes *out)
{
	*out = (struct netd_wishes){ 0 };
	add_vpcs(out, wanted);
	add_subnets(out, wanted);
	add_enis(out, wanted);
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		for (size_t i = 0; i < out->count[layer]; i++)
			add_digest(out, layer, &out->at[layer][i]);
}

void netd_wishes_finish(struct netd_wishes *wishes)
{
	for (size_t layer = 0; layer < NETD_LAYERS; layer++)
		free(wishes->at[layer]);
	*wishes = (struct netd_wishes){ 0 };
}
