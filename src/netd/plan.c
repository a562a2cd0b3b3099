#include "netd/plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/names.h"
#include "network/cidr.h"

enum {
	BLOCK_BITS_MIN = 1,
	BLOCK_BITS_MAX = 30, /* room for a router and an interface */
	ADDRESS_BITS = 32,
	MAC_BYTES = 6,
	MULTICAST_BIT = 1,
	LOCAL_BIT = 2,
};

void plan_finish(struct plan *plan)
{
	free(plan->things);
	*plan = (struct plan){ 0 };
}

int plan_own(struct plan *plan, const char *owner, struct sp_error *err)
{
	if (!owner_is_good(owner))
		return sp_fail(err, SP_INVALID,
			       "cannot take \"%s\" for an owner: it is not %d hex digits", owner,
			       NETD_OWNER_SIZE - 1);
	if (plan->owner[0] != '\0' && strcmp(plan->owner, owner) != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot serve owner %s on the connection of owner %s", owner,
			       plan->owner);
	snprintf(plan->owner, sizeof(plan->owner), "%s", owner);
	plan->count = 0;
	plan->is_naming = false;
	return 0;
}

void plan_begin(struct plan *plan)
{
	plan->round++;
	plan->is_naming = true;
}

int plan_end(struct plan *plan, struct sp_error *err)
{
	if (!plan->is_naming)
		return sp_fail(err, SP_CONFLICT, "cannot end what was not begun");
	size_t kept = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->things[i].round == plan->round)
			plan->things[kept++] = plan->things[i];
	plan->count = kept;
	plan->is_naming = false;
	return 0;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

static struct thing *find_any(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->things[i].id, id) == 0)
			return &plan->things[i];
	return NULL;
}

/* What an open round has not named yet may be on its way out: it is in nobody's way and carries nothing. */
static bool is_named(const struct plan *plan, const struct thing *thing)
{
	return !plan->is_naming || thing->round == plan->round;
}

const struct thing *plan_find(const struct plan *plan, const char *id)
{
	const struct thing *thing = find_any(plan, id);
	return thing != NULL && is_named(plan, thing) ? thing : NULL;
}

static const struct thing *find_parent(const struct plan *plan, const struct netd_message *message,
				       const char *prefix, struct sp_error *err)
{
	const struct thing *parent = plan_find(plan, message->parent);
	if (parent != NULL && id_is(parent->id, prefix))
		return parent;
	sp_fail(err, SP_NOT_FOUND, "cannot make %s: its \"%s\" was not named", message->id,
		message->parent);
	return NULL;
}

bool plan_has_link(const struct plan *plan, const char *link_name)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *thing = &plan->things[i];
		if (is_named(plan, thing) && link_is_of(link_name, thing->id))
			return true;
	}
	return false;
}

uint32_t subnet_first_address(const struct thing *subnet)
{
	return subnet->cidr.address + 1;
}

static uint32_t last_address(const struct cidr *cidr)
{
	return cidr->address | (UINT32_MAX >> cidr->bits);
}

/* ---- judging --------------------------------------------------------------------------------------------------- */

static int check_block(const struct netd_message *message, struct sp_error *err)
{
	char text[CIDR_TEXT_SIZE];
	cidr_text(&message->cidr, text);
	if (message->cidr.bits < BLOCK_BITS_MIN || message->cidr.bits > BLOCK_BITS_MAX)
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not between a /%d and a /%d",
			       message->id, text, BLOCK_BITS_MIN, BLOCK_BITS_MAX);
	return 0;
}

static int check_vpc(const struct plan *plan, const struct netd_message *message,
		     struct sp_error *err)
{
	(void)plan;
	return check_block(message, err);
}

static bool is_inside(const struct cidr *subnet, uint32_t address)
{
	return cidr_contains(subnet, address) && address != subnet->address &&
	       address != last_address(subnet);
}

/* Two of a kind whose names in the kernel are the same (1 of 2^48), or whose blocks overlap, cannot both be there. */
static int check_neighbours_of_subnet(const struct plan *plan, const struct netd_message *message,
				      struct sp_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *other = &plan->things[i];
		if (other->kind != THING_SUBNET || !is_named(plan, other) ||
		    strcmp(other->parent, message->parent) != 0 ||
		    strcmp(other->id, message->id) == 0)
			continue;
		if (cidr_overlaps(&other->cidr, &message->cidr) ||
		    ids_share_link(other->id, message->id))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its block or name is also that of %s",
				       message->id, other->id);
	}
	return 0;
}

static int check_subnet(const struct plan *plan, const struct netd_message *message,
			struct sp_error *err)
{
	const struct thing *vpc = find_parent(plan, message, VPC_PREFIX, err);
	if (vpc == NULL || check_block(message, err) != 0)
		return -1;
	char block[CIDR_TEXT_SIZE], whole[CIDR_TEXT_SIZE], router[ADDRESS_TEXT_SIZE];
	cidr_text(&message->cidr, block);
	cidr_text(&vpc->cidr, whole);
	ipv4_text(message->router, router);
	if (!cidr_covers(&vpc->cidr, &message->cidr))
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not in its VPC's %s",
			       message->id, block, whole);
	if (!is_inside(&message->cidr, message->router))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: its router %s is no address of a host in %s",
			       message->id, router, block);
	if (message->uplink[0] != '\0' && !interface_name_is_good(message->uplink))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: \"%s\" is not the name of an interface",
			       message->id, message->uplink);
	return check_neighbours_of_subnet(plan, message, err);
}

static bool mac_is_good(const char *mac)
{
	uint8_t bytes[MAC_BYTES];
	if (strlen(mac) != MAC_TEXT_SIZE - 1)
		return false;
	for (int i = 0; i < MAC_BYTES; i++) {
		int high = sp_hex_value(mac[3 * i]), low = sp_hex_value(mac[3 * i + 1]);
		char end = mac[3 * i + 2];
		if (high == -1 || low == -1 || end != (i == MAC_BYTES - 1 ? '\0' : ':'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	/* Nobody's hardware is imitated. */
	return (bytes[0] & (MULTICAST_BIT | LOCAL_BIT)) == LOCAL_BIT;
}

static int check_neighbours_of_interface(const struct plan *plan,
					 const struct netd_message *message, struct sp_error *err)
{
	char address[ADDRESS_TEXT_SIZE];
	ipv4_text(message->address, address);
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *other = &plan->things[i];
		if (other->kind != THING_INTERFACE || !is_named(plan, other) ||
		    strcmp(other->id, message->id) == 0)
			continue;
		if (ids_share_link(other->id, message->id))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its name is also that of %s", message->id,
				       other->id);
		if (strcmp(other->parent, message->parent) == 0 &&
		    other->address == message->address)
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its address %s is that of %s", message->id,
				       address, other->id);
	}
	return 0;
}

static int check_servers(const struct netd_message *message, struct sp_error *err)
{
	for (uint32_t i = 0; i < message->server_count; i++)
		if (message->servers[i].address == 0 || message->servers[i].port == 0)
			return sp_fail(err, SP_INVALID,
				       "cannot make %s: a name server has no address or no port",
				       message->id);
	return 0;
}

static int check_interface(const struct plan *plan, const struct netd_message *message,
			   struct sp_error *err)
{
	const struct thing *subnet = find_parent(plan, message, SUBNET_PREFIX, err);
	if (subnet == NULL)
		return -1;
	char block[CIDR_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
	cidr_text(&subnet->cidr, block);
	ipv4_text(message->address, address);
	if (!is_inside(&subnet->cidr, message->address))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: %s is no address of a host in its subnet's %s",
			       message->id, address, block);
	if (message->address == subnet->router ||
	    (subnet->uplink[0] == '\0' && message->address == subnet_first_address(subnet)))
		return sp_fail(err, SP_CONFLICT,
			       "cannot make %s: %s is the address of its subnet's router",
			       message->id, address);
	if (!mac_is_good(message->mac))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: \"%s\" is not a local hardware address of one host",
			       message->id, message->mac);
	if (check_servers(message, err) != 0)
		return -1;
	return check_neighbours_of_interface(plan, message, err);
}

static const struct form {
	enum netd_kind message;
	enum thing_kind kind;
	const char *prefix;
	int (*check)(const struct plan *plan, const struct netd_message *message,
		     struct sp_error *err);
} forms[] = {
	{ NETD_VPC, THING_VPC, VPC_PREFIX, check_vpc },
	{ NETD_SUBNET, THING_SUBNET, SUBNET_PREFIX, check_subnet },
	{ NETD_ENI, THING_INTERFACE, INTERFACE_PREFIX, check_interface },
};

static const struct form *form_of(enum netd_kind kind)
{
	for (size_t i = 0; i < SP_COUNT_OF(forms); i++)
		if (forms[i].message == kind)
			return &forms[i];
	return NULL;
}

static struct thing *add(struct plan *plan, struct sp_error *err)
{
	if (plan->count == PLAN_THINGS_MAX) {
		sp_fail(err, SP_LIMIT, "cannot keep more than %d networks and interfaces",
			PLAN_THINGS_MAX);
		return NULL;
	}
	if (plan->count == plan->room) {
		plan->room = plan->room == 0 ? 64 : 2 * plan->room;
		plan->things = sp_realloc(plan->things, plan->room * sizeof(*plan->things));
	}
	return &plan->things[plan->count++];
}

int plan_put(struct plan *plan, const struct netd_message *message, const struct thing **out,
	     struct sp_error *err)
{
	const struct form *form = form_of(message->kind);
	assert(form != NULL);
	if (!id_is(message->id, form->prefix))
		return sp_fail(err, SP_INVALID,
			       "cannot make \"%s\": an id is \"%s\" and %d hex digits", message->id,
			       form->prefix, ID_DIGITS);
	if (form->check(plan, message, err) != 0)
		return -1;

	struct thing *thing = find_any(plan, message->id);
	if (thing != NULL && strcmp(thing->parent, message->parent) != 0)
		return sp_fail(err, SP_CONFLICT, "cannot move %s from %s to %s", message->id,
			       thing->parent, message->parent);
	if (thing == NULL && (thing = add(plan, err)) == NULL)
		return -1;
	*thing = (struct thing){ .kind = form->kind,
				 .cidr = message->cidr,
				 .router = message->router,
				 .address = message->address,
				 .round = plan->round };
	memcpy(thing->id, message->id, sizeof(thing->id));
	memcpy(thing->parent, message->parent, sizeof(thing->parent));
	memcpy(thing->uplink, message->uplink, sizeof(thing->uplink));
	memcpy(thing->mac, message->mac, sizeof(thing->mac));
	*out = thing;
	return 0;
}

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

static bool stands_on(const struct plan *plan, const struct thing *thing, const char *id)
{
	if (strcmp(thing->id, id) == 0 || strcmp(thing->parent, id) == 0)
		return true;
	const struct thing *parent = find_any(plan, thing->parent);
	return parent != NULL && strcmp(parent->parent, id) == 0;
}

void plan_drop(struct plan *plan, const char *id)
{
	SP_AUTO_FREE bool *goes = sp_alloc(plan->count + 1);
	for (size_t i = 0; i < plan->count; i++)
		goes[i] = stands_on(plan, &plan->things[i], id);
	size_t kept = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (!goes[i])
			plan->things[kept++] = plan->things[i];
	plan->count = kept;
}
