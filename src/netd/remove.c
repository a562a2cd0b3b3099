#include "netd/remove.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/names.h"
#include "network/cidr.h"

/* ---- ENIs ------------------------------------------------------------------------------------------------------ */

/* A namespace lives on while a socket is inside: without its interface it reaches nobody, its address is free, and the
 * other end of a cable goes with it. */
static int unplug(struct maker *maker, int fd, struct sp_error *err)
{
	struct netlink inside = { 0 };
	struct link_facts link;
	bool is_there;
	int result = netlink_open(&inside, &maker->namespaces, fd, err);
	if (result == 0)
		result = link_find(&inside, INSIDE_NAME, &link, &is_there, err);
	if (result == 0 && is_there)
		result = link_remove(&inside, link.index, err);
	netlink_close(&inside);
	return result;
}

static int remove_interface(struct maker *maker, const char *id, struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	SP_AUTO_FD fd = -1;
	struct sp_error why = { 0 };
	if (namespace_open(name, &fd, &why) == 0) {
		if (unplug(maker, fd, err) != 0)
			return -1;
	} else if (why.code != SP_NOT_FOUND) {
		*err = why;
		return -1;
	}
	return namespace_remove(name, err);
}

void leftover_alias(const char *subnet_id, uint32_t address, char out[LINK_ALIAS_SIZE])
{
	char text[ADDRESS_TEXT_SIZE];
	ipv4_text(address, text);
	snprintf(out, LINK_ALIAS_SIZE, "%s %s", subnet_id, text);
}

static bool has_alias(struct maker *maker, const char *name, const char *alias)
{
	SP_AUTO_FD fd = -1;
	struct netlink inside = { 0 };
	struct link_facts link;
	bool is_there = false;
	bool is_same = namespace_open(name, &fd, NULL) == 0 &&
		       netlink_open(&inside, &maker->namespaces, fd, NULL) == 0 &&
		       link_find(&inside, INSIDE_NAME, &link, &is_there, NULL) == 0 && is_there &&
		       strcmp(link.alias, alias) == 0;
	netlink_close(&inside);
	return is_same;
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
	char alias[LINK_ALIAS_SIZE];
	leftover_alias(interface->parent, interface->address, alias);
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *id = namespace_name_id(names.list[i], maker->plan.owner);
		if (id == NULL || !id_is(id, INTERFACE_PREFIX) ||
		    plan_find(&maker->plan, id) != NULL)
			continue;
		if (has_alias(maker, names.list[i], alias) && remove_interface(maker, id, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- VPCs and subnets ------------------------------------------------------------------------------------------ */

int remove_bridge(struct netlink *router, const char *subnet_id, struct sp_error *err)
{
	char name[INTERFACE_NAME_SIZE];
	bridge_name(subnet_id, name);
	struct link_facts bridge;
	bool is_there;
	if (link_find(router, name, &bridge, &is_there, err) != 0)
		return -1;
	return is_there ? link_remove(router, bridge.index, err) : 0;
}

/* In a router: our links but those that @keeps wants. */
typedef bool keeps_fn(const struct plan *plan, const char *link, const char *id);

static bool keeps_named(const struct plan *plan, const char *link, const char *id)
{
	(void)id;
	return plan_has_link(plan, link);
}

static bool keeps_others(const struct plan *plan, const char *link, const char *id)
{
	(void)plan;
	return !link_is_of(link, id);
}

static bool keeps_none(const struct plan *plan, const char *link, const char *id)
{
	(void)plan;
	(void)link;
	(void)id;
	return false;
}

static int clear_router(struct maker *maker, const char *vpc_id, keeps_fn *keeps, const char *id,
			struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, vpc_id, name);
	SP_AUTO_FD fd = -1;
	struct sp_error why = { 0 };
	if (namespace_open(name, &fd, &why) != 0) {
		if (why.code == SP_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	struct netlink router = { 0 };
	struct link_facts *links = NULL;
	size_t count = 0;
	int result = netlink_open(&router, &maker->namespaces, fd, err);
	if (result == 0)
		result = link_list(&router, &links, &count, err);
	for (size_t i = 0; i < count && result == 0; i++)
		if (link_is_ours(links[i].name) && !keeps(&maker->plan, links[i].name, id))
			result = link_remove(&router, links[i].index, err);
	free(links);
	netlink_close(&router);
	return result;
}

static int remove_vpc(struct maker *maker, const char *id, struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	if (clear_router(maker, id, keeps_none, NULL, err) != 0)
		return -1;
	return namespace_remove(name, err);
}

/* A subnet whose VPC nobody names any more is looked for in all of them. */
static int remove_subnet(struct maker *maker, const char *id, struct sp_error *err)
{
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *vpc = namespace_name_id(names.list[i], maker->plan.owner);
		if (vpc != NULL && id_is(vpc, VPC_PREFIX) &&
		    clear_router(maker, vpc, keeps_others, id, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- by id, and what is left over ------------------------------------------------------------------------------ */

static const struct {
	const char *prefix;
	int (*remove)(struct maker *maker, const char *id, struct sp_error *err);
} kinds[] = {
	{ INTERFACE_PREFIX, remove_interface },
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
		if (plan->things[i].kind == THING_INTERFACE &&
		    stands_on(plan, &plan->things[i], id) &&
		    remove_by_id(maker, plan->things[i].id, err) != 0)
			return -1;
	if (remove_by_id(maker, id, err) != 0)
		return -1;
	plan_drop(&maker->plan, id);
	return 0;
}

/* One that cannot be removed does not keep the rest here; the first failure is told. */
int make_tidy(struct maker *maker, struct sp_error *err)
{
	AUTO_NAMES names = { 0 };
	if (list_ours(maker, &names, err) != 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < names.count; i++) {
		const char *id = namespace_name_id(names.list[i], maker->plan.owner);
		if (id == NULL)
			continue;
		struct sp_error why = { 0 };
		int one = 0;
		if (plan_find(&maker->plan, id) == NULL)
			one = remove_by_id(maker, id, &why);
		else if (id_is(id, VPC_PREFIX))
			one = clear_router(maker, id, keeps_named, NULL, &why);
		if (one != 0 && result == 0) {
			*err = why;
			result = -1;
		}
	}
	return result;
}
