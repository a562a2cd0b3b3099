#include "egress/host_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/scope.h"

enum { TOGETHER_MS = 200, MESSAGE_ROOM = 8192 };

struct host_watch {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	loop_fn *fn;
	void *ctx;
};

static void tell(void *ctx)
{
	struct host_watch *watch = ctx;
	watch->timer = NULL;
	watch->fn(watch->ctx);
}

/* What changed is found out by looking at everything: lost messages (ENOBUFS) are then no harm. */
static void on_message(void *ctx, uint32_t events)
{
	struct host_watch *watch = ctx;
	(void)events;
	char bytes[MESSAGE_ROOM];
	recv(watch->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (watch->timer == NULL)
		watch->timer = loop_add_timer(watch->loop, TOGETHER_MS, tell, watch);
}

int host_watch_open(struct loop *loop, loop_fn *fn, void *ctx, struct host_watch **out,
		    struct sp_error *err)
{
	SP_AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR };
	if (fd == -1 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		return sp_fail_errno(err, "could not watch the interfaces of this host");
	struct host_watch *watch = sp_alloc(sizeof(*watch));
	*watch = (struct host_watch){ .loop = loop, .fd = fd, .fn = fn, .ctx = ctx };
	watch->watch = loop_watch_fd(loop, sp_take_fd(&fd), EPOLLIN, on_message, watch);
	*out = watch;
	return 0;
}

void host_watch_close(struct host_watch *watch)
{
	if (watch == NULL)
		return;
	loop_watch_remove(watch->watch);
	loop_cancel_timer(watch->timer);
	close(watch->fd);
	free(watch);
}
