#include "netd/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define HEX_DIGITS "0123456789abcdef"

#define NAMESPACE_PREFIX "sp-"

static_assert(sizeof(BRIDGE_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE, "names of bridges fit");
static_assert(sizeof(PORT_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE, "names of ports fit");
static_assert(sizeof(WAY_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE, "names of ways out fit");
static_assert(sizeof(HOST_END_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE,
	      "names of the host's ends fit");

/* The kernel's own tables and those that people choose are far from these. */
enum {
	TABLE_NUMBERS = 0x10000000,
	TABLE_NUMBER_DIGITS = 7, /* of the id */
	TABLE_NUMBER_MASK = 0x0fffffff,
};

static bool is_hex(const char *text, size_t digits)
{
	return strlen(text) == digits && strspn(text, HEX_DIGITS) == digits;
}

bool id_is(const char *id, const char *prefix)
{
	return sp_text_starts_with(id, prefix) && is_hex(id + strlen(prefix), ID_DIGITS);
}

bool owner_is_good(const char *owner)
{
	return is_hex(owner, NETD_OWNER_SIZE - 1);
}

bool interface_name_is_good(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length >= INTERFACE_NAME_SIZE || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '/' || *at == ':')
			return false;
	return true;
}

void namespace_name(const char *owner, const char *id, char out[NAMESPACE_NAME_SIZE])
{
	snprintf(out, NAMESPACE_NAME_SIZE, NAMESPACE_PREFIX "%s-%s", owner, id);
}

const char *namespace_name_id(const char *name, const char *owner)
{
	char prefix[NAMESPACE_NAME_SIZE];
	namespace_name(owner, "", prefix);
	if (!sp_text_starts_with(name, prefix))
		return NULL;
	const char *id = name + strlen(prefix);
	return id_is(id, VPC_PREFIX) || id_is(id, INTERFACE_PREFIX) || id_is(id, INTERNET_PREFIX)
		       ? id
		       : NULL;
}

/* Which ids have interfaces in a router, and how these begin. */
static const struct {
	const char *id, *link;
} links[] = {
	{ SUBNET_PREFIX, BRIDGE_PREFIX },
	{ INTERFACE_PREFIX, PORT_PREFIX },
	{ INTERNET_PREFIX, WAY_PREFIX },
};

static void link_name(const char *id, const char *id_prefix, const char *link_prefix,
		      char out[INTERFACE_NAME_SIZE])
{
	assert(id_is(id, id_prefix));
	snprintf(out, INTERFACE_NAME_SIZE, "%s%.*s", link_prefix, LINK_DIGITS,
		 id + strlen(id_prefix));
}

void bridge_name(const char *subnet_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(subnet_id, SUBNET_PREFIX, BRIDGE_PREFIX, out);
}

void port_name(const char *interface_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(interface_id, INTERFACE_PREFIX, PORT_PREFIX, out);
}

void way_name(const char *internet_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(internet_id, INTERNET_PREFIX, WAY_PREFIX, out);
}

void host_end_name(const char *internet_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(internet_id, INTERNET_PREFIX, HOST_END_PREFIX, out);
}

static bool is_name_with(const char *name, const char *prefix)
{
	return sp_text_starts_with(name, prefix) && is_hex(name + strlen(prefix), LINK_DIGITS);
}

bool is_host_end(const char *name)
{
	return is_name_with(name, HOST_END_PREFIX);
}

bool link_is_ours(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(links); i++)
		if (is_name_with(name, links[i].link))
			return true;
	return false;
}

bool link_is_of(const char *name, const char *id)
{
	for (size_t i = 0; i < SP_COUNT_OF(links); i++)
		if (sp_text_starts_with(name, links[i].link) &&
		    sp_text_starts_with(id, links[i].id) &&
		    strncmp(name + strlen(links[i].link), id + strlen(links[i].id), LINK_DIGITS) ==
			    0)
			return true;
	return false;
}

bool ids_share_link(const char *a, const char *b)
{
	for (size_t i = 0; i < SP_COUNT_OF(links); i++)
		if (sp_text_starts_with(a, links[i].id) && sp_text_starts_with(b, links[i].id))
			return strncmp(a + strlen(links[i].id), b + strlen(links[i].id),
				       LINK_DIGITS) == 0;
	return false;
}

static const char *digits_of(const char *id)
{
	const char *dash = strchr(id, '-');
	assert(dash != NULL && is_hex(dash + 1, ID_DIGITS));
	return dash + 1;
}

void own_mac(const char *id, char out[MAC_TEXT_SIZE])
{
	const char *at = digits_of(id);
	snprintf(out, MAC_TEXT_SIZE, "02:%.2s:%.2s:%.2s:%.2s:%.2s", at, at + 2, at + 4, at + 6,
		 at + 8);
}

uint32_t table_number(const char *table_id)
{
	assert(id_is(table_id, TABLE_PREFIX));
	char digits[TABLE_NUMBER_DIGITS + 1];
	memcpy(digits, digits_of(table_id), TABLE_NUMBER_DIGITS);
	digits[TABLE_NUMBER_DIGITS] = '\0';
	return TABLE_NUMBERS | (uint32_t)strtoul(digits, NULL, 16);
}

bool table_number_is_ours(uint32_t number)
{
	return (number & ~(uint32_t)TABLE_NUMBER_MASK) == TABLE_NUMBERS;
}
