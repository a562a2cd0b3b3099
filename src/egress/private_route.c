/* The route tables' part of a private path: where they lead, and whether the kernel has what they lead through. */

#include "egress/host_addresses.h"
#include "egress/private_inside.h"

/* A table or a thing that is not in the kernel as it shall be: who knows where it would lead. */
static int check_table(struct networks *networks, const struct way_hop *hop, struct sp_error *err)
{
	const char *why =
		hop->table_id[0] == '\0' ? NULL : networks_failure_of(networks, hop->table_id);
	return why == NULL ? 0
			   : sp_fail(err, SP_SYSTEM, "the routes of %s could not be made: %s",
				     hop->table_id, why);
}

static int check_target(struct networks *networks, const struct way_hop *hop, struct sp_error *err)
{
	if (hop->target == ROUTE_LOCAL)
		return 0;
	const char *why = networks_failure_of(
		networks, hop->interface_id[0] != '\0' ? hop->interface_id : hop->target_id);
	return why == NULL ? 0
			   : sp_fail(err, SP_SYSTEM,
				     "%s, where the route %s of %s leads, could not be "
				     "made: %s",
				     hop->target_id, hop->destination, hop->table_id, why);
}

/* Its NAT gateway has failed, but an appliance goes on without the address. */
static int check_public(struct networks *networks, const struct way *way, struct sp_error *err)
{
	if (way->end != WAY_PUBLIC || !networks_host_owns(networks, way->source))
		return 0;
	char text[ADDRESS_TEXT_SIZE];
	ip_text(way->source, text);
	return sp_fail(err, SP_SYSTEM, HOSTS_OWN_ADDRESS, text);
}

int private_route(const struct egress_attempt *attempt, struct ip_address to, struct way *out,
		  struct sp_error *err)
{
	const struct private_way *way = attempt->way;
	struct networks *networks = attempt->egress->networks;
	if (path_route(&way->path, way->interface, to, out, err) != 0)
		return -1;
	for (size_t i = 0; i < out->count; i++)
		if (check_table(networks, &out->hops[i], err) != 0 ||
		    check_target(networks, &out->hops[i], err) != 0)
			return -1;
	return check_public(networks, out, err);
}
