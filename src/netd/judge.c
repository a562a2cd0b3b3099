#include "netd/judge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/names.h"
#include "network/cidr.h"

enum {
	BLOCK_BITS_MIN = 1,
	BLOCK_BITS_MAX = 30, /* room for a router and an interface */
	BLOCK6_BITS_MIN = 16,
	BLOCK6_BITS_MAX = 126, /* the same */
	MAC_BYTES = 6,
	MULTICAST_BIT = 1,
	LOCAL_BIT = 2,
};

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

/* ---- VPCs and subnets ------------------------------------------------------------------------------------------ */

static int check_block(const struct netd_message *message, struct sp_error *err)
{
	char text[CIDR_TEXT_SIZE];
	cidr_text(&message->cidr, text);
	if (cidr_is_v6(&message->cidr) || message->cidr.bits < BLOCK_BITS_MIN ||
	    message->cidr.bits > BLOCK_BITS_MAX)
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not between a /%d and a /%d",
			       message->id, text, BLOCK_BITS_MIN, BLOCK_BITS_MAX);
	cidr_text(&message->cidr6, text);
	if (!cidr_is_none(&message->cidr6) &&
	    (!cidr_is_v6(&message->cidr6) || message->cidr6.bits < BLOCK6_BITS_MIN ||
	     message->cidr6.bits > BLOCK6_BITS_MAX))
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not between a /%d and a /%d",
			       message->id, text, BLOCK6_BITS_MIN, BLOCK6_BITS_MAX);
	return 0;
}

static int check_vpc(const struct plan *plan, const struct netd_message *message,
		     struct sp_error *err)
{
	(void)plan;
	return check_block(message, err);
}

static bool is_inside(const struct cidr *subnet, struct ip_address address)
{
	return cidr_contains(subnet, address) && !ip_equal(address, subnet->address) &&
	       !ip_equal(address, cidr_last(subnet));
}

/* Two of a kind whose names in the kernel are the same (1 of 2^48), or whose blocks overlap, cannot both be there. */
static int check_neighbours_of_subnet(const struct plan *plan, const struct netd_message *message,
				      struct sp_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *other = &plan->things[i];
		if (other->kind != THING_SUBNET || !plan_is_named(plan, other) ||
		    strcmp(other->parent, message->parent) != 0 ||
		    strcmp(other->id, message->id) == 0)
			continue;
		if (cidr_overlaps(&other->cidr, &message->cidr) ||
		    (!cidr_is_none(&other->cidr6) && !cidr_is_none(&message->cidr6) &&
		     cidr_overlaps(&other->cidr6, &message->cidr6)) ||
		    ids_share_link(other->id, message->id))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its block or name is also that of %s",
				       message->id, other->id);
	}
	return 0;
}

static int check_uplink(const struct netd_message *message, struct sp_error *err)
{
	if (message->uplink[0] != '\0' && !interface_name_is_good(message->uplink))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: \"%s\" is not the name of an interface",
			       message->id, message->uplink);
	return 0;
}

/* In one router two tables must not be the same one of the kernel's (1 of 2^28). */
static int check_number(const struct plan *plan, const struct netd_message *message,
			const char *table, const char *vpc, struct sp_error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *other = &plan->things[i];
		const char *theirs = other->kind == THING_TABLE ? other->id : other->table;
		if (!plan_is_named(plan, other) || strcmp(other->parent, vpc) != 0 ||
		    theirs[0] == '\0' || strcmp(theirs, table) == 0)
			continue;
		if (table_number(theirs) == table_number(table))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: the number of %s is also that of %s",
				       message->id, table, theirs);
	}
	return 0;
}

/* The table may come later: until then the subnet leads nowhere. */
static int check_table_of_subnet(const struct plan *plan, const struct netd_message *message,
				 struct sp_error *err)
{
	if (message->uplink[0] != '\0' && message->table[0] != '\0')
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: with an uplink it goes by no table", message->id);
	if (message->table[0] == '\0')
		return 0;
	if (!id_is(message->table, TABLE_PREFIX))
		return sp_fail(err, SP_INVALID, "cannot make %s: \"%s\" is no id of a route table",
			       message->id, message->table);
	const struct thing *table = plan_find(plan, message->table);
	if (table != NULL && strcmp(table->parent, message->parent) != 0)
		return sp_fail(err, SP_INVALID, "cannot make %s: its table %s is one of %s",
			       message->id, table->id, table->parent);
	return check_number(plan, message, message->table, message->parent, err);
}

/* Both of IPv6, or neither. */
static int check_subnet6(const struct netd_message *message, const struct thing *vpc,
			 struct sp_error *err)
{
	bool has_block = !cidr_is_none(&message->cidr6);
	char block[CIDR_TEXT_SIZE], whole[CIDR_TEXT_SIZE], router[ADDRESS_TEXT_SIZE];
	cidr_text(&message->cidr6, block);
	cidr_text(&vpc->cidr6, whole);
	ip_text(message->router6, router);
	if (!has_block && ip_is_none(message->router6))
		return 0;
	if (!has_block || cidr_is_none(&vpc->cidr6) || !cidr_covers(&vpc->cidr6, &message->cidr6))
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not in its VPC's %s",
			       message->id, block, whole);
	if (!is_inside(&message->cidr6, message->router6))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: its router %s is no address of a host in %s",
			       message->id, router, block);
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
	ip_text(message->router, router);
	if (!cidr_covers(&vpc->cidr, &message->cidr))
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not in its VPC's %s",
			       message->id, block, whole);
	if (!is_inside(&message->cidr, message->router))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: its router %s is no address of a host in %s",
			       message->id, router, block);
	if (check_subnet6(message, vpc, err) != 0 || check_uplink(message, err) != 0 ||
	    check_table_of_subnet(plan, message, err) != 0)
		return -1;
	return check_neighbours_of_subnet(plan, message, err);
}

/* ---- ways out -------------------------------------------------------------------------------------------------- */

/* No address of IPv4 of one host in a network of others. */
static bool is_special(struct ip_address address)
{
	static const struct cidr special[] = {
		{ IPV4(0x00000000), 8 }, /* "this network" */
		{ IPV4(0x7f000000), 8 }, /* loopback */
		{ IPV4(0xe0000000), 3 }, /* many hosts, and what was never given to anybody */
	};
	for (size_t i = 0; i < SP_COUNT_OF(special); i++)
		if (cidr_contains(&special[i], address))
			return true;
	return ip_is_v6(address);
}

static int compare_addresses(const void *left, const void *right)
{
	return ip_compare(*(const struct ip_address *)left, *(const struct ip_address *)right);
}

/* @addresses are put in order. */
static int check_once(const struct netd_message *message, struct ip_address *addresses,
		      struct sp_error *err)
{
	qsort(addresses, message->mapping_count, sizeof(*addresses), compare_addresses);
	for (uint32_t i = 1; i < message->mapping_count; i++) {
		char text[ADDRESS_TEXT_SIZE];
		ip_text(addresses[i], text);
		if (ip_equal(addresses[i], addresses[i - 1]))
			return sp_fail(err, SP_INVALID, "cannot make %s: %s is mapped twice",
				       message->id, text);
	}
	return 0;
}

static int check_mapping(const struct netd_message *message, const struct thing *vpc,
			 const struct netd_mapping *mapping, struct sp_error *err)
{
	char inside[ADDRESS_TEXT_SIZE], outside[ADDRESS_TEXT_SIZE], block[CIDR_TEXT_SIZE];
	ip_text(mapping->private_address, inside);
	ip_text(mapping->public_address, outside);
	cidr_text(&vpc->cidr, block);
	if (!cidr_contains(&vpc->cidr, mapping->private_address))
		return sp_fail(err, SP_INVALID, "cannot make %s: %s is not in its VPC's %s",
			       message->id, inside, block);
	if (is_special(mapping->public_address) ||
	    cidr_contains(&vpc->cidr, mapping->public_address))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: %s is no public address of one host", message->id,
			       outside);
	return 0;
}

static int check_mappings(const struct netd_message *message, const struct thing *vpc,
			  struct sp_error *err)
{
	size_t size = (message->mapping_count + 1) * sizeof(struct ip_address);
	SP_AUTO_FREE struct ip_address *inside = sp_alloc(size);
	SP_AUTO_FREE struct ip_address *outside = sp_alloc(size);
	for (uint32_t i = 0; i < message->mapping_count; i++) {
		if (check_mapping(message, vpc, &message->mappings[i], err) != 0)
			return -1;
		inside[i] = message->mappings[i].private_address;
		outside[i] = message->mappings[i].public_address;
	}
	if (check_once(message, inside, err) != 0)
		return -1;
	return check_once(message, outside, err);
}

static int check_internet(const struct plan *plan, const struct netd_message *message,
			  struct sp_error *err)
{
	const struct thing *vpc = find_parent(plan, message, VPC_PREFIX, err);
	if (vpc == NULL || check_uplink(message, err) != 0)
		return -1;
	char router[ADDRESS_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
	ip_text(message->router, router);
	ip_text(message->address, address);
	if (message->uplink[0] != '\0' && is_special(message->router))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: its router %s is no address of one host",
			       message->id, router);
	if (!ip_is_none(message->address) && (is_special(message->address) || message->bits == 0 ||
					      ip_equal(message->address, message->router)))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: %s/%u is no address that it could have",
			       message->id, address, message->bits);
	const struct thing *other = plan_internet_of(plan, message->parent);
	if (other != NULL && strcmp(other->id, message->id) != 0)
		return sp_fail(err, SP_CONFLICT, "cannot make %s: %s has %s already", message->id,
			       message->parent, other->id);
	return check_mappings(message, vpc, err);
}

/* Where its routes lead is looked at one by one when they are made: one that leads nowhere must not keep the others. */
static int check_table(const struct plan *plan, const struct netd_message *message,
		       struct sp_error *err)
{
	if (find_parent(plan, message, VPC_PREFIX, err) == NULL)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *subnet = &plan->things[i];
		if (subnet->kind == THING_SUBNET && plan_is_named(plan, subnet) &&
		    strcmp(subnet->table, message->id) == 0 &&
		    strcmp(subnet->parent, message->parent) != 0)
			return sp_fail(err, SP_INVALID,
				       "cannot make %s: %s goes by it, and is one of %s",
				       message->id, subnet->id, subnet->parent);
	}
	return check_number(plan, message, message->id, message->parent, err);
}

/* ---- ENIs ------------------------------------------------------------------------------------------------------ */

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
	char v4[ADDRESS_TEXT_SIZE], v6[ADDRESS_TEXT_SIZE];
	ip_text(message->address, v4);
	ip_text(message->address6, v6);
	for (size_t i = 0; i < plan->count; i++) {
		const struct thing *other = &plan->things[i];
		if (other->kind != THING_INTERFACE || !plan_is_named(plan, other) ||
		    strcmp(other->id, message->id) == 0)
			continue;
		if (ids_share_link(other->id, message->id))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its name is also that of %s", message->id,
				       other->id);
		bool has_v4 = ip_equal(other->address, message->address);
		bool has_v6 = !ip_is_none(message->address6) &&
			      ip_equal(other->address6, message->address6);
		if (strcmp(other->parent, message->parent) == 0 && (has_v4 || has_v6))
			return sp_fail(err, SP_CONFLICT,
				       "cannot make %s: its address %s is that of %s", message->id,
				       has_v4 ? v4 : v6, other->id);
	}
	return 0;
}

static int check_servers(const struct netd_message *message, struct sp_error *err)
{
	for (uint32_t i = 0; i < message->server_count; i++)
		if (ip_is_none(message->servers[i].address) || message->servers[i].port == 0)
			return sp_fail(err, SP_INVALID,
				       "cannot make %s: a name server has no address or no port",
				       message->id);
	return 0;
}

static int check_address(const struct netd_message *message, const struct cidr *block,
			 struct ip_address router, struct ip_address first,
			 struct ip_address address, struct sp_error *err)
{
	char block_text[CIDR_TEXT_SIZE], text[ADDRESS_TEXT_SIZE];
	cidr_text(block, block_text);
	ip_text(address, text);
	if (cidr_is_none(block) || !is_inside(block, address))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: %s is no address of a host in its subnet's %s",
			       message->id, text, block_text);
	if (ip_equal(address, router) || ip_equal(address, first))
		return sp_fail(err, SP_CONFLICT,
			       "cannot make %s: %s is the address of its subnet's router",
			       message->id, text);
	return 0;
}

/* On an uplink the first address is nobody's of ours. */
static int check_addresses(const struct netd_message *message, const struct thing *subnet,
			   struct sp_error *err)
{
	bool is_bridge = subnet->uplink[0] == '\0';
	struct ip_address first = is_bridge ? subnet_first_address(subnet) : subnet->router;
	struct ip_address first6 = is_bridge ? subnet_first_address6(subnet) : subnet->router6;
	if (check_address(message, &subnet->cidr, subnet->router, first, message->address, err) !=
	    0)
		return -1;
	return ip_is_none(message->address6)
		       ? 0
		       : check_address(message, &subnet->cidr6, subnet->router6, first6,
				       message->address6, err);
}

static int check_interface(const struct plan *plan, const struct netd_message *message,
			   struct sp_error *err)
{
	const struct thing *subnet = find_parent(plan, message, SUBNET_PREFIX, err);
	if (subnet == NULL)
		return -1;
	if (check_addresses(message, subnet, err) != 0)
		return -1;
	if (!mac_is_good(message->mac))
		return sp_fail(err, SP_INVALID,
			       "cannot make %s: \"%s\" is not a local hardware address of one host",
			       message->id, message->mac);
	if (check_servers(message, err) != 0)
		return -1;
	return check_neighbours_of_interface(plan, message, err);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static const struct form {
	enum netd_kind message;
	const char *prefix;
	int (*check)(const struct plan *plan, const struct netd_message *message,
		     struct sp_error *err);
} forms[] = {
	{ NETD_VPC, VPC_PREFIX, check_vpc },
	{ NETD_SUBNET, SUBNET_PREFIX, check_subnet },
	{ NETD_INTERNET, INTERNET_PREFIX, check_internet },
	{ NETD_TABLE, TABLE_PREFIX, check_table },
	{ NETD_ENI, INTERFACE_PREFIX, check_interface },
};

static const struct form *form_of(enum netd_kind kind)
{
	for (size_t i = 0; i < SP_COUNT_OF(forms); i++)
		if (forms[i].message == kind)
			return &forms[i];
	return NULL;
}

int judge(const struct plan *plan, const struct netd_message *message, struct sp_error *err)
{
	const struct form *form = form_of(message->kind);
	assert(form != NULL);
	if (!id_is(message->id, form->prefix))
		return sp_fail(err, SP_INVALID,
			       "cannot make \"%s\": an id is \"%s\" and %d hex digits", message->id,
			       form->prefix, ID_DIGITS);
	return form->check(plan, message, err);
}
