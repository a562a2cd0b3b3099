#include "netd/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <sys/socket.h>

/* The library keeps a coarse number of its own of what the kernel answered: errno and the kernel's words say more. */
static void note_words(struct netlink *netlink, const struct nlmsgerr *error)
{
	const struct nlmsghdr *header =
		(const void *)((const char *)error - NLMSG_ALIGN(sizeof(struct nlmsghdr)));
	if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return;
	size_t skipped = sizeof(*error);
	if ((header->nlmsg_flags & NLM_F_CAPPED) == 0)
		skipped += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	size_t length = header->nlmsg_len - NLMSG_ALIGN(sizeof(struct nlmsghdr));
	if (skipped >= length)
		return;
	const struct nlattr *attributes = (const void *)((const char *)error + skipped);
	const struct nlattr *words =
		nla_find(attributes, (int)(length - skipped), NLMSGERR_ATTR_MSG);
	if (words != NULL)
		snprintf(netlink->words, sizeof(netlink->words), "%.*s", nla_len(words),
			 (const char *)nla_data(words));
}

static int on_refusal(struct sockaddr_nl *who, struct nlmsgerr *error, void *ctx)
{
	(void)who;
	struct netlink *netlink = ctx;
	netlink->refusal = -error->error;
	note_words(netlink, error);
	return NL_STOP;
}

static int open_talk(struct netlink *out, int protocol, const struct namespaces *namespaces,
		     int namespace_fd, struct sp_error *err)
{
	*out = (struct netlink){ .socket = nl_socket_alloc() };
	if (out->socket == NULL)
		return sp_fail(err, SP_NO_MEMORY, "could not allocate a netlink socket");
	nl_socket_modify_err_cb(out->socket, NL_CB_CUSTOM, on_refusal, out);

	if (namespace_fd != -1 && namespace_enter(namespace_fd, err) != 0)
		return -1;
	int result = nl_connect(out->socket, protocol);
	if (namespace_fd != -1)
		namespace_leave(namespaces);
	if (result < 0)
		return netlink_fail(out, result, err, "could not open a netlink socket");
	int on = 1; /* older kernels have no words */
	(void)setsockopt(nl_socket_get_fd(out->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on,
			 sizeof(on));
	return 0;
}

int netlink_open(struct netlink *out, const struct namespaces *namespaces, int namespace_fd,
		 struct sp_error *err)
{
	return open_talk(out, NETLINK_ROUTE, namespaces, namespace_fd, err);
}

int netlink_open_netfilter(struct netlink *out, const struct namespaces *namespaces,
			   int namespace_fd, struct sp_error *err)
{
	return open_talk(out, NETLINK_NETFILTER, namespaces, namespace_fd, err);
}

void netlink_close(struct netlink *netlink)
{
	nl_socket_free(netlink->socket);
	*netlink = (struct netlink){ 0 };
}

struct nl_sock *netlink_ready(struct netlink *netlink)
{
	netlink->refusal = 0;
	netlink->words[0] = '\0';
	return netlink->socket;
}

int netlink_fail(struct netlink *netlink, int result, struct sp_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char what[SP_ERROR_MESSAGE_MAX];
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);

	if (netlink->refusal == 0)
		return sp_fail(err, SP_SYSTEM, "%s: %s", what, nl_geterror(result));
	errno = netlink->refusal;
	if (netlink->words[0] == '\0')
		return sp_fail_errno(err, "%s", what);
	return sp_fail_errno(err, "%s: %s", what, netlink->words);
}
