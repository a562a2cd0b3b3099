#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/netd_client_inside.h"
#include "ipc/channel.h"

enum {
	RECEIVED_AT_ONCE = 64, /* messages, before others on the loop have their turn */
	HELLO_MS = 10000,
	ANSWER_MS = 60000, /* of the oldest message: netd may have many rules to load */
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 30000,
};

static_assert((int)NETD_SOCKETS_MAX == (int)NETWORKS_SOCKETS_MAX,
	      "netd opens what may be asked for");

static void drop(struct netd_client *client, const struct sp_error *why);
static void find_netd(void *ctx);

enum netd_condition netd_client_condition(const struct netd_client *client, const char **out_why)
{
	*out_why = client->condition == NETD_GONE ? client->why.message : NULL;
	return client->condition;
}

static void tell_changed(struct netd_client *client)
{
	client->options.changed(client->options.changed_ctx);
}

/* ---- telling --------------------------------------------------------------------------------------------------- */

static void no_answer(void *ctx)
{
	struct netd_client *client = ctx;
	client->deadline = NULL;
	struct sp_error why;
	if (client->has_greeted)
		sp_fail(&why, SP_TIMEOUT, "sallyport-netd did not answer within %d s",
			ANSWER_MS / 1000);
	else
		sp_fail(&why, SP_TIMEOUT, "sallyport-netd did not begin within %d s",
			HELLO_MS / 1000);
	drop(client, &why);
}

static void set_deadline(struct netd_client *client, int64_t ms)
{
	loop_cancel_timer(client->deadline);
	client->deadline = ms > 0 ? loop_add_timer(client->loop, ms, no_answer, client) : NULL;
}

static void add_flight(struct netd_client *client, const struct netd_message *message,
		       struct netd_opening *opening)
{
	size_t place = (client->flight_first + client->flight_count) % FLIGHTS_MAX;
	struct flight *flight = &client->flights[place];
	*flight = (struct flight){ .request = message->request,
				   .kind = message->kind,
				   .opening = opening };
	memcpy(flight->id, message->id, sizeof(flight->id));
	if (client->flight_count++ == 0)
		set_deadline(client, ANSWER_MS);
}

static struct flight take_flight(struct netd_client *client)
{
	struct flight flight = client->flights[client->flight_first];
	client->flights[client->flight_first].opening = NULL;
	client->flight_first = (client->flight_first + 1) % FLIGHTS_MAX;
	client->flight_count--;
	set_deadline(client, client->flight_count > 0 ? ANSWER_MS : 0);
	return flight;
}

/* What cannot be told has failed as if netd had said so. */
static void answer_self(struct netd_client *client, const struct netd_message *message,
			struct netd_opening *opening, const struct sp_error *why)
{
	if (opening != NULL) {
		struct networks_sockets sockets = { .error = *why };
		opening_end(opening, &sockets);
		return;
	}
	things_told(client->options.things, message);
	things_answered(client->options.things, message->kind, message->id, message->request,
			why->message);
	tell_changed(client);
}

/* Returns an enum ipc_result; IPC_DONE: it was dealt with. */
static int send_message(struct netd_client *client, struct netd_message *message,
			struct netd_opening *opening, struct sp_error *err)
{
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length;
	message->request = client->last_request + 1;
	if (netd_message_encode(message, bytes, &length, err) != 0) {
		answer_self(client, message, opening, err);
		return IPC_DONE;
	}
	int result = ipc_send(client->fd, bytes, length, NULL, 0, err);
	if (result != IPC_DONE)
		return result;
	client->last_request = message->request;
	add_flight(client, message, opening);
	if (opening != NULL)
		opening->is_sent = true;
	else
		things_told(client->options.things, message);
	return IPC_DONE;
}

static void netd_ended(struct netd_client *client)
{
	struct sp_error why;
	sp_fail(&why, SP_CLOSED, "sallyport-netd has ended");
	drop(client, &why);
}

static void tell(struct netd_client *client)
{
	int result = IPC_DONE;
	struct sp_error err;
	while (client->has_greeted && result == IPC_DONE && client->flight_count < FLIGHTS_MAX) {
		struct netd_opening *opening = openings_next(client);
		struct netd_message message;
		if (opening != NULL)
			message = opening->message;
		else if (!things_next(client->options.things, &message))
			break;
		result = send_message(client, &message, opening, &err);
	}
	if (result == IPC_ENDED)
		netd_ended(client);
	else if (result < 0)
		drop(client, &err);
	else if (client->has_greeted)
		loop_watch_change(client->watch,
				  result == IPC_AGAIN ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void tell_now(void *ctx)
{
	struct netd_client *client = ctx;
	client->soon = NULL;
	tell(client);
}

void netd_client_push(struct netd_client *client)
{
	if (client->soon == NULL)
		client->soon = loop_add_timer(client->loop, 0, tell_now, client);
}

struct netd_opening *netd_client_open_sockets(struct netd_client *client, const char *eni_id,
					      const struct socket_wish *wish,
					      networks_sockets_fn *fn, void *ctx)
{
	struct netd_opening **slot = &client->openings;
	while (*slot != NULL)
		slot = &(*slot)->next;
	struct netd_opening *opening = sp_alloc(sizeof(*opening));
	*opening = (struct netd_opening){ .client = client, .slot = slot, .fn = fn, .ctx = ctx };
	opening->message.kind = NETD_OPEN;
	opening->message.streams = (uint32_t)wish->streams;
	opening->message.datagrams = (uint32_t)wish->datagrams;
	opening->message.streams6 = (uint32_t)wish->streams6;
	opening->message.datagrams6 = (uint32_t)wish->datagrams6;
	strcpy(opening->message.id, eni_id);
	*slot = opening;
	netd_client_push(client);
	return opening;
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

static int be_greeted(struct netd_client *client, const struct netd_message *message,
		      struct sp_error *err)
{
	if (message->version != NETD_VERSION)
		return sp_fail(err, SP_UNSUPPORTED,
			       "cannot use sallyport-netd: it speaks version %u, not %d",
			       message->version, NETD_VERSION);
	if (message->has_uplinks)
		sp_log(SP_LOG_INFO, "sallyport-netd makes networks");
	else
		sp_log(SP_LOG_INFO, "sallyport-netd makes networks without uplinks: %s",
		       message->text != NULL ? message->text : "it gave no reason");
	struct sp_error again;
	sp_fail(&again, SP_CLOSED, "sallyport-netd has begun again");
	client->has_greeted = true;
	client->condition = NETD_WORKS;
	client->flight_first = client->flight_count = 0;
	set_deadline(client, 0);
	things_begin_again(client->options.things);
	openings_end(client, &again);
	return 0;
}

static void take_sockets(struct flight *flight, int *fds, size_t *fd_count,
			 const struct netd_message *message)
{
	struct networks_sockets sockets = { 0 };
	if (message->kind == NETD_FAILED) {
		sp_fail(&sockets.error, (enum sp_code)message->code, "%s", message->text);
	} else {
		memcpy(sockets.fds, fds, *fd_count * sizeof(*fds));
		sockets.count = *fd_count;
		*fd_count = 0;
	}
	opening_end(flight->opening, &sockets);
}

/* Whether the answer is one that the message can have. */
static bool is_fit(const struct flight *flight, const struct netd_message *message, size_t fd_count)
{
	if (message->request != flight->request)
		return false;
	if (message->kind == NETD_FAILED)
		return true;
	if (flight->kind != NETD_OPEN)
		return message->kind == NETD_DONE;
	if (message->kind != NETD_SOCKETS)
		return false;
	const struct netd_message *asked =
		flight->opening != NULL ? &flight->opening->message : message;
	return message->streams == asked->streams && message->datagrams == asked->datagrams &&
	       message->streams6 == asked->streams6 && message->datagrams6 == asked->datagrams6 &&
	       message->streams + message->datagrams + message->streams6 + message->datagrams6 ==
		       fd_count;
}

/* Gateways and connectors tell their own failures; of what their ways lead through nobody may be using anything yet. */
static void log_failure(const struct netd_client *client, const struct flight *flight,
			const char *failure)
{
	const char *before = things_failure_of(client->options.things, flight->id);
	if ((flight->kind == NETD_INTERNET || flight->kind == NETD_TABLE) && failure != NULL &&
	    !sp_text_equal(before, failure))
		sp_log(SP_LOG_WARNING, "%s failed: %s", flight->id, failure);
}

static int be_answered(struct netd_client *client, const struct netd_message *message, int *fds,
		       size_t *fd_count, struct sp_error *err)
{
	if (client->flight_count == 0 ||
	    !is_fit(&client->flights[client->flight_first], message, *fd_count))
		return sp_fail(err, SP_PROTOCOL, "sallyport-netd gave an answer that fits nothing");
	struct flight flight = take_flight(client);
	const char *failure = message->kind == NETD_FAILED ? message->text : NULL;
	if (failure != NULL && flight.kind == NETD_OPEN)
		things_doubt(client->options.things, flight.id);
	if (flight.opening != NULL)
		take_sockets(&flight, fds, fd_count, message);
	if (failure != NULL && flight.kind == NETD_OWNER)
		return sp_fail(err, (enum sp_code)message->code, "%s", failure);
	if (failure != NULL && (flight.kind == NETD_END || flight.kind == NETD_REMOVE))
		sp_log(SP_LOG_WARNING, "%s", failure);
	if (failure == NULL && flight.kind == NETD_END)
		client->pause_ms = 0;
	if (flight.kind == NETD_OPEN)
		return 0;
	log_failure(client, &flight, failure);
	things_answered(client->options.things, flight.kind, flight.id, flight.request, failure);
	tell_changed(client);
	return 0;
}

static int take_message(struct netd_client *client, const void *bytes, size_t length, int *fds,
			size_t *fd_count, struct sp_error *err)
{
	struct netd_message message;
	if (netd_message_decode(bytes, length, *fd_count, &message, err) != 0)
		return -1;
	int result;
	if (message.kind == NETD_HELLO)
		result = be_greeted(client, &message, err);
	else if (!client->has_greeted && message.kind == NETD_FAILED) /* why it cannot serve */
		result = sp_fail(err, (enum sp_code)message.code, "%s", message.text);
	else if (client->has_greeted)
		result = be_answered(client, &message, fds, fd_count, err);
	else
		result = sp_fail(err, SP_PROTOCOL, "sallyport-netd did not begin with a greeting");
	netd_message_finish(&message);
	return result;
}

/* Returns an enum ipc_result, or -1. */
static int receive(struct netd_client *client, struct sp_error *err)
{
	unsigned char bytes[IPC_MESSAGE_MAX];
	size_t length, fd_count = 0;
	int fds[IPC_FDS_MAX];
	int result = ipc_receive(client->fd, bytes, &length, fds, &fd_count, err);
	if (result == IPC_DONE && take_message(client, bytes, length, fds, &fd_count, err) != 0)
		result = -1;
	while (fd_count > 0)
		close(fds[--fd_count]);
	return result;
}

static void on_socket(void *ctx, uint32_t events)
{
	struct netd_client *client = ctx;
	(void)events;
	struct sp_error err;
	int result = IPC_DONE;
	for (int i = 0; i < RECEIVED_AT_ONCE && result == IPC_DONE; i++)
		result = receive(client, &err);
	if (result == IPC_ENDED)
		netd_ended(client);
	else if (result < 0)
		drop(client, &err);
	else
		tell(client);
}

/* ---- finding one ----------------------------------------------------------------------------------------------- */

static bool can_find_another(const struct netd_client *client)
{
	return client->options.socket != NULL || client->options.respawn != NULL;
}

static void be_gone(struct netd_client *client, const struct sp_error *why)
{
	if (client->condition != NETD_GONE || strcmp(client->why.message, why->message) != 0)
		sp_log(SP_LOG_WARNING, "no networks of kernel namespaces can be made: %s",
		       why->message);
	client->condition = NETD_GONE;
	client->why = *why;
	if (can_find_another(client)) {
		client->pause_ms = client->pause_ms == 0 ? PAUSE_MIN_MS : 2 * client->pause_ms;
		if (client->pause_ms > PAUSE_MAX_MS)
			client->pause_ms = PAUSE_MAX_MS;
		client->pause = loop_add_timer(client->loop, client->pause_ms, find_netd, client);
	}
	tell_changed(client);
}

static void drop(struct netd_client *client, const struct sp_error *why)
{
	struct sp_error reason = *why; /* it may be the client's own */
	loop_watch_remove(client->watch);
	client->watch = NULL;
	sp_close_fd(&client->fd);
	set_deadline(client, 0);
	client->has_greeted = false;
	client->flight_first = client->flight_count = 0;
	things_begin_again(client->options.things);
	be_gone(client, &reason);
	openings_end(client, &reason);
}

static void use_netd(struct netd_client *client, int fd)
{
	client->fd = fd;
	client->watch = loop_watch_fd(client->loop, fd, EPOLLIN, on_socket, client);
	set_deadline(client, HELLO_MS);
}

static int connect_to(const char *path, struct sp_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
		return sp_fail(err, SP_INVALID,
			       "cannot use the socket \"%s\": its path is longer than %zu bytes",
			       path, sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	SP_AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == -1)
		return sp_fail_errno(err, "could not reach sallyport-netd at \"%s\"", path);
	return sp_take_fd(&fd);
}

static void find_netd(void *ctx)
{
	struct netd_client *client = ctx;
	client->pause = NULL;
	struct sp_error err = { 0 };
	int fd = client->options.socket != NULL
			 ? connect_to(client->options.socket, &err)
			 : client->options.respawn(client->options.respawn_ctx, &err);
	if (fd == -1)
		be_gone(client, &err);
	else
		use_netd(client, fd);
}

struct netd_client *netd_client_open(struct loop *loop, const struct netd_client_options *options)
{
	struct netd_client *client = sp_alloc(sizeof(*client));
	*client = (struct netd_client){ .loop = loop, .options = *options, .fd = -1 };
	client->options.socket = sp_strdup(options->socket);
	client->options.why_none = NULL;
	if (options->fd != -1) {
		use_netd(client, options->fd);
	} else if (can_find_another(client)) {
		find_netd(client);
	} else {
		/* Whoever has no way to one knows that, and told it where that is news. */
		client->condition = NETD_GONE;
		sp_fail(&client->why, SP_UNSUPPORTED, "%s", options->why_none);
	}
	return client;
}

void netd_client_close(struct netd_client *client)
{
	if (client == NULL)
		return;
	assert(client->openings == NULL);
	loop_watch_remove(client->watch);
	sp_close_fd(&client->fd);
	set_deadline(client, 0);
	loop_cancel_timer(client->pause);
	loop_cancel_timer(client->soon);
	free((char *)client->options.socket);
	free(client);
}
