#include "netd/remove.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/names.h"
#include "netd/tables.h"
#include "network/cidr.h"

/* ---- ENIs and internet gateways -------------------------------------------------------------------------------- */

/* A namespace lives on while a socket is inside: without its interfaces it reaches nobody, its addresses are free, and
 * the other ends of cables go with them. */
static int unplug(struct maker *maker, const char *id, const char *const *links,
		  struct sp_error *err)
{
	AUTO_PLACE inside = { .fd = -1 };
	struct sp_error why = { 0 };
	if (place_open(maker, id, &inside, &why) != 0) {
		if (why.code == SP_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	for (; *links != NULL; links++) {
		struct link_facts link;
		bool is_there;
		if (link_find(&inside.netlink, *links, &link, &is_there, err) != 0 ||
		    (is_there && link_remove(&inside.netlink, link.index, err) != 0))
			return -1;
	}
	return 0;
}

static int remove_with_links(struct maker *maker, const char *id, const char *const *links,
			     struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	if (unplug(maker, id, links, err) != 0)
		return -1;
	return namespace_remove(name, err);
}

static int remove_interface(struct maker *maker, const char *id, struct sp_error *err)
{
	static const char *const links[] = { INSIDE_NAME, NULL };
	return remove_with_links(maker, id, links, err);
}

int remove_internet(struct maker *maker, const char *id, struct sp_error *err)
{
	static const char *const links[] = { TO_INTERNET_NAME, TO_VPC_NAME, NULL };
	return remove_with_links(maker, id, links, err);
}

/* "subnet-… 10.0.0.5 fd00::5": the addresses after the subnet that they are in. */
void leftover_alias(const struct thing *interface, char out[LINK_ALIAS_SIZE])
{
	char v4[ADDRESS_TEXT_SIZE], v6[ADDRESS_TEXT_SIZE] = "";
	ip_text(interface->address, v4);
	if (!ip_is_none(interface->address6))
		ip_text(interface->address6, v6);
	snprintf(out, LINK_ALIAS_SIZE, "%s %s%s%s", interface->parent, v4, v6[0] == '\0' ? "" : " ",
		 v6);
}

/* Whether @word is one of those that spaces part. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	while (*text != '\0') {
		size_t next = strcspn(text, " ");
		if (next == length && memcmp(text, word, length) == 0)
			return true;
		text += next + strspn(text + next, " ");
	}
	return false;
}

static bool has_address_of(struct maker *maker, const char *id, const struct thing *interface)
{
	AUTO_PLACE inside = { .fd = -1 };
	struct link_facts link;
	bool is_there = false;
	char v4[ADDRESS_TEXT_SIZE], v6[ADDRESS_TEXT_SIZE];
	ip_text(interface->address, v4);
	ip_text(interface->address6, v6);
	return place_open(maker, id, &inside, NULL) == 0 &&
	       link_find(&inside.netlink, INSIDE_NAME, &link, &is_there, NULL) == 0 && is_there &&
	       has_word(link.alias, interface->parent) &&
	       (has_word(link.alias, v4) || has_word(link.alias, v6));
}

/* ---- all of ours ----------------------------------------------------------------------------------------------- */

struct names {
	char **list;
	size_t count;
};

static void free_names(struct names *names)
{
	namespaces_list_free(names->list, names->count);
}

#define AUTO_NAMES __attribute__((cleanup(free_names))) struct names

static int list_ours(const struct maker *maker, struct names *out, struct sp_error *err)
{
	char prefix[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, "", prefix);
	return namespaces_list(prefix, &out->list, &out->count, err);
}

int remove_leftover_of_address(struct maker *maker, const struct thing *interface,
			       struct sp_error *err)
{
	if (!maker->plan.is_naming)
		return 0;
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *id = namespace_name_id(names.list[i], maker->plan.owner);
		if (id == NULL || !id_is(id, INTERFACE_PREFIX) ||
		    plan_find(&maker->plan, id) != NULL)
			continue;
		if (has_address_of(maker, id, interface) && remove_interface(maker, id, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- VPCs and subnets ------------------------------------------------------------------------------------------ */

int remove_bridge(struct place *router, const char *subnet_id, struct sp_error *err)
{
	char name[INTERFACE_NAME_SIZE];
	bridge_name(subnet_id, name);
	struct link_facts bridge;
	bool is_there;
	if (link_find(&router->netlink, name, &bridge, &is_there, err) != 0 ||
	    (is_there && link_remove(&router->netlink, bridge.index, err) != 0))
		return -1;
	return table_leave(router, name, err);
}

/* The router of a VPC; *out_found says whether there is one. */
static int find_router(struct maker *maker, const char *vpc_id, struct place *out, bool *out_found,
		       struct sp_error *err)
{
	struct sp_error why = { 0 };
	*out_found = place_open(maker, vpc_id, out, &why) == 0;
	if (*out_found || why.code == SP_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

/* Our links in a router, but those that were named where @keeps_named. */
static int clear_links(struct maker *maker, struct place *router, bool keeps_named,
		       struct sp_error *err)
{
	SP_AUTO_FREE struct link_facts *links = NULL;
	size_t count = 0;
	if (link_list(&router->netlink, &links, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (link_is_ours(links[i].name) &&
		    !(keeps_named && plan_has_link(&maker->plan, links[i].name)) &&
		    link_remove(&router->netlink, links[i].index, err) != 0)
			return -1;
	return 0;
}

static int remove_vpc(struct maker *maker, const char *id, struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	AUTO_PLACE router = { .fd = -1 };
	bool is_there;
	if (find_router(maker, id, &router, &is_there, err) != 0 ||
	    (is_there && clear_links(maker, &router, false, err) != 0))
		return -1;
	return namespace_remove(name, err);
}

/* What stands in a router whose VPC nobody names any more is looked for in all of them. */
typedef int in_router_fn(struct place *router, const char *id, struct sp_error *err);

static int in_all_routers(struct maker *maker, const char *id, in_router_fn *remove,
			  struct sp_error *err)
{
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *vpc = namespace_name_id(names.list[i], maker->plan.owner);
		if (vpc == NULL || !id_is(vpc, VPC_PREFIX))
			continue;
		AUTO_PLACE router = { .fd = -1 };
		bool is_there;
		if (find_router(maker, vpc, &router, &is_there, err) != 0 ||
		    (is_there && remove(&router, id, err) != 0))
			return -1;
	}
	return 0;
}

static int remove_subnet(struct maker *maker, const char *id, struct sp_error *err)
{
	return in_all_routers(maker, id, remove_bridge, err);
}

static int remove_table_from(struct place *router, const char *id, struct sp_error *err)
{
	return table_remove(router, table_number(id), err);
}

static int remove_table(struct maker *maker, const char *id, struct sp_error *err)
{
	return in_all_routers(maker, id, remove_table_from, err);
}

/* ---- by id, and what is left over ------------------------------------------------------------------------------ */

static const struct {
	const char *prefix;
	int (*remove)(struct maker *maker, const char *id, struct sp_error *err);
} kinds[] = {
	{ INTERFACE_PREFIX, remove_interface },
	{ INTERNET_PREFIX, remove_internet },
	{ TABLE_PREFIX, remove_table },
	{ SUBNET_PREFIX, remove_subnet },
	{ VPC_PREFIX, remove_vpc },
};

static int remove_by_id(struct maker *maker, const char *id, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(kinds); i++) {
		if (!id_is(id, kinds[i].prefix))
			continue;
		if (kinds[i].remove(maker, id, err) != 0)
			return sp_wrap(err, "could not remove %s", id);
		return 0;
	}
	return sp_fail(err, SP_INVALID, "cannot remove \"%s\": it is no id of ours", id);
}

static bool has_namespace(const struct thing *thing)
{
	return thing->kind == THING_INTERFACE || thing->kind == THING_INTERNET;
}

static bool stands_on(const struct plan *plan, const struct thing *thing, const char *id)
{
	const struct thing *parent = plan_find(plan, thing->parent);
	return strcmp(thing->parent, id) == 0 ||
	       (parent != NULL && strcmp(parent->parent, id) == 0);
}

int make_gone(struct maker *maker, const char *id, struct sp_error *err)
{
	const struct plan *plan = &maker->plan;
	for (size_t i = 0; i < plan->count; i++)
		if (has_namespace(&plan->things[i]) && stands_on(plan, &plan->things[i], id) &&
		    remove_by_id(maker, plan->things[i].id, err) != 0)
			return -1;
	if (remove_by_id(maker, id, err) != 0)
		return -1;
	plan_drop(&maker->plan, id);
	return 0;
}

static int tidy_router(struct maker *maker, const char *vpc_id, struct sp_error *err)
{
	AUTO_PLACE router = { .fd = -1 };
	bool is_there;
	if (find_router(maker, vpc_id, &router, &is_there, err) != 0)
		return -1;
	if (!is_there)
		return 0;
	if (clear_links(maker, &router, true, err) != 0)
		return -1;
	return tables_tidy(maker, &router, vpc_id, err);
}

static int tidy_namespace(struct maker *maker, const char *id, struct sp_error *err)
{
	if (plan_find(&maker->plan, id) == NULL)
		return remove_by_id(maker, id, err);
	return id_is(id, VPC_PREFIX) ? tidy_router(maker, id, err) : 0;
}

/* On this host: ends of cables whose gateway is nobody's any more, and lives on in a socket. */
static int tidy_host(struct maker *maker, struct sp_error *err)
{
	AUTO_PLACE host = { .fd = -1 };
	SP_AUTO_FREE struct link_facts *links = NULL;
	size_t count = 0;
	if (place_open_host(maker, &host, err) != 0 ||
	    link_list(&host.netlink, &links, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *id = namespace_name_id(links[i].alias, maker->plan.owner);
		if (is_host_end(links[i].name) && id != NULL &&
		    plan_find(&maker->plan, id) == NULL &&
		    link_remove(&host.netlink, links[i].index, err) != 0)
			return -1;
	}
	return 0;
}

/* One that cannot be removed does not keep the rest here; the first failure is told. */
int make_tidy(struct maker *maker, struct sp_error *err)
{
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	struct sp_error why = { 0 };
	int result = 0;
	for (size_t i = 0; i < names.count; i++) {
		const char *id = namespace_name_id(names.list[i], maker->plan.owner);
		if (id != NULL && tidy_namespace(maker, id, &why) != 0 && result == 0) {
			*err = why;
			result = -1;
		}
	}
	if (tidy_host(maker, &why) != 0 && result == 0) {
		*err = why;
		result = -1;
	}
	return result;
}
