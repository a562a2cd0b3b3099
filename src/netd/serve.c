#include "netd/serve.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/bytes.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/netd_message.h"
#include "netd/names.h"
#include "netd/sockets.h"

/* ---- answers --------------------------------------------------------------------------------------------------- */

struct answer {
	struct netd_message message;
	struct sp_error why; /* FAILED */
	int fds[IPC_FDS_MAX];
	size_t fd_count;
};

static int wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd wait = { .fd = fd, .events = events };
	while (poll(&wait, 1, timeout_ms) == -1)
		if (errno != EINTR)
			return IPC_ENDED;
	return (wait.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 ? IPC_ENDED : IPC_DONE;
}

/* What a daemon wanted that is gone now may not be what its successor wants. */
static bool is_peer_gone(int fd)
{
	struct pollfd look = { .fd = fd };
	return poll(&look, 1, 0) == 1;
}

/* Nothing else is done before it is gone: a daemon that does not read its answers waits for itself. */
static int send_answer(int fd, const struct answer *answer, struct sp_error *err)
{
	static char wire[IPC_MESSAGE_MAX];
	size_t length;
	if (netd_message_encode(&answer->message, wire, &length, err) != 0)
		return -1;
	for (int tries = 1;;) {
		int sent = ipc_send(fd, wire, length, answer->fds, answer->fd_count, err);
		bool busy = sent == IPC_BUSY;
		if (sent != IPC_AGAIN && !busy)
			return sent;
		if (busy && tries++ == IPC_BUSY_TRIES_MAX)
			return -1;
		/* Whether it is gone is told also to who waits for nothing else. */
		if (wait_for(fd, busy ? 0 : POLLOUT, busy ? IPC_BUSY_MS : -1) == IPC_ENDED)
			return IPC_ENDED;
	}
}

/* What was opened before it went wrong is nobody's. */
static void fail(struct answer *answer)
{
	while (answer->fd_count > 0)
		close(answer->fds[--answer->fd_count]);
	answer->message.kind = NETD_FAILED;
	answer->message.code = (uint32_t)answer->why.code;
	answer->message.text = answer->why.message;
}

void serve_refusal(int fd, const struct sp_error *why)
{
	struct answer answer = { .why = *why };
	fail(&answer);
	struct sp_error unheard;
	send_answer(fd, &answer, &unheard);
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* Return 0, or -1 with answer->why. The answer is DONE unless they say otherwise. */
typedef int request_fn(struct maker *maker, const struct netd_message *request,
		       struct answer *answer);

static int own(struct maker *maker, const struct netd_message *request, struct answer *answer)
{
	if (plan_own(&maker->plan, request->owner, &answer->why) != 0)
		return -1;
	return owner_lock_take(&maker->lock, request->owner, &answer->why);
}

static int begin(struct maker *maker, const struct netd_message *request, struct answer *answer)
{
	(void)request;
	(void)answer;
	plan_begin(&maker->plan);
	return 0;
}

static int end(struct maker *maker, const struct netd_message *request, struct answer *answer)
{
	(void)request;
	if (plan_end(&maker->plan, &answer->why) != 0)
		return -1;
	return make_tidy(maker, &answer->why);
}

static int put_and_make(struct maker *maker, const struct netd_message *request, make_fn *make,
			struct answer *answer)
{
	const struct thing *thing;
	if (plan_put(&maker->plan, request, &thing, &answer->why) != 0)
		return -1;
	return make(maker, thing, request, &answer->why);
}

static int gone(struct maker *maker, const struct netd_message *request, struct answer *answer)
{
	return make_gone(maker, request->id, &answer->why);
}

static int open_sockets(struct maker *maker, const struct netd_message *request,
			struct answer *answer)
{
	const struct thing *thing = plan_find(&maker->plan, request->id);
	if (thing == NULL || thing->kind != THING_INTERFACE)
		return sp_fail(&answer->why, SP_NOT_FOUND,
			       "cannot open a socket in \"%s\": it was not named", request->id);
	char name[NAMESPACE_NAME_SIZE];
	namespace_name(maker->plan.owner, request->id, name);
	SP_AUTO_FD fd = -1;
	if (request->streams6 + request->datagrams6 > 0 && ip_is_none(thing->address6))
		return sp_fail(&answer->why, SP_INVALID,
			       "cannot open a socket in %s: it has no address of IPv6",
			       request->id);
	const struct {
		struct ip_address address;
		size_t streams, datagrams;
	} parts[] = { { thing->address, request->streams, request->datagrams },
		      { thing->address6, request->streams6, request->datagrams6 } };
	if (namespace_open(name, &fd, &answer->why) != 0)
		return sp_wrap(&answer->why, "could not open sockets in %s", request->id);
	for (size_t i = 0; i < SP_COUNT_OF(parts); i++) {
		if (sockets_open(&maker->namespaces, fd, parts[i].address, parts[i].streams,
				 parts[i].datagrams, answer->fds + answer->fd_count,
				 &answer->why) != 0)
			return sp_wrap(&answer->why, "could not open sockets in %s", request->id);
		answer->fd_count += parts[i].streams + parts[i].datagrams;
	}
	answer->message.kind = NETD_SOCKETS;
	answer->message.streams = request->streams;
	answer->message.datagrams = request->datagrams;
	answer->message.streams6 = request->streams6;
	answer->message.datagrams6 = request->datagrams6;
	return 0;
}

/* clang-format off */
static const struct {
	enum netd_kind kind;
	request_fn *run;
	make_fn *make; /* without @run: of what is put into the plan before */
} requests[] = {
	{ NETD_OWNER,    own,          NULL           },
	{ NETD_BEGIN,    begin,        NULL           },
	{ NETD_VPC,      NULL,         make_vpc       },
	{ NETD_SUBNET,   NULL,         make_subnet    },
	{ NETD_INTERNET, NULL,         make_internet  },
	{ NETD_TABLE,    NULL,         make_table     },
	{ NETD_ENI,      NULL,         make_interface },
	{ NETD_END,      end,          NULL           },
	{ NETD_REMOVE,   gone,         NULL           },
	{ NETD_OPEN,     open_sockets, NULL           },
};
/* clang-format on */

static int run(struct maker *maker, const struct netd_message *request, struct answer *answer)
{
	if (request->kind != NETD_OWNER && maker->lock.fd == -1)
		return sp_fail(&answer->why, SP_CONFLICT,
			       "cannot do anything before the owner is known");
	for (size_t i = 0; i < SP_COUNT_OF(requests); i++)
		if (requests[i].kind == request->kind)
			return requests[i].run != NULL
				       ? requests[i].run(maker, request, answer)
				       : put_and_make(maker, request, requests[i].make, answer);
	return sp_fail(&answer->why, SP_PROTOCOL,
		       "cannot be told by a message of kind %u: it is one of our own",
		       (unsigned)request->kind);
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

/* The request's number stands in front in every message of the daemon's, also in one that makes no sense. */
static uint32_t number_of(const void *wire, size_t length)
{
	struct sp_reader reader = sp_reader_of(wire, length);
	sp_read_u8(&reader);
	return sp_read_u32(&reader);
}

static int answer_one(struct maker *maker, int fd, const void *wire, size_t length, size_t fd_count,
		      struct sp_error *err)
{
	struct answer answer = { .message = { .kind = NETD_DONE } };
	struct netd_message request;
	answer.message.request = number_of(wire, length);
	if (netd_message_decode(wire, length, fd_count, &request, &answer.why) == 0) {
		if (run(maker, &request, &answer) != 0)
			fail(&answer);
		netd_message_finish(&request);
	} else {
		fail(&answer);
	}
	int result = send_answer(fd, &answer, err);
	for (size_t i = 0; i < answer.fd_count; i++)
		close(answer.fds[i]);
	return result;
}

/* Returns an enum ipc_result, or -1. Descriptors that somebody sends are closed: only answers of ours bring some. */
static int receive(int fd, char wire[IPC_MESSAGE_MAX], size_t *out_length, size_t *out_fd_count,
		   struct sp_error *err)
{
	int fds[IPC_FDS_MAX];
	int result = ipc_receive(fd, wire, out_length, fds, out_fd_count, err);
	for (size_t i = 0; i < *out_fd_count; i++)
		close(fds[i]);
	return result;
}

static int say_hello(const struct maker *maker, int fd, struct sp_error *err)
{
	const struct answer hello = {
		.message = { .kind = NETD_HELLO,
			     .version = NETD_VERSION,
			     .has_uplinks = maker->why_no_uplinks == NULL,
			     .text = (char *)(uintptr_t)maker->why_no_uplinks },
	};
	return send_answer(fd, &hello, err);
}

/* What was said to a process that is dead now: the daemon says all of it again, from OWNER on, once it sees HELLO. */
static bool is_stale(const struct maker *maker, bool is_successor, const char *wire)
{
	return is_successor && maker->lock.fd == -1 && wire[0] != NETD_OWNER;
}

static void throw_away(int fd)
{
	static char wire[IPC_MESSAGE_MAX];
	struct sp_error unheard;
	size_t length, fd_count;
	int result;
	do
		result = receive(fd, wire, &length, &fd_count, &unheard);
	while (result == IPC_DONE || (result == -1 && unheard.code == SP_PROTOCOL));
}

int serve(struct maker *maker, int fd, bool is_successor, struct sp_error *err)
{
	static char wire[IPC_MESSAGE_MAX];
	if (is_successor)
		throw_away(fd);
	int result = say_hello(maker, fd, err);
	while (result == IPC_DONE || result == IPC_AGAIN) {
		size_t length, fd_count;
		struct sp_error why = { 0 };
		result = receive(fd, wire, &length, &fd_count, &why);
		if (result == IPC_AGAIN) {
			result = wait_for(fd, POLLIN, -1);
		} else if (result == IPC_DONE && is_peer_gone(fd)) {
			result = IPC_ENDED;
		} else if (result == IPC_DONE) {
			if (!is_stale(maker, is_successor, wire))
				result = answer_one(maker, fd, wire, length, fd_count, err);
		} else if (result == -1 && why.code == SP_PROTOCOL) {
			serve_refusal(fd, &why); /* what is cut off has no number */
			result = IPC_DONE;
		} else if (result == -1) {
			*err = why;
		}
	}
	maker_reset(maker);
	return result == -1 ? -1 : 0;
}
