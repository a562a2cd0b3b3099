#include "netd/place.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/names.h"

enum { SETTING_SIZE = 64 };

void place_close(struct place *place)
{
	netlink_close(&place->netlink);
	sp_close_fd(&place->fd);
}

int place_open(struct maker *maker, const char *id, struct place *out, struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	if (namespace_open(name, &out->fd, err) != 0)
		return -1;
	return netlink_open(&out->netlink, &maker->namespaces, out->fd, err);
}

int place_open_host(struct maker *maker, struct place *out, struct sp_error *err)
{
	out->fd = -1;
	return netlink_open(&out->netlink, &maker->namespaces, -1, err);
}

/* The loopback's alias notes what was told, so that also the netd that comes after this one tells it but once. */
static const struct {
	const char *value, *note; /* NULL: whatever it was */
} forwardings[] = {
	[PLACE_STAYS] = { "0", "does not forward" },
	[PLACE_FORWARDS] = { "1", NULL },
	[PLACE_BEGINS_TO_FORWARD] = { "1", "forwards unless its owner stopped it" },
};

/* Setting this changes some of the other settings, so those come afterwards. */
static int settle_loopback(struct maker *maker, struct place *place,
			   enum place_forwarding forwarding, bool speaks_v6, struct sp_error *err)
{
	const char *value = forwardings[forwarding].value;
	const struct sysctl settings[] = { { "ipv4/ip_forward", value },
					   { "ipv6/conf/all/forwarding", value } };
	const char *note = forwardings[forwarding].note;
	struct link_facts loopback;
	if (place_find_link(place, "lo", &loopback, err) != 0)
		return -1;
	bool was_told = forwarding == PLACE_BEGINS_TO_FORWARD && strcmp(loopback.alias, note) == 0;
	if (!was_told && place_set(maker, place, settings, speaks_v6 ? 2 : 1, err) != 0)
		return -1;
	return link_settle(&place->netlink, &loopback,
			   &(struct link_wish){ .alias = note, .up = true }, err);
}

/* A new namespace begins with what the host has set for itself, so everything that matters is said: nothing but the
 * routes that we set may choose the way. */
static const struct sysctl settings_of_all[] = {
	{ "ipv4/conf/all/rp_filter", "0" },        { "ipv4/conf/default/rp_filter", "0" },
	{ "ipv4/conf/all/accept_redirects", "0" }, { "ipv4/conf/default/accept_redirects", "0" },
	{ "ipv4/conf/all/send_redirects", "0" },   { "ipv4/conf/default/send_redirects", "0" },
};

int place_make(struct maker *maker, const char *id, enum place_forwarding forwarding,
	       bool speaks_v6, const struct sysctl *settings, size_t count, struct place *out,
	       struct sp_error *err)
{
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, id, name);
	if (namespace_make(&maker->namespaces, name, &out->fd, err) != 0 ||
	    netlink_open(&out->netlink, &maker->namespaces, out->fd, err) != 0 ||
	    settle_loopback(maker, out, forwarding, speaks_v6, err) != 0 ||
	    place_set(maker, out, settings_of_all, SP_COUNT_OF(settings_of_all), err) != 0)
		return -1;
	return count == 0 ? 0 : place_set(maker, out, settings, count, err);
}

int place_set(struct maker *maker, const struct place *place, const struct sysctl *settings,
	      size_t count, struct sp_error *err)
{
	if (place->fd == -1)
		return sysctls_set(settings, count, err);
	if (namespace_enter(place->fd, err) != 0)
		return -1;
	int result = sysctls_set(settings, count, err);
	namespace_leave(&maker->namespaces);
	return result;
}

int place_quiet_link(struct maker *maker, const struct place *place, const char *link,
		     struct sp_error *err)
{
	char ipv6[SETTING_SIZE], redirects[SETTING_SIZE];
	snprintf(ipv6, sizeof(ipv6), "ipv6/conf/%s/disable_ipv6", link);
	snprintf(redirects, sizeof(redirects), "ipv4/conf/%s/send_redirects", link);
	const struct sysctl settings[] = { { ipv6, "1" }, { redirects, "0" } };
	return place_set(maker, place, settings, SP_COUNT_OF(settings), err);
}

int place_voice_link(struct maker *maker, const struct place *place, const char *link,
		     struct sp_error *err)
{
	/* What it may not learn is said before it is let to speak. */
	static const struct {
		const char *format, *value;
	} forms[] = {
		{ "ipv6/conf/%s/accept_ra", "0" },
		{ "ipv6/conf/%s/autoconf", "0" },
		{ "ipv6/conf/%s/accept_redirects", "0" },
		{ "ipv6/conf/%s/accept_dad", "0" },
		/* As arp_notify: an address that another interface had before is announced. */
		{ "ipv6/conf/%s/ndisc_notify", "1" },
		{ "ipv6/conf/%s/disable_ipv6", "0" },
		{ "ipv4/conf/%s/send_redirects", "0" },
	};
	char paths[SP_COUNT_OF(forms)][SETTING_SIZE];
	struct sysctl settings[SP_COUNT_OF(forms)];
	for (size_t i = 0; i < SP_COUNT_OF(forms); i++) {
		char *path = paths[i];
		size_t head = strcspn(forms[i].format, "%");
		snprintf(path, SETTING_SIZE, "%.*s%s%s", (int)head, forms[i].format, link,
			 forms[i].format + head + 2);
		settings[i] = (struct sysctl){ path, forms[i].value };
	}
	return place_set(maker, place, settings, SP_COUNT_OF(settings), err);
}

int place_find_link(struct place *place, const char *name, struct link_facts *out,
		    struct sp_error *err)
{
	bool is_there;
	if (link_find(&place->netlink, name, out, &is_there, err) != 0)
		return -1;
	if (!is_there)
		return sp_fail(err, SP_NOT_FOUND, "cannot find the interface \"%s\"", name);
	return 0;
}

bool is_same_cable(const struct link_facts *one, const struct link_facts *other)
{
	return strcmp(one->kind, "veth") == 0 && strcmp(other->kind, "veth") == 0 &&
	       one->lower == other->index && other->lower == one->index;
}

int place_find_uplink(struct maker *maker, const struct thing *thing, struct place *host,
		      struct link_facts *out, struct sp_error *err)
{
	const char *name = thing->uplink;
	if (maker->why_no_uplinks != NULL)
		return sp_fail(err, SP_UNSUPPORTED, "cannot use the interface \"%s\": %s", name,
			       maker->why_no_uplinks);
	bool is_there;
	if (place_open_host(maker, host, err) != 0 ||
	    link_find(&host->netlink, name, out, &is_there, err) != 0)
		return -1;
	if (!is_there)
		return sp_fail(err, SP_NOT_FOUND,
			       "cannot use the interface \"%s\": this host has none of that name",
			       name);
	if (!out->is_ethernet)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot use the interface \"%s\": it is no Ethernet", name);
	if (out->master != 0)
		return sp_fail(err, SP_CONFLICT,
			       "cannot use the interface \"%s\": it is part of another one (a "
			       "bridge or bond); name that one",
			       name);
	return 0;
}
