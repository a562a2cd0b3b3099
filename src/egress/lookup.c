#include "egress/lookup.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "base/scope.h"
#include "base/text.h"

enum {
	/* Of each server; the time for an answer doubles from try to try. */
	TRIES = LOOKUP_DATAGRAMS_A_SERVER,
	FIRST_TRY_SHARE = 8, /* of the whole time: 1 + 2 + 4 such shares are less than all */
	FIRST_TRY_MIN_MS = 50,
	SECOND_FAMILY_MS = 300, /* one family has answered: how long the other is waited for */
	SOCKETS_MAX = ARES_GETSOCK_MAXNUM,
};

enum family { FAMILY_V4, FAMILY_V6, FAMILY_COUNT };

struct question {
	struct lookup *lookup;
	bool answered;
	bool skipped; /* nobody wants to know; counts as answered */
	int status;   /* ARES_… */
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
	char *host, *at;
	uint16_t port;
	const struct lookup_supply *supply;
	lookup_fn *fn;
	void *ctx;
	ares_channel channel; /* NULL when there is none */
	int start_status;
	struct question questions[FAMILY_COUNT];
	struct socket_watch sockets[SOCKETS_MAX];
	struct loop_timer *ares_timer, *end_timer;
	bool grace; /* end_timer is the short one */
};

/* c-ares takes no spaces in its list, people write them. */
static int set_servers(ares_channel channel, const char *servers)
{
	SP_AUTO_FREE char *list = sp_strdup(servers);
	size_t length = 0;
	for (const char *at = list; *at != '\0'; at++)
		if (*at != ' ')
			list[length++] = *at;
	list[length] = '\0';
	return length == 0 ? ARES_EBADSTR : ares_set_servers_ports_csv(channel, list);
}

int lookup_check_servers(const char *servers, struct sp_error *err)
{
	ares_channel channel;
	int status = ares_init(&channel);
	if (status == ARES_SUCCESS) {
		status = set_servers(channel, servers);
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
	free(lookup->at);
	free(lookup);
}

/* What c-ares says without an address, and what that is to us. */
static const struct ending {
	int status;
	enum sp_code code;
	bool for_ever;
	const char *words;    /* NULL: those of c-ares */
	const char *words_v4; /* when only IPv4 was asked for; NULL: the same */
} endings[] = {
	{ ARES_ENOTFOUND, SP_NOT_FOUND, true, "no such name", NULL },
	{ ARES_ENODATA, SP_NOT_FOUND, true, "the name has no address",
	  "the name has no IPv4 address" },
	{ ARES_SUCCESS, SP_NOT_FOUND, true, "the name has no address",
	  "the name has no IPv4 address" },
	{ ARES_EBADNAME, SP_INVALID, true, "this is no name of a host", NULL },
	{ ARES_EBADQUERY, SP_INVALID, true, "this is no name of a host", NULL },
	{ ARES_EFORMERR, SP_INVALID, true, "this is no name of a host", NULL },
	{ ARES_ETIMEOUT, SP_TIMEOUT, false, "no name server answered in time", NULL },
	{ ARES_ECANCELLED, SP_TIMEOUT, false, "no name server answered in time", NULL },
	{ ARES_EDESTRUCTION, SP_TIMEOUT, false, "no name server answered in time", NULL },
	{ ARES_ECONNREFUSED, SP_UNREACHABLE, false, "no name server could be reached", NULL },
	{ ARES_ENOMEM, SP_NO_MEMORY, false, NULL, NULL },
};

static const struct ending *find_ending(int status)
{
	static const struct ending other = { .code = SP_UNREACHABLE };
	for (size_t i = 0; i < SP_COUNT_OF(endings); i++)
		if (endings[i].status == status)
			return &endings[i];
	return &other;
}

static void fail_lookup(const struct lookup *lookup, struct sp_error *err)
{
	/* A family without an answer says more than one that has no such address. */
	int status = lookup->start_status;
	for (size_t i = 0; i < FAMILY_COUNT && lookup->start_status == ARES_SUCCESS; i++) {
		const struct question *question = &lookup->questions[i];
		if (question->skipped)
			continue;
		int this = question->answered ? question->status : ARES_ETIMEOUT;
		if (i == 0 || status == ARES_ENOTFOUND || status == ARES_ENODATA)
			status = this;
	}
	const struct ending *ending = find_ending(status);
	const char *words = ending->words == NULL ? ares_strerror(status) : ending->words;
	if (lookup->questions[FAMILY_V6].skipped && ending->words_v4 != NULL)
		words = ending->words_v4;
	sp_fail(err, ending->code, "%s find the host \"%s\"%s: %s",
		ending->for_ever ? "cannot" : "could not", lookup->host, lookup->at, words);
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

/* ---- sockets that were given to us ----------------------------------------------------------------------------- */

static ares_socket_t take_socket(int family, int type, int protocol, void *ctx)
{
	(void)protocol;
	const struct lookup *lookup = ctx;
	int fd = lookup->supply->take(lookup->supply->ctx, family, type == SOCK_STREAM);
	if (fd < 0)
		errno = EMFILE;
	return fd;
}

static int close_socket(ares_socket_t fd, void *ctx)
{
	(void)ctx;
	return close(fd);
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t length,
			  void *ctx)
{
	(void)ctx;
	return connect(fd, address, length);
}

static ares_ssize_t receive(ares_socket_t fd, void *out, size_t room, int flags,
			    struct sockaddr *from, ares_socklen_t *from_length, void *ctx)
{
	(void)ctx;
	return recvfrom(fd, out, room, flags, from, from_length);
}

static ares_ssize_t send_parts(ares_socket_t fd, const struct iovec *parts, int count, void *ctx)
{
	(void)ctx;
	return writev(fd, parts, count);
}

/* c-ares keeps the pointer; with these it sets no options of its own on a socket. */
static const struct ares_socket_functions given_sockets = {
	.asocket = take_socket,
	.aclose = close_socket,
	.aconnect = connect_socket,
	.arecvfrom = receive,
	.asendv = send_parts,
};

/* ---- asking ---------------------------------------------------------------------------------------------------- */

/* An address of IPv6 has two colons at least, also without a port. */
static int family_of_server(const char *text, size_t length)
{
	const char *first = memchr(text, ':', length);
	bool has_two = first != NULL &&
		       memchr(first + 1, ':', length - (size_t)(first + 1 - text)) != NULL;
	return has_two ? AF_INET6 : AF_INET;
}

size_t lookup_count_servers(const char *servers, int family)
{
	size_t count = 0;
	for (const char *at = servers; at[0] != '\0';) {
		at += strspn(at, ", ");
		size_t length = strcspn(at, ", ");
		count += length > 0 && family_of_server(at, length) == family;
		at += length;
	}
	return count;
}

static int open_channel(struct lookup *lookup, const struct lookup_question *question)
{
	int64_t first = question->timeout_ms / FIRST_TRY_SHARE;
	char files_before_dns[] = "fb", only_dns[] = "b", no_configuration[] = "/dev/null";
	bool given = question->supply != NULL;
	struct ares_options options = {
		.flags = ARES_FLAG_NOALIASES,
		.timeout = (int)(first < FIRST_TRY_MIN_MS ? FIRST_TRY_MIN_MS : first),
		.tries = TRIES,
		.lookups = given ? only_dns : files_before_dns,
		.resolvconf_path = no_configuration,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = lookup,
	};
	int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
	if (given)
		mask |= ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_NOROTATE; /* no domains */
	/* Of the host's configuration nothing but the servers may count, when there are no others. */
	if (given && question->servers != NULL)
		mask |= ARES_OPT_RESOLVCONF;
	int status = ares_init_options(&lookup->channel, &options, mask);
	if (status != ARES_SUCCESS) {
		lookup->channel = NULL;
		return status;
	}
	if (given)
		ares_set_socket_functions(lookup->channel, &given_sockets, lookup);
	if (question->servers != NULL)
		status = set_servers(lookup->channel, question->servers);
	return status;
}

static void ask(struct lookup *lookup, enum family family, bool wanted)
{
	static const int families[FAMILY_COUNT] = { AF_INET, AF_INET6 };
	struct question *question = &lookup->questions[family];
	question->lookup = lookup;
	if (!wanted) {
		question->answered = question->skipped = true;
		return;
	}
	/* To sort addresses c-ares would use up sockets. */
	const struct ares_addrinfo_hints hints = {
		.ai_flags = lookup->supply != NULL ? ARES_AI_NOSORT : 0,
		.ai_family = families[family],
		.ai_socktype = SOCK_STREAM,
	};
	ares_getaddrinfo(lookup->channel, lookup->host, NULL, &hints, on_answer, question);
}

struct lookup *lookup_start(struct loop *loop, const struct lookup_question *question,
			    lookup_fn *fn, void *ctx)
{
	struct lookup *lookup = sp_alloc(sizeof(*lookup));
	lookup->loop = loop;
	lookup->host = sp_strdup(question->host);
	lookup->at = sp_strdup(question->at == NULL ? "" : question->at);
	lookup->port = question->port;
	lookup->supply = question->supply;
	lookup->fn = fn;
	lookup->ctx = ctx;
	for (size_t i = 0; i < SOCKETS_MAX; i++)
		lookup->sockets[i].fd = -1;
	set_end(lookup, question->timeout_ms);

	lookup->start_status = open_channel(lookup, question);
	if (lookup->start_status == ARES_SUCCESS) {
		ask(lookup, FAMILY_V4, address_type_has_v4(question->families));
		ask(lookup, FAMILY_V6, address_type_has_v6(question->families));
	}
	settle(lookup);
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	if (lookup != NULL)
		free_lookup(lookup);
}
