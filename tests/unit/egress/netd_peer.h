#pragma once
/** A sallyport-netd for tests: on the same loop, makes nothing, notes what it is told, and answers as the test wants. */

#include "test.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/netd_message.h"
#include "loop/loop.h"

struct netd_peer {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	struct sp_buffer told; /* a line for each message */
	const char *fails;     /* the id that it cannot make, … */
	const char *why;       /* … and why */
	int refusals;          /* so many openings it refuses, because of why */
	bool is_silent;        /* it answers nothing … */
	bool is_wrong;         /* … or with another request's number */
	const char *mute_at;   /* falls silent at this kind */
	size_t unanswered;
	uint32_t requests[64]; /* of the unanswered */
	size_t sockets_given;
};

static inline const char *netd_kind_text(enum netd_kind kind)
{
	static const char *const names[] = {
		[NETD_OWNER] = "OWNER",   [NETD_BEGIN] = "BEGIN", [NETD_VPC] = "VPC",
		[NETD_SUBNET] = "SUBNET", [NETD_ENI] = "ENI",     [NETD_END] = "END",
		[NETD_REMOVE] = "REMOVE", [NETD_OPEN] = "OPEN",   [NETD_INTERNET] = "INTERNET",
		[NETD_TABLE] = "TABLE",
	};
	return names[kind];
}

static inline void netd_peer_send(struct netd_peer *peer, const struct netd_message *message,
				  const int *fds, size_t count)
{
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length;
	struct sp_error err = { 0 };
	if (netd_message_encode(message, bytes, &length, &err) != 0)
		fail_msg("%s", err.message);
	/* The other end may have gone meanwhile. */
	ipc_send(peer->fd, bytes, length, fds, count, &err);
}

static inline void netd_peer_hello(struct netd_peer *peer)
{
	struct netd_message hello = { .kind = NETD_HELLO,
				      .version = NETD_VERSION,
				      .has_uplinks = true };
	netd_peer_send(peer, &hello, NULL, 0);
}

static inline void netd_peer_give_sockets(struct netd_peer *peer,
					  const struct netd_message *message)
{
	struct netd_message answer = { .kind = NETD_SOCKETS,
				       .request = message->request,
				       .streams = message->streams,
				       .datagrams = message->datagrams };
	int fds[IPC_FDS_MAX];
	size_t count = message->streams + message->datagrams;
	for (size_t i = 0; i < count; i++)
		fds[i] = socket(AF_INET,
				(i < message->streams ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK,
				0);
	netd_peer_send(peer, &answer, fds, count);
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	peer->sockets_given += count;
}

static inline void netd_peer_answer(struct netd_peer *peer, const struct netd_message *message)
{
	struct netd_message answer = { .kind = NETD_DONE, .request = message->request };
	if (peer->is_wrong)
		answer.request += 7;
	bool refuses = message->kind == NETD_OPEN && peer->refusals > 0;
	peer->refusals -= refuses;
	if (refuses || (peer->fails != NULL && strcmp(peer->fails, message->id) == 0)) {
		answer.kind = NETD_FAILED;
		answer.code = SP_CONFLICT;
		answer.text = (char *)(uintptr_t)peer->why;
	} else if (message->kind == NETD_OPEN) {
		netd_peer_give_sockets(peer, message);
		return;
	}
	netd_peer_send(peer, &answer, NULL, 0);
}

/** Answers, with DONE, what was left unanswered. */
static inline void netd_peer_catch_up(struct netd_peer *peer)
{
	peer->is_silent = false;
	for (size_t i = 0; i < peer->unanswered; i++) {
		struct netd_message answer = { .kind = NETD_DONE, .request = peer->requests[i] };
		netd_peer_send(peer, &answer, NULL, 0);
	}
	peer->unanswered = 0;
}

static inline void netd_peer_note_routes(struct netd_peer *peer, const struct netd_message *message)
{
	static const char *const hops[] = { "via", "internet", "blackhole" };
	for (uint32_t i = 0; i < message->route_count; i++) {
		const struct netd_route *route = &message->routes[i];
		sp_buffer_format(&peer->told, " %08x/%d>%s", (uint32_t)route->to.address.number,
				 route->to.bits, hops[route->hop]);
		if (route->hop == NETD_HOP_VIA)
			sp_buffer_format(&peer->told, ":%08x", (uint32_t)route->via.number);
	}
}

static inline void netd_peer_note(struct netd_peer *peer, const struct netd_message *message)
{
	sp_buffer_format(&peer->told, "%s", netd_kind_text(message->kind));
	if (message->id[0] != '\0')
		sp_buffer_format(&peer->told, " %s", message->id);
	if (message->kind == NETD_ENI)
		sp_buffer_format(&peer->told, " rules=%u servers=%u", message->rule_count,
				 message->server_count);
	if (message->kind == NETD_ENI && message->role != NETD_ROLE_GATEWAY)
		sp_buffer_format(&peer->told, " %s",
				 message->role == NETD_ROLE_NAT ? "NAT" : "APPLIANCE");
	if (message->kind == NETD_SUBNET)
		sp_buffer_format(&peer->told, " uplink=%s router=%08x table=%s", message->uplink,
				 (uint32_t)message->router.number, message->table);
	if (message->kind == NETD_INTERNET)
		sp_buffer_format(&peer->told, " uplink=%s router=%08x address=%08x/%u",
				 message->uplink, (uint32_t)message->router.number,
				 (uint32_t)message->address.number, message->bits);
	for (uint32_t i = 0; i < message->mapping_count; i++)
		sp_buffer_format(&peer->told, " %08x=%08x",
				 (uint32_t)message->mappings[i].private_address.number,
				 (uint32_t)message->mappings[i].public_address.number);
	netd_peer_note_routes(peer, message);
	sp_buffer_add_text(&peer->told, "\n");
}

static inline void netd_peer_on_message(void *ctx, uint32_t events)
{
	struct netd_peer *peer = ctx;
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length, fd_count;
	int fds[IPC_FDS_MAX];
	struct sp_error err = { 0 };
	(void)events;
	if (ipc_receive(peer->fd, bytes, &length, fds, &fd_count, &err) != IPC_DONE) {
		loop_watch_remove(sp_take_pointer(&peer->watch));
		return;
	}
	assert_int_equal(fd_count, 0);
	struct netd_message message;
	if (netd_message_decode(bytes, length, 0, &message, &err) != 0)
		fail_msg("%s", err.message);
	netd_peer_note(peer, &message);
	if (peer->mute_at != NULL && strcmp(peer->mute_at, netd_kind_text(message.kind)) == 0)
		peer->is_silent = true;
	if (!peer->is_silent)
		netd_peer_answer(peer, &message);
	else if (peer->unanswered < SP_COUNT_OF(peer->requests))
		peer->requests[peer->unanswered++] = message.request;
	netd_message_finish(&message);
}

/** Returns the daemon's end. */
static inline int netd_peer_open(struct netd_peer *peer, struct loop *loop)
{
	int pair[2];
	struct sp_error err = { 0 };
	assert_int_equal(ipc_pair(pair, &err), 0);
	*peer = (struct netd_peer){ .loop = loop, .fd = pair[0] };
	peer->watch = loop_watch_fd(loop, peer->fd, EPOLLIN, netd_peer_on_message, peer);
	return pair[1];
}

static inline void netd_peer_close(struct netd_peer *peer)
{
	loop_watch_remove(peer->watch);
	if (peer->loop != NULL)
		sp_close_fd(&peer->fd);
	sp_buffer_finish(&peer->told);
	*peer = (struct netd_peer){ .fd = -1 };
}
