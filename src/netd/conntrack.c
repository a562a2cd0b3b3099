#include "netd/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/scope.h"
#include "netd/netlink.h"

enum {
	TUPLE_SIZE_MAX = 256, /* the attributes that say which connection it is */
	MESSAGE_GET = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
	MESSAGE_DELETE = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
};

static const struct nfgenmsg about_ipv4 = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };

/* Which connection: what the kernel wants to hear again. */
struct tuple {
	int length;
	unsigned char bytes[TUPLE_SIZE_MAX];
};

struct search {
	const struct netd_mapping *mappings;
	size_t count;
	struct tuple *found; /* owned */
	size_t found_count, room;
};

/* ---- looking --------------------------------------------------------------------------------------------------- */

static int compare_mappings(const void *left, const void *right)
{
	const struct netd_mapping *a = left, *b = right;
	int order = ip_compare(a->private_address, b->private_address);
	return order != 0 ? order : ip_compare(a->public_address, b->public_address);
}

static bool is_mapped(const struct search *search, struct ip_address private,
		      struct ip_address public)
{
	const struct netd_mapping wanted = { private, public };
	return search->count > 0 && bsearch(&wanted, search->mappings, search->count,
					    sizeof(wanted), compare_mappings) != NULL;
}

struct ends {
	struct ip_address from, to;
};

static struct ends read_ends(struct nlattr *tuple)
{
	struct ends ends = { 0 };
	struct nlattr *parts[CTA_TUPLE_MAX + 1], *addresses[CTA_IP_MAX + 1];
	if (tuple == NULL || nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, NULL) < 0 ||
	    parts[CTA_TUPLE_IP] == NULL ||
	    nla_parse_nested(addresses, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0)
		return ends;
	if (addresses[CTA_IP_V4_SRC] != NULL)
		ends.from = ip_of_bytes(nla_data(addresses[CTA_IP_V4_SRC]), IPV4_BYTES);
	if (addresses[CTA_IP_V4_DST] != NULL)
		ends.to = ip_of_bytes(nla_data(addresses[CTA_IP_V4_DST]), IPV4_BYTES);
	return ends;
}

static int look_at(struct nl_msg *message, void *ctx)
{
	struct search *search = ctx;
	struct nlattr *attributes[CTA_MAX + 1];
	if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct nfgenmsg), attributes, CTA_MAX, NULL) < 0)
		return NL_SKIP;
	struct nlattr *there = attributes[CTA_TUPLE_ORIG];
	if (there == NULL || nla_len(there) > TUPLE_SIZE_MAX)
		return NL_SKIP;
	struct ends asked = read_ends(there), answers = read_ends(attributes[CTA_TUPLE_REPLY]);
	/* Out: who asks is private, and answered under its public address. In: the other way round. */
	if (is_mapped(search, asked.from, answers.to) || is_mapped(search, answers.from, asked.to))
		return NL_OK;
	if (search->found_count == search->room) {
		search->room = search->room == 0 ? 16 : 2 * search->room;
		search->found = sp_realloc(search->found, search->room * sizeof(*search->found));
	}
	struct tuple *tuple = &search->found[search->found_count++];
	tuple->length = nla_len(there);
	memcpy(tuple->bytes, nla_data(there), (size_t)tuple->length);
	return NL_OK;
}

/* A kernel without this kind of talk refuses it as something that it does not understand. */
static int find(struct netlink *netlink, struct search *search, struct sp_error *err)
{
	struct nfgenmsg about = about_ipv4;
	nl_socket_modify_cb(netlink->socket, NL_CB_VALID, NL_CB_CUSTOM, look_at, search);
	int result = nl_send_simple(netlink_ready(netlink), MESSAGE_GET, NLM_F_DUMP, &about,
				    sizeof(about));
	if (result >= 0)
		result = nl_recvmsgs_default(netlink->socket);
	if (result < 0 && netlink->refusal != EINVAL && netlink->refusal != EOPNOTSUPP)
		return netlink_fail(netlink, result, err, "could not list the connections");
	return 0;
}

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

static int forget(struct netlink *netlink, const struct tuple *tuple, struct sp_error *err)
{
	struct nfgenmsg about = about_ipv4;
	struct nl_msg *message = nlmsg_alloc_simple(MESSAGE_DELETE, 0);
	int result = -NLE_NOMEM;
	netlink_ready(netlink);
	if (message != NULL && nlmsg_append(message, &about, sizeof(about), NLMSG_ALIGNTO) == 0 &&
	    nla_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple->length, tuple->bytes) == 0)
		result = nl_send_auto(netlink->socket, message);
	if (result >= 0)
		result = nl_wait_for_ack(netlink->socket);
	nlmsg_free(message);
	if (result < 0 && netlink->refusal != ENOENT) /* else it has just ended */
		return netlink_fail(netlink, result, err, "could not forget a connection");
	return 0;
}

int conntrack_forget(const struct namespaces *namespaces, int namespace_fd,
		     const struct netd_mapping *mappings, size_t count, struct sp_error *err)
{
	SP_AUTO_FREE struct netd_mapping *ordered = sp_alloc((count + 1) * sizeof(*ordered));
	if (count > 0)
		memcpy(ordered, mappings, count * sizeof(*ordered));
	qsort(ordered, count, sizeof(*ordered), compare_mappings);
	struct search search = { .mappings = ordered, .count = count };
	struct netlink netlink = { 0 };
	int result = netlink_open_netfilter(&netlink, namespaces, namespace_fd, err);
	if (result == 0)
		result = find(&netlink, &search, err);
	for (size_t i = 0; i < search.found_count && result == 0; i++)
		result = forget(&netlink, &search.found[i], err);
	free(search.found);
	netlink_close(&netlink);
	return result;
}
