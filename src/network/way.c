#include "network/way.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "network/cidr.h"
#include "network/routes.h"

/* ---- the world --------------------------------------------------------------------------------------------------- */

static const struct way_interface *find_interface(const struct way_world *world, const char *id)
{
	for (size_t i = 0; i < world->interface_count; i++)
		if (strcmp(world->interfaces[i].row.id, id) == 0)
			return &world->interfaces[i];
	return NULL;
}

static const struct nat_gateway *find_nat(const struct way_world *world, const char *id)
{
	for (size_t i = 0; i < world->nat_count; i++)
		if (strcmp(world->nats[i].id, id) == 0)
			return &world->nats[i];
	return NULL;
}

static const struct way_subnet *find_subnet(const struct way_world *world, const char *id)
{
	for (size_t i = 0; i < world->subnet_count; i++)
		if (strcmp(world->subnets[i].id, id) == 0)
			return &world->subnets[i];
	return NULL;
}

/* ---- walking ------------------------------------------------------------------------------------------------------- */

struct walk {
	const struct way_world *world;
	struct ip_address to;
	struct way *way;
	struct cidr local;                  /* the VPC's of that family, maybe none */
	const struct way_interface *at;     /* whose subnet's table decides next */
	const struct way_interface *source; /* whose address packets bear */
	size_t source_hops; /* up to where it was given; appliances behind that saw it */
	struct sp_error *err;
};

enum verdict { GOES_ON, ENDS, FAILS };

/* Its address of the family that this is about; none: it has none. */
static struct ip_address address_of(const struct walk *walk, const struct way_interface *interface)
{
	struct ip_address address = { 0 };
	ip_parse(ip_is_v6(walk->to) ? interface->row.address6 : interface->row.address, &address);
	return address;
}

static struct way_hop *last_hop(const struct walk *walk)
{
	return &walk->way->hops[walk->way->count - 1];
}

static enum verdict refuse(const struct walk *walk, enum sp_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "behind the NAT gateway nat-… (10.0.1.7), the route 0.0.0.0/0 of rtb-… leads nowhere: …" */
static enum verdict refuse(const struct walk *walk, enum sp_code code, const char *format, ...)
{
	const struct way_hop *hop = last_hop(walk);
	struct way before = *walk->way;
	SP_AUTO_BUFFER behind = { 0 };
	va_list args;
	before.count--;
	if (before.count > 0) {
		sp_buffer_add_text(&behind, "behind ");
		way_name_hops(&before, &behind);
		sp_buffer_add_text(&behind, ", ");
	}
	va_start(args, format);
	sp_fail_va(walk->err, code, format, args);
	va_end(args);
	sp_wrap(walk->err, "%sthe route %s of %s %s", sp_buffer_text(&behind), hop->destination,
		hop->table_id, code == SP_CONFLICT ? "cannot be used yet" : "leads nowhere");
	return FAILS;
}

static enum verdict end_at(struct walk *walk, enum way_end end)
{
	walk->way->end = end;
	return ENDS;
}

/* Goes on from @interface, unless it was there already: a table knows only where a packet wants to, so it would be there
 * for ever. */
static enum verdict pass(struct walk *walk, const struct way_interface *interface)
{
	struct way *way = walk->way;
	struct way_hop *hop = last_hop(walk);
	for (size_t i = 0; i + 1 < way->count; i++)
		if (strcmp(way->hops[i].interface_id, interface->row.id) == 0)
			return refuse(
				walk, SP_UNREACHABLE,
				"it leads in a circle, back to %s; its subnet %s needs a route "
				"table of its own",
				hop->target_id, interface->row.subnet_id);
	memcpy(hop->interface_id, interface->row.id, sizeof(hop->interface_id));
	hop->address = address_of(walk, interface);
	walk->at = interface;
	return GOES_ON;
}

static enum verdict pass_nat(struct walk *walk, const char *id)
{
	const struct nat_gateway *nat = find_nat(walk->world, id);
	if (nat == NULL)
		return refuse(walk, SP_UNREACHABLE, "there is no NAT gateway %s any more", id);
	switch (nat->state) {
	case NAT_PENDING:
		return refuse(walk, SP_CONFLICT, "the NAT gateway %s is still being made", id);
	case NAT_FAILED:
		return refuse(walk, SP_UNREACHABLE, "the NAT gateway %s failed: %s", id,
			      nat->failure == NULL ? "sallyport-netd gave no reason"
						   : nat->failure);
	case NAT_DELETED:
		return refuse(walk, SP_UNREACHABLE, "the NAT gateway %s was deleted", id);
	case NAT_AVAILABLE:
		break;
	}
	const struct way_interface *interface = find_interface(walk->world, nat->interface_id);
	if (interface == NULL)
		return refuse(walk, SP_UNREACHABLE,
			      "the NAT gateway %s has lost its network interface %s", id,
			      nat->interface_id);
	walk->source = interface;
	walk->source_hops = walk->way->count;
	return pass(walk, interface);
}

/* No route of IPv6 can be made to them, so this is for tables that somebody else wrote. */
static enum verdict refuse_v6(const struct walk *walk)
{
	return refuse(walk, SP_UNREACHABLE,
		      "IPv6 does not go through %s, which translates addresses of IPv4",
		      last_hop(walk)->target_id);
}

static enum verdict follow_nat(struct walk *walk, const struct route *route)
{
	if (ip_is_v6(walk->to))
		return refuse_v6(walk);
	return pass_nat(walk, route->target_id);
}

static enum verdict follow_interface(struct walk *walk, const struct route *route)
{
	const char *id = route->target_id;
	const struct way_interface *interface = find_interface(walk->world, id);
	if (interface == NULL)
		return refuse(walk, SP_UNREACHABLE, "there is no network interface %s any more",
			      id);
	switch (interface->row.kind) {
	case INTERFACE_OF_GATEWAY:
		return refuse(walk, SP_UNREACHABLE,
			      "%s belongs to the resource gateway %s, which lets nothing through",
			      id, interface->row.owner_id);
	case INTERFACE_OF_NAT:
		if (ip_is_v6(walk->to))
			return refuse_v6(walk);
		last_hop(walk)->target = ROUTE_NAT_GATEWAY;
		memcpy(last_hop(walk)->target_id, interface->row.owner_id, NETWORK_ID_SIZE);
		return pass_nat(walk, interface->row.owner_id);
	case INTERFACE_OF_USER:
		break;
	}
	if (ip_is_none(address_of(walk, interface)))
		return refuse(walk, SP_UNREACHABLE, "%s has no address of IPv6", id);
	if (interface->is_external) {
		enum verdict verdict = pass(walk, interface);
		return verdict == GOES_ON ? end_at(walk, WAY_EXTERNAL) : verdict;
	}
	if (interface->row.checks_addresses)
		return refuse(walk, SP_UNREACHABLE,
			      "%s drops what is not for itself, as its source/destination check "
			      "is on",
			      id);
	return pass(walk, interface);
}

/* Whose Elastic IP the connection leaves as: that of its source, or of the last appliance that could put its own address
 * in the place of it. NULL: nobody's. */
static const struct way_interface *find_public(const struct walk *walk)
{
	const struct way *way = walk->way;
	if (walk->source->public_address[0] != '\0')
		return walk->source;
	for (size_t i = way->count - 1; i > walk->source_hops; i--) {
		const struct way_interface *appliance =
			find_interface(walk->world, way->hops[i - 1].interface_id);
		if (appliance != NULL && appliance->public_address[0] != '\0')
			return appliance;
	}
	return NULL;
}

static enum verdict refuse_private(const struct walk *walk)
{
	const struct network_interface *source = &walk->source->row;
	if (source->kind == INTERFACE_OF_NAT)
		return refuse(walk, SP_UNREACHABLE,
			      "the NAT gateway %s has no Elastic IP address to go through %s with",
			      source->owner_id, walk->world->internet_id);
	return refuse(walk, SP_UNREACHABLE,
		      "%s (%s) has no Elastic IP address to go through %s with; lead it through a "
		      "public NAT gateway",
		      source->id, source->address, walk->world->internet_id);
}

static enum verdict follow_internet(struct walk *walk, const struct route *route)
{
	struct way *way = walk->way;
	if (ip_is_v6(walk->to))
		return refuse_v6(walk);
	const char *attached = walk->world->internet_id;
	if (attached == NULL || strcmp(attached, route->target_id) != 0)
		return refuse(walk, SP_UNREACHABLE, "the internet gateway %s is not attached to %s",
			      route->target_id, walk->world->vpc->id);
	const struct way_interface *public = find_public(walk);
	if (public == NULL)
		return refuse_private(walk);
	if (public != walk->source)
		memcpy(way->translator_id, public->row.id, sizeof(way->translator_id));
	memcpy(way->allocation_id, public->allocation_id, sizeof(way->allocation_id));
	ip_parse(public->public_address, &way->source);
	return end_at(walk, WAY_PUBLIC);
}

static enum verdict follow_local(struct walk *walk, const struct route *route)
{
	(void)route;
	return end_at(walk, WAY_INSIDE);
}

typedef enum verdict follow_fn(struct walk *walk, const struct route *route);

static follow_fn *const follow[] = {
	[ROUTE_INTERNET_GATEWAY] = follow_internet,
	[ROUTE_NAT_GATEWAY] = follow_nat,
	[ROUTE_INTERFACE] = follow_interface,
	[ROUTE_LOCAL] = follow_local,
};

/* What the table of the subnet that the packet is in now says. */
static enum verdict ask_table(struct walk *walk, const struct way_subnet *subnet,
			      struct way_hop *hop)
{
	const struct way_world *world = walk->world;
	bool is_local;
	const struct route *route = routes_choose(
		world->routes, world->route_count, subnet->table_id,
		cidr_is_none(&walk->local) ? NULL : &walk->local, walk->to, &is_local);
	memcpy(hop->table_id, subnet->table_id, sizeof(hop->table_id));
	if (is_local) {
		cidr_text(&walk->local, hop->destination);
		return end_at(walk, WAY_INSIDE);
	}
	if (route == NULL)
		return end_at(walk, WAY_BY_ROUTER);
	memcpy(hop->destination, route->destination, sizeof(hop->destination));
	if ((size_t)route->target >= SP_COUNT_OF(follow))
		return refuse(walk, SP_UNREACHABLE, "nobody knows what kind of thing %s is",
			      route->target_id);
	memcpy(hop->target_id, route->target_id, sizeof(hop->target_id));
	hop->target = route->target;
	return follow[route->target](walk, route);
}

static enum verdict step(struct walk *walk)
{
	struct way *way = walk->way;
	const struct network_interface *at = &walk->at->row;
	const struct way_subnet *subnet = find_subnet(walk->world, at->subnet_id);
	if (subnet == NULL) {
		sp_fail(walk->err, SP_INTERNAL, "cannot find the subnet %s of %s", at->subnet_id,
			at->id);
		return FAILS;
	}
	if (way->count == WAY_HOPS_MAX)
		return refuse(walk, SP_UNREACHABLE, "more than %d routes would follow each other",
			      WAY_HOPS_MAX);
	struct way_hop *hop = &way->hops[way->count++];
	*hop = (struct way_hop){ .target = ROUTE_LOCAL };
	const struct cidr *own = ip_is_v6(walk->to) ? &subnet->cidr6 : &subnet->cidr;
	if (cidr_is_none(own) || !cidr_contains(own, walk->to))
		return ask_table(walk, subnet, hop);
	cidr_text(own, hop->destination);
	return end_at(walk, WAY_INSIDE);
}

int way_find(const struct way_world *world, const char *from, struct ip_address to, struct way *out,
	     struct sp_error *err)
{
	const struct way_interface *first = find_interface(world, from);
	struct walk walk = {
		.world = world, .to = to, .way = out, .at = first, .source = first, .err = err
	};
	*out = (struct way){ 0 };
	if (first == NULL)
		return sp_fail(err, SP_INTERNAL, "cannot find the network interface %s", from);
	const char *local = ip_is_v6(to) ? world->vpc->cidr6 : world->vpc->cidr;
	if (!cidr_parse_optional(local, &walk.local))
		return sp_fail(err, SP_INTERNAL, "cannot use %s with the block \"%s\"",
			       world->vpc->id, local);
	if (ip_is_none(address_of(&walk, first)))
		return sp_fail(err, SP_UNREACHABLE, "%s has no address of %s", from,
			       ip_is_v6(to) ? "IPv6" : "IPv4");
	enum verdict verdict;
	do {
		verdict = step(&walk);
	} while (verdict == GOES_ON);
	if (verdict == FAILS)
		return -1;
	if (out->end != WAY_PUBLIC)
		out->source = address_of(&walk, walk.source);
	return 0;
}

/* ---- words --------------------------------------------------------------------------------------------------------- */

static void name_target(const struct way_hop *hop, struct sp_buffer *out)
{
	static const char *const nouns[] = {
		[ROUTE_INTERNET_GATEWAY] = "internet gateway",
		[ROUTE_NAT_GATEWAY] = "NAT gateway",
		[ROUTE_INTERFACE] = "appliance",
	};
	char address[ADDRESS_TEXT_SIZE];
	sp_buffer_format(out, "the %s %s", nouns[hop->target], hop->target_id);
	if (hop->interface_id[0] == '\0')
		return;
	ip_text(hop->address, address);
	sp_buffer_format(out, " (%s)", address);
}

static void describe_hop(const struct way_hop *hop, struct sp_buffer *out)
{
	if (hop->target != ROUTE_LOCAL) {
		sp_buffer_format(out, "by the route %s of %s through ", hop->destination,
				 hop->table_id);
		name_target(hop, out);
	} else if (hop->table_id[0] == '\0') {
		sp_buffer_format(out, "inside the subnet's own %s", hop->destination);
	} else if (hop->destination[0] == '\0') {
		sp_buffer_format(out, "by the VPC's router's own routes, as none of %s leads there",
				 hop->table_id);
	} else {
		sp_buffer_format(out, "by the route %s (local) of %s", hop->destination,
				 hop->table_id);
	}
}

void way_describe(const struct way *way, struct sp_buffer *out)
{
	for (size_t i = 0; i < way->count; i++) {
		if (i > 0)
			sp_buffer_add_text(out, ", then ");
		describe_hop(&way->hops[i], out);
	}
	if (way->end == WAY_EXTERNAL)
		sp_buffer_add_text(out, ", a machine that leads on by itself");
	if (way->end != WAY_PUBLIC)
		return;
	char source[ADDRESS_TEXT_SIZE];
	ip_text(way->source, source);
	sp_buffer_format(out, " as %s (%s)", source, way->allocation_id);
	if (way->translator_id[0] != '\0')
		sp_buffer_format(out, ", if %s puts its own address in place of the connection's",
				 way->translator_id);
}

void way_name_hops(const struct way *way, struct sp_buffer *out)
{
	size_t count = 0, told = 0;
	for (size_t i = 0; i < way->count; i++)
		count += way->hops[i].interface_id[0] != '\0';
	for (size_t i = 0; i < way->count; i++) {
		if (way->hops[i].interface_id[0] == '\0')
			continue;
		told++;
		if (told > 1)
			sp_buffer_add_text(out, told == count ? " and " : ", ");
		name_target(&way->hops[i], out);
	}
}

bool way_translates(const struct way *way)
{
	bool translates = way->end == WAY_PUBLIC;
	for (size_t i = 0; i < way->count; i++)
		translates = translates || way->hops[i].target == ROUTE_NAT_GATEWAY;
	return translates;
}

void way_describe_between(const struct way *way, struct sp_buffer *out)
{
	SP_AUTO_BUFFER names = { 0 };
	char source[ADDRESS_TEXT_SIZE];
	way_name_hops(way, &names);
	if (names.length > 0)
		sp_buffer_format(out, "behind %s", sp_buffer_text(&names));
	if (!way_translates(way))
		return;
	ip_text(way->source, source);
	sp_buffer_format(out, "%sas %s", names.length > 0 ? ", " : "", source);
}
