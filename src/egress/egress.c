#include "egress/egress.h"

#include <ares.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"
#include "egress/address.h"
#include "egress/lookup.h"

enum {
	LOOKUP_SHARE = 2,       /* of the time for everything, a name gets half */
	HOST_ADDRESSES_MAX = 8, /* of this host, that a sentence lists */
	REASONS_MAX = SP_ERROR_MESSAGE_MAX,
};

struct source {
	char text[EGRESS_ADDRESS_TEXT_MAX];
	struct address address;
};

struct egress {
	struct loop *loop;
	struct store *store; /* NULL, with the next two, where there are no private paths */
	struct pool *reads;
	struct networks *networks;
	struct source sources[EGRESS_SOURCES_MAX];
	size_t source_count;
	bool allow_private_targets;
	int64_t connect_timeout_ms;
	char *dns_servers;
	struct egress_attempt *attempts;
};

/*
 *   begin ──► lookup ──► address 1 ──► address 2 ──► … ──► end
 *      └─ an address, localhost ┘ └─────── connected ───────┘
 */
struct egress_attempt {
	struct egress *egress;
	struct egress_attempt *next, **slot; /* its place in egress->attempts */
	char *host;
	char *configuration_arn; /* NULL: service-managed */
	uint16_t port;
	egress_fn *fn;
	void *ctx;
	struct trace trace;
	int64_t deadline_ms; /* monotonic */
	struct lookup *lookup;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t address_count, tried;
	bool host_is_address;
	int fd;
	int64_t share_ms; /* what the address under way was given */
	struct loop_watch *watch;
	struct loop_timer *timer;
	struct sp_buffer reasons; /* "192.0.2.1: Connection refused; …" */
	enum sp_code code;        /* of the weightiest reason */
};

int egress_open(struct loop *loop, struct store *store, struct pool *reads,
		struct networks *networks, const struct egress_options *options,
		struct egress **out, struct sp_error *err)
{
	if (options->source_address_count > EGRESS_SOURCES_MAX)
		return sp_fail(err, SP_LIMIT, "cannot use %zu source addresses: at most %d",
			       options->source_address_count, EGRESS_SOURCES_MAX);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return sp_fail(err, SP_SYSTEM, "could not start the resolver");

	struct egress *egress = sp_alloc(sizeof(*egress));
	egress->loop = loop;
	egress->store = store;
	egress->reads = reads;
	egress->networks = networks;
	egress->allow_private_targets = options->allow_private_targets;
	egress->connect_timeout_ms = options->connect_timeout_ms;
	egress->dns_servers = sp_strdup(options->dns_servers);
	for (size_t i = 0; i < options->source_address_count; i++) {
		struct source *source = &egress->sources[egress->source_count++];
		const char *text = options->source_addresses[i];
		if (!address_parse(text, 0, &source->address)) {
			egress_close(egress);
			return sp_fail(err, SP_INVALID,
				       "cannot use the source address \"%s\": an IPv4 or IPv6 "
				       "address is expected",
				       text);
		}
		address_host_text(&source->address, source->text);
	}
	if (egress->dns_servers != NULL && lookup_check_servers(egress->dns_servers, err) != 0) {
		egress_close(egress);
		return -1;
	}
	*out = egress;
	return 0;
}

void egress_close(struct egress *egress)
{
	if (egress == NULL)
		return;
	struct egress_attempt *next;
	for (struct egress_attempt *attempt = egress->attempts; attempt != NULL; attempt = next) {
		next = attempt->next;
		egress_cancel(attempt);
	}
	free(egress->dns_servers);
	free(egress);
	ares_library_cleanup();
}

size_t egress_source_count(const struct egress *egress)
{
	return egress->source_count;
}

const char *egress_source_at(const struct egress *egress, size_t index)
{
	return index < egress->source_count ? egress->sources[index].text : NULL;
}

/* Lets go of the address under way. */
static void drop_socket(struct egress_attempt *attempt)
{
	loop_watch_remove(attempt->watch);
	attempt->watch = NULL;
	loop_cancel_timer(attempt->timer);
	attempt->timer = NULL;
	sp_close_fd(&attempt->fd);
}

void egress_cancel(struct egress_attempt *attempt)
{
	if (attempt == NULL)
		return;
	drop_socket(attempt);
	lookup_cancel(attempt->lookup);
	*attempt->slot = attempt->next;
	if (attempt->next != NULL)
		attempt->next->slot = attempt->slot;
	sp_buffer_finish(&attempt->reasons);
	trace_finish(&attempt->trace);
	free(attempt->host);
	free(attempt->configuration_arn);
	free(attempt);
}

/* Everything is let go before the caller hears of it, who may close the egress itself. */
static void end_attempt(struct egress_attempt *attempt, struct egress_result *result)
{
	egress_fn *fn = attempt->fn;
	void *ctx = attempt->ctx;
	trace_begin(&result->trace);
	trace_move(&result->trace, &attempt->trace);
	egress_cancel(attempt);
	fn(ctx, result);
	trace_finish(&result->trace);
}

static void end_failed(struct egress_attempt *attempt, enum failure_step step,
		       const struct sp_error *err)
{
	struct egress_result result = { .fd = -1, .step = step, .error = *err };
	trace_failed(&attempt->trace, step, NULL, err->message);
	end_attempt(attempt, &result);
}

static void add_reason(struct egress_attempt *attempt, const struct address *address,
		       const struct sp_error *reason)
{
	char host[EGRESS_ADDRESS_TEXT_MAX];
	address_host_text(address, host);
	if (attempt->reasons.length > 0)
		sp_buffer_add_text(&attempt->reasons, "; ");
	if (!attempt->host_is_address)
		sp_buffer_format(&attempt->reasons, "%s: ", host);
	sp_buffer_add_text(&attempt->reasons, reason->message);
	/* What we forbid ourselves weighs least: another address may do at the next try. */
	if (attempt->code == SP_OK || reason->code != SP_DENIED)
		attempt->code = reason->code;
}

static void end_refused(struct egress_attempt *attempt)
{
	struct sp_error err = { 0 };
	bool for_ever = attempt->code == SP_DENIED || attempt->code == SP_INVALID;
	sp_fail(&err, attempt->code, "%s to %s port %u: %s",
		for_ever ? "cannot connect" : "could not connect", attempt->host, attempt->port,
		sp_buffer_text(&attempt->reasons));
	end_failed(attempt, STEP_CONNECT, &err);
}

/* "192.0.2.1, 127.0.0.1": what a source address could be. */
static void list_host_addresses(int family, struct sp_buffer *list)
{
	struct ifaddrs *interfaces = NULL;
	if (getifaddrs(&interfaces) != 0)
		return;
	size_t count = 0;
	for (struct ifaddrs *at = interfaces; at != NULL && count < HOST_ADDRESSES_MAX;
	     at = at->ifa_next) {
		struct address address;
		char text[EGRESS_ADDRESS_TEXT_MAX];
		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != family ||
		    !address_from_sockaddr(at->ifa_addr, 0, &address))
			continue;
		address_host_text(&address, text);
		sp_buffer_format(list, "%s%s", count++ > 0 ? ", " : "", text);
	}
	freeifaddrs(interfaces);
}

static int fail_bind(const struct source *source, int number, struct sp_error *err)
{
	SP_AUTO_BUFFER list = { 0 };
	list_host_addresses(address_family(&source->address), &list);
	errno = number;
	sp_fail_errno(err, "could not leave from %s", source->text);
	return sp_fail(err, err->code, "%s; this host has %s", err->message,
		       list.length > 0 ? sp_buffer_text(&list) : "no such addresses");
}

/* From one of the configured addresses, or not at all. */
static int bind_source(const struct egress *egress, int fd, int family, struct sp_error *err)
{
	if (egress->source_count == 0)
		return 0;
	const int on = 1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	bool tried = false;
	for (size_t i = 0; i < egress->source_count; i++) {
		const struct source *source = &egress->sources[i];
		if (address_family(&source->address) != family)
			continue;
		if (bind(fd, &source->address.at.any, source->address.length) == 0)
			return 0;
		tried = true;
		fail_bind(source, errno, err);
	}
	return tried ? -1
		     : sp_fail(err, SP_DENIED, "no %s source address is configured to leave from",
			       family == AF_INET ? "IPv4" : "IPv6");
}

static void on_socket(void *ctx, uint32_t events);
static void on_share_over(void *ctx);

static int start_address(struct egress_attempt *attempt, const struct address *address,
			 struct sp_error *err)
{
	const char *kind = address_private_kind(address);
	if (kind != NULL && !attempt->egress->allow_private_targets)
		return sp_fail(err, SP_DENIED,
			       "it is %s, which the setting egress.allow_private_targets forbids",
			       kind);

	int family = address_family(address);
	SP_AUTO_FD fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket");
	const int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind_source(attempt->egress, fd, family, err) != 0)
		return -1;
	if (connect(fd, &address->at.any, address->length) != 0 && errno != EINPROGRESS) {
		char reason[128];
		return sp_fail(err, sp_code_from_errno(errno), "%s",
			       strerror_r(errno, reason, sizeof(reason)));
	}

	struct loop *loop = attempt->egress->loop;
	int64_t left_ms = attempt->deadline_ms - sp_monotonic_ms();
	attempt->share_ms = (left_ms > 0 ? left_ms : 0) /
			    (int64_t)(attempt->address_count - attempt->tried + 1);
	attempt->fd = sp_take_fd(&fd);
	attempt->watch = loop_watch_fd(loop, attempt->fd, EPOLLOUT, on_socket, attempt);
	attempt->timer = loop_add_timer(loop, attempt->share_ms, on_share_over, attempt);
	return 0;
}

static void try_next(struct egress_attempt *attempt)
{
	while (attempt->tried < attempt->address_count) {
		const struct address *address = &attempt->addresses[attempt->tried++];
		struct sp_error reason = { 0 };
		if (start_address(attempt, address, &reason) == 0)
			return;
		add_reason(attempt, address, &reason);
	}
	end_refused(attempt);
}

/* Goes on after the address under way came to nothing. */
static void give_up_address(struct egress_attempt *attempt, const struct sp_error *reason)
{
	drop_socket(attempt);
	add_reason(attempt, &attempt->addresses[attempt->tried - 1], reason);
	try_next(attempt);
}

static void on_share_over(void *ctx)
{
	struct egress_attempt *attempt = ctx;
	attempt->timer = NULL;
	struct sp_error reason = { 0 };
	sp_fail(&reason, SP_TIMEOUT, "no answer within %.1f s", (double)attempt->share_ms / 1000);
	give_up_address(attempt, &reason);
}

/* What became of connect(): 0 with both ends in @result, or errno. */
static int connect_outcome(int fd, struct egress_result *result)
{
	int number = 0;
	socklen_t length = sizeof(number);
	struct address source = { .length = sizeof(source.at) };
	struct address target = { .length = sizeof(target.at) };
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
		return errno;
	if (number != 0)
		return number;
	if (getsockname(fd, &source.at.any, &source.length) != 0 ||
	    getpeername(fd, &target.at.any, &target.length) != 0)
		return errno;
	address_text(&source, result->source);
	address_text(&target, result->target);
	/* TCP lets a socket connect to itself when the port it was given is the one it looks for. */
	return strcmp(result->source, result->target) == 0 ? ECONNREFUSED : 0;
}

static void on_socket(void *ctx, uint32_t events)
{
	(void)events;
	struct egress_attempt *attempt = ctx;
	struct egress_result result = { .step = STEP_CONNECT };
	int number = connect_outcome(attempt->fd, &result);
	if (number != 0) {
		char text[128];
		struct sp_error reason = { 0 };
		sp_fail(&reason, sp_code_from_errno(number), "%s",
			strerror_r(number, text, sizeof(text)));
		give_up_address(attempt, &reason);
		return;
	}
	loop_watch_remove(attempt->watch);
	attempt->watch = NULL;
	result.fd = sp_take_fd(&attempt->fd);
	trace_passed(&attempt->trace, STEP_CONNECT,
		     json_pack("{s:s, s:s}", "Address", result.target, "Source", result.source),
		     "connected to %s from %s", result.target, result.source);
	end_attempt(attempt, &result);
}

static void note_found(struct egress_attempt *attempt)
{
	SP_AUTO_BUFFER list = { 0 };
	json_t *addresses = json_array();
	for (size_t i = 0; i < attempt->address_count; i++) {
		char text[EGRESS_ADDRESS_TEXT_MAX];
		address_host_text(&attempt->addresses[i], text);
		sp_buffer_format(&list, "%s%s", i > 0 ? ", " : "", text);
		json_array_append_new(addresses, json_string(text));
	}
	trace_passed(&attempt->trace, STEP_RESOLVE,
		     json_pack("{s:s, s:o}", "Host", attempt->host, "Addresses", addresses),
		     "\"%s\" is %s", attempt->host, sp_buffer_text(&list));
}

static void on_lookup(void *ctx, const struct lookup_result *found)
{
	struct egress_attempt *attempt = ctx;
	attempt->lookup = NULL;
	if (found->error.code != SP_OK) {
		end_failed(attempt, STEP_RESOLVE, &found->error);
		return;
	}
	memcpy(attempt->addresses, found->addresses, sizeof(attempt->addresses));
	attempt->address_count = found->count;
	note_found(attempt);
	try_next(attempt);
}

/* Names below "localhost" never leave this host (RFC 6761), and c-ares 1.18 leaks memory over them. */
static bool is_localhost(const char *host)
{
	size_t length = strlen(host);
	static const char name[] = "localhost";
	const size_t name_length = sizeof(name) - 1;
	return length >= name_length && strcasecmp(host + length - name_length, name) == 0 &&
	       (length == name_length || host[length - name_length - 1] == '.');
}

static void begin(void *ctx)
{
	struct egress_attempt *attempt = ctx;
	struct egress *egress = attempt->egress;
	attempt->timer = NULL;
	if (attempt->configuration_arn != NULL) {
		struct sp_error err = { 0 };
		sp_fail(&err, SP_UNSUPPORTED,
			"cannot use the resource configuration \"%s\": there are no private paths",
			attempt->configuration_arn);
		end_failed(attempt, STEP_CONFIGURATION, &err);
		return;
	}
	if (address_parse(attempt->host, attempt->port, &attempt->addresses[0])) {
		attempt->host_is_address = true;
		attempt->address_count = 1;
		try_next(attempt);
		return;
	}
	if (is_localhost(attempt->host)) {
		address_parse("127.0.0.1", attempt->port, &attempt->addresses[0]);
		address_parse("::1", attempt->port, &attempt->addresses[1]);
		attempt->address_count = 2;
		note_found(attempt);
		try_next(attempt);
		return;
	}
	attempt->lookup =
		lookup_start(egress->loop, egress->dns_servers, attempt->host, attempt->port,
			     egress->connect_timeout_ms / LOOKUP_SHARE, on_lookup, attempt);
}

struct egress_attempt *egress_connect(struct egress *egress, const struct egress_target *target,
				      egress_fn *fn, void *ctx)
{
	struct egress_attempt *attempt = sp_alloc(sizeof(*attempt));
	attempt->egress = egress;
	attempt->host = sp_strdup(target->host);
	attempt->configuration_arn = sp_strdup(target->configuration_arn);
	attempt->port = target->port;
	trace_begin(&attempt->trace);
	attempt->fn = fn;
	attempt->ctx = ctx;
	attempt->fd = -1;
	attempt->reasons.limit = REASONS_MAX;
	attempt->deadline_ms = sp_monotonic_ms() + egress->connect_timeout_ms;
	attempt->next = egress->attempts;
	if (attempt->next != NULL)
		attempt->next->slot = &attempt->next;
	attempt->slot = &egress->attempts;
	egress->attempts = attempt;
	attempt->timer = loop_add_timer(egress->loop, 0, begin, attempt);
	return attempt;
}
