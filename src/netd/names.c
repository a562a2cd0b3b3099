#include "netd/names.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define HEX_DIGITS "0123456789abcdef"

#define NAMESPACE_PREFIX "sp-"

static_assert(sizeof(BRIDGE_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE, "names of bridges fit");
static_assert(sizeof(PORT_PREFIX) + LINK_DIGITS <= INTERFACE_NAME_SIZE, "names of ports fit");

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
	return id_is(id, VPC_PREFIX) || id_is(id, INTERFACE_PREFIX) ? id : NULL;
}

/* Which ids have interfaces, and how these begin. */
static const struct {
	const char *id, *link;
} links[] = { { SUBNET_PREFIX, BRIDGE_PREFIX }, { INTERFACE_PREFIX, PORT_PREFIX } };

static void link_name(const char *id, size_t form, char out[INTERFACE_NAME_SIZE])
{
	assert(id_is(id, links[form].id));
	snprintf(out, INTERFACE_NAME_SIZE, "%s%.*s", links[form].link, LINK_DIGITS,
		 id + strlen(links[form].id));
}

void bridge_name(const char *subnet_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(subnet_id, 0, out);
}

void port_name(const char *interface_id, char out[INTERFACE_NAME_SIZE])
{
	link_name(interface_id, 1, out);
}

bool link_is_ours(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(links); i++)
		if (sp_text_starts_with(name, links[i].link) &&
		    is_hex(name + strlen(links[i].link), LINK_DIGITS))
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

void bridge_mac(const char *subnet_id, char out[MAC_TEXT_SIZE])
{
	assert(id_is(subnet_id, SUBNET_PREFIX));
	const char *at = subnet_id + strlen(SUBNET_PREFIX);
	snprintf(out, MAC_TEXT_SIZE, "02:%.2s:%.2s:%.2s:%.2s:%.2s", at, at + 2, at + 4, at + 6,
		 at + 8);
}
