#include "egress/lookup.h"

#include <ares.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "base/scope.h"
#include "base/text.h"

enum {
	TRIES = 3,           /* of each server; the time for an answer doubles from try to try */
	FIRST_TRY_SHARE = 8, /* of the whole time: 1 + 2 + 4 such shares are less than all */
	FIRST_TRY_MIN_MS = 50,
	SECOND_FAMILY_MS = 300, /* one family has answered: how long the other is waited for */
	SOCKETS_MAX = ARES_GETSOCK_MAXNUM,
};

enum family { FAMILY_V4, FAMILY_V6, FAMILY_COUNT };

struct question {
	struct lookup *lookup;
	bool answered;
	int status; /* ARES_… */
	size_t count;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
};

struct socket_watch {
	int fd; /* -1: free */
	struct lookup *lookup;
	struct loop_watch *watch;
};

struct lookup {
	struct loop *loop;
	char *host;
	uint16_t port;
	lookup_fn *fn;
	void *ctx;
	ares_channel channel; /* NULL when there is none */
	int start_status;
	struct question questions[FAMILY_COUNT];
	struct socket_watch sockets[SOCKETS_MAX];
	struct loop_timer *ares_timer, *end_timer;
	bool grace; /* end_timer is the short one */
};

int lookup_check_servers(const char *servers, struct sp_error *err)
{
	ares_channel channel;
	int status = ares_init(&channel);
	if (status == ARES_SUCCESS) {
		status = ares_set_servers_ports_csv(channel, servers);
		ares_destroy(channel);
	}
	if (status != ARES_SUCCESS)
		return sp_fail(err, SP_INVALID,
			       "cannot use the name servers \"%s\": addresses are expected, as in "
			       "\"192.0.2.1, 192.0.2.2:5353\"",
			       servers);
	return 0;
}

static void free_lookup(struct lookup *lookup)
{
	if (lookup->channel != NULL)
		ares_destroy(
			lookup->channel); /* answers what is open, and gives its sockets back */
	loop_cancel_timer(lookup->ares_timer);
	loop_cancel_timer(lookup->end_timer);
	free(lookup->host);
	free(lookup);
}

static void fail_lookup(const struct lookup *lookup, struct sp_error *err)
{
	/* A family without an answer says more than one that has no such address. */
	int status = lookup->start_status;
	for (size_t i = 0; i < FAMILY_COUNT && lookup->start_status == ARES_SUCCESS; i++) {
		const struct question *question = &lookup->questions[i];
		int this = question->answered ? question->status : ARES_ETIMEOUT;
		if (i == 0 || status == ARES_ENOTFOUND || status == ARES_ENODATA)
			status = this;
	}
	switch (status) {
	case ARES_ENOTFOUND:
		sp_fail(err, SP_NOT_FOUND, "cannot find the host \"%s\": no such name",
			lookup->host);
		return;
	case ARES_SUCCESS:
	case ARES_ENODATA:
		sp_fail(err, SP_NOT_FOUND, "cannot find the host \"%s\": the name has no address",
			lookup->host);
		return;
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
	case ARES_EFORMERR:
		sp_fail(err, SP_INVALID, "cannot find the host \"%s\": this is no name of a host",
			lookup->host);
		return;
	case ARES_ETIMEOUT:
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		sp_fail(err, SP_TIMEOUT,
			"could not find the host \"%s\": no name server answered in time",
			lookup->host);
		return;
	case ARES_ENOMEM:
		sp_fail(err, SP_NO_MEMORY, "could not find the host \"%s\": %s", lookup->host,
			ares_strerror(status));
		return;
	default:
		sp_fail(err, SP_UNREACHABLE, "could not find the host \"%s\": %s", lookup->host,
			ares_strerror(status));
		return;
	}
}

static void end_lookup(struct lookup *lookup)
{
	struct lookup_result result = { 0 };
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		for (size_t j = 0; j < lookup->questions[i].count; j++)
			if (result.count < LOOKUP_ADDRESSES_MAX)
				result.addresses[result.count++] =
					lookup->questions[i].addresses[j];
	if (result.count == 0)
		fail_lookup(lookup, &result.error);
	lookup_fn *fn = lookup->fn;
	void *ctx = lookup->ctx;
	free_lookup(lookup);
	fn(ctx, &result);
}

static void on_end(void *ctx)
{
	struct lookup *lookup = ctx;
	lookup->end_timer = NULL;
	end_lookup(lookup);
}

static void set_end(struct lookup *lookup, int64_t delay_ms)
{
	loop_cancel_timer(lookup->end_timer);
	lookup->end_timer = loop_add_timer(lookup->loop, delay_ms, on_end, lookup);
}

static void on_ares_timer(void *ctx);

/* After every call into c-ares: it may have got answers, and wants to be called again at another time. */
static void settle(struct lookup *lookup)
{
	const struct question *questions = lookup->questions;
	loop_cancel_timer(lookup->ares_timer);
	lookup->ares_timer = NULL;
	if (lookup->start_status != ARES_SUCCESS ||
	    (questions[FAMILY_V4].answered && questions[FAMILY_V6].answered)) {
		set_end(lookup, 0);
		return;
	}
	if (!lookup->grace && questions[FAMILY_V4].count + questions[FAMILY_V6].count > 0) {
		lookup->grace = true;
		set_end(lookup, SECOND_FAMILY_MS);
	}
	struct timeval wait = { 0 };
	if (ares_timeout(lookup->channel, NULL, &wait) != NULL)
		lookup->ares_timer =
			loop_add_timer(lookup->loop, wait.tv_sec * 1000 + wait.tv_usec / 1000 + 1,
				       on_ares_timer, lookup);
}

static void on_ares_timer(void *ctx)
{
	struct lookup *lookup = ctx;
	lookup->ares_timer = NULL;
	ares_process_fd(lookup->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	settle(lookup);
}

static void on_socket(void *ctx, uint32_t events)
{
	struct socket_watch *watch = ctx;
	struct lookup *lookup = watch->lookup;
	bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
	int fd = watch->fd;
	ares_process_fd(lookup->channel, broken || (events & EPOLLIN) != 0 ? fd : ARES_SOCKET_BAD,
			(events & EPOLLOUT) != 0 ? fd : ARES_SOCKET_BAD);
	settle(lookup);
}

static struct socket_watch *find_socket(struct lookup *lookup, int fd)
{
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		if (lookup->sockets[i].fd == fd)
			return &lookup->sockets[i];
	return NULL;
}

/* c-ares tells what it wants to know of a socket; neither: it is about to close it. */
static void on_socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct lookup *lookup = ctx;
	uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
	struct socket_watch *watch = find_socket(lookup, fd);
	if (watch != NULL && events != 0) {
		loop_watch_change(watch->watch, events);
	} else if (watch != NULL) {
		loop_watch_remove(watch->watch);
		watch->fd = -1;
	} else if (events != 0 && (watch = find_socket(lookup, -1)) != NULL) {
		watch->fd = fd;
		watch->lookup = lookup;
		watch->watch = loop_watch_fd(lookup->loop, fd, events, on_socket, watch);
	}
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *info)
{
	(void)timeouts;
	struct question *question = ctx;
	question->answered = true;
	question->status = status;
	for (struct ares_addrinfo_node *node = info == NULL ? NULL : info->nodes; node != NULL;
	     node = node->ai_next)
		if (question->count < LOOKUP_ADDRESSES_MAX &&
		    address_from_sockaddr(node->ai_addr, question->lookup->port,
					  &question->addresses[question->count]))
			question->count++;
	if (info != NULL)
		ares_freeaddrinfo(info);
}

static int open_channel(struct lookup *lookup, const char *servers, int64_t timeout_ms)
{
	int64_t first = timeout_ms / FIRST_TRY_SHARE;
	char files_before_dns[] = "fb";
	struct ares_options options = {
		.timeout = (int)(first < FIRST_TRY_MIN_MS ? FIRST_TRY_MIN_MS : first),
		.tries = TRIES,
		.lookups = files_before_dns,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = lookup,
	};
	int status = ares_init_options(&lookup->channel, &options,
				       ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
					       ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS)
		lookup->channel = NULL;
	if (status == ARES_SUCCESS && servers != NULL)
		status = ares_set_servers_ports_csv(lookup->channel, servers);
	return status;
}

struct lookup *lookup_start(struct loop *loop, const char *servers, const char *host, uint16_t port,
			    int64_t timeout_ms, lookup_fn *fn, void *ctx)
{
	static const int families[FAMILY_COUNT] = { AF_INET, AF_INET6 };
	struct lookup *lookup = sp_alloc(sizeof(*lookup));
	lookup->loop = loop;
	lookup->host = sp_strdup(host);
	lookup->port = port;
	lookup->fn = fn;
	lookup->ctx = ctx;
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		lookup->sockets[i].fd = -1;
	set_end(lookup, timeout_ms);

	lookup->start_status = open_channel(lookup, servers, timeout_ms);
	for (size_t i = 0; i < FAMILY_COUNT && lookup->start_status == ARES_SUCCESS; i++) {
		struct ares_addrinfo_hints hints = { .ai_family = families[i],
						     .ai_socktype = SOCK_STREAM };
		lookup->questions[i].lookup = lookup;
		ares_getaddrinfo(lookup->channel, host, NULL, &hints, on_answer,
				 &lookup->questions[i]);
	}
	settle(lookup);
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	if (lookup != NULL)
		free_lookup(lookup);
}
