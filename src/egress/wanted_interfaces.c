#include <stdlib.h>

#include "base/scope.h"
#include "egress/gateway_rules.h"
#include "egress/wanted_inside.h"
#include "network/cidr.h"
#include "store/gateways.h"
#include "store/routing.h"

int wanted_read_nats(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	struct nat_gateway *rows;
	size_t count;
	if (nat_gateways_list(reading->db, &rows, &count, reading->err) != 0)
		return -1;
	wanted->nats = sp_alloc((count + 1) * sizeof(*wanted->nats));
	wanted->nat_count = count;
	for (size_t i = 0; i < count; i++)
		wanted->nats[i].row = rows[i]; /* what it owns moves along */
	free(rows);
	return 0;
}

/* ---- network interfaces ---------------------------------------------------------------------------------------- */

static bool find_owner(const struct wanted *wanted, struct wanted_eni *eni)
{
	eni->gateway = eni->nat = WANTED_NONE;
	switch (eni->row.kind) {
	case INTERFACE_OF_GATEWAY:
		eni->gateway =
			WANTED_FIND(wanted->gateways, wanted->gateway_count, eni->row.owner_id);
		return eni->gateway != WANTED_NONE;
	case INTERFACE_OF_NAT:
		eni->nat = WANTED_FIND(wanted->nats, wanted->nat_count, eni->row.owner_id);
		return eni->nat != WANTED_NONE;
	case INTERFACE_OF_USER:
		return true;
	}
	return false;
}

static int read_nat_eni(const struct wanted_reading *reading, struct wanted_eni *eni)
{
	const struct wanted_subnet *subnet = &reading->wanted->subnets[eni->subnet];
	if (subnet->uplink[0] != '\0')
		wanted_refuse(&eni->refusal,
			      "cannot make the NAT gateway %s in %s: the subnet is on the "
			      "interface \"%s\" (tag " NETWORK_TAG_UPLINK
			      "), where the next router decides and no route of the VPC leads "
			      "through a NAT gateway",
			      eni->row.owner_id, eni->row.subnet_id, subnet->uplink);
	return 0;
}

static int read_users_eni(const struct wanted_reading *reading, struct wanted_eni *eni)
{
	const struct network_interface *row = &eni->row;
	if (wanted_read_eni_tags(reading, eni) != 0)
		return -1;
	if (eni->is_external || group_rules_read(reading->db, row->group_ids, row->group_count,
						 &eni->rules, &eni->rule_count, reading->err) == 0)
		return 0;
	if (reading->err->code != SP_LIMIT)
		return -1;
	wanted_refuse(&eni->refusal, "%s", reading->err->message);
	return 0;
}

static int read_eni(const struct wanted_reading *reading, struct wanted_eni *eni)
{
	const struct wanted *wanted = reading->wanted;
	eni->subnet = WANTED_FIND(wanted->subnets, wanted->subnet_count, eni->row.subnet_id);
	if (eni->subnet == WANTED_NONE || !find_owner(wanted, eni) ||
	    !ip_parse_v4(eni->row.address, &eni->address) ||
	    (eni->row.address6[0] != '\0' && !ip_parse(eni->row.address6, &eni->address6)))
		return sp_fail(reading->err, SP_INTERNAL,
			       "cannot use %s with the address \"%s\" of %s in %s", eni->row.id,
			       eni->row.address, eni->row.owner_id, eni->row.subnet_id);
	if (wanted_provider(wanted, eni) != PROVIDER_NETNS)
		return 0;
	switch (eni->row.kind) {
	case INTERFACE_OF_GATEWAY: /* its rules are its gateway's */
		return 0;
	case INTERFACE_OF_NAT:
		return read_nat_eni(reading, eni);
	case INTERFACE_OF_USER:
		return read_users_eni(reading, eni);
	}
	return 0;
}

int wanted_read_enis(const struct wanted_reading *reading)
{
	struct wanted *wanted = reading->wanted;
	SP_AUTO_FREE struct network_interface *rows = NULL;
	size_t count;
	if (interfaces_list(reading->db, NULL, NULL, &rows, &count, reading->err) != 0)
		return -1;
	wanted->enis = sp_alloc((count + 1) * sizeof(*wanted->enis));
	wanted->eni_count = count;
	for (size_t i = 0; i < count; i++) {
		wanted->enis[i].row = rows[i];
		if (read_eni(reading, &wanted->enis[i]) != 0)
			return -1;
	}
	return 0;
}
