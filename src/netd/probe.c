#include "netd/probe.h"

#include <fcntl.h>
#include <sched.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "netd/kernel_rules.h"
#include "netd/names.h"
#include "netd/netlink.h"
#include "netd/rules.h"

#define PROBE_MAC "02:00:00:00:00:01"

/* The cable's other end stays in the same namespace: this is about kinds of interfaces. */
static int make_links(const struct namespaces *namespaces, int fd, struct sp_error *err)
{
	struct netlink netlink = { 0 };
	struct link_facts bridge;
	bool is_there = false;
	int result = netlink_open(&netlink, namespaces, fd, err);
	if (result == 0)
		result = link_add_bridge(&netlink, BRIDGE_PREFIX "probe", PROBE_MAC, err);
	if (result == 0)
		result = link_find(&netlink, BRIDGE_PREFIX "probe", &bridge, &is_there, err);
	if (result == 0 && is_there)
		result = link_add_cable(&netlink, PORT_PREFIX "probe", bridge.index, INSIDE_NAME,
					PROBE_MAC, fd, err);
	netlink_close(&netlink);
	return result;
}

int probe(const struct namespaces *namespaces, struct sp_error *err)
{
	if (unshare(CLONE_NEWNET) == -1)
		return sp_fail_errno(err, "could not make a network namespace");
	SP_AUTO_FD fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int result = fd == -1 ? sp_fail_errno(err, "could not open a network namespace") : 0;
	namespace_leave(namespaces);
	if (result != 0 || make_links(namespaces, fd, err) != 0)
		return -1;
	SP_AUTO_BUFFER text = { 0 };
	rules_text(&(struct netd_message){ .role = NETD_ROLE_GATEWAY }, &(struct cidr){ 0 }, &text);
	return kernel_rules_apply(fd, sp_buffer_text(&text), err);
}
