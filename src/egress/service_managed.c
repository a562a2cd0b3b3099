/* Egress that the service manages: from one of the configured addresses into the public internet. */

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "egress/attempt.h"

enum { HOST_ADDRESSES_NAMED_MAX = 8 /* of this host, that a sentence lists */ };

int service_managed_open(struct egress *egress, const struct egress_options *options,
			 struct sp_error *err)
{
	if (options->source_address_count > EGRESS_SOURCES_MAX)
		return sp_fail(err, SP_LIMIT, "cannot use %zu source addresses: at most %d",
			       options->source_address_count, EGRESS_SOURCES_MAX);
	for (size_t i = 0; i < options->source_address_count; i++) {
		struct source *source = &egress->sources[egress->source_count++];
		const char *text = options->source_addresses[i];
		if (!address_parse(text, 0, &source->address))
			return sp_fail(err, SP_INVALID,
				       "cannot use the source address \"%s\": an IPv4 or IPv6 "
				       "address is expected",
				       text);
		address_host_text(&source->address, source->text);
	}
	return 0;
}

/* ---- sockets --------------------------------------------------------------------------------------------------- */

/* "192.0.2.1, 127.0.0.1": what a source address could be. */
static void list_host_addresses(int family, struct sp_buffer *list)
{
	struct ifaddrs *interfaces = NULL;
	if (getifaddrs(&interfaces) != 0)
		return;
	size_t count = 0;
	for (struct ifaddrs *at = interfaces; at != NULL && count < HOST_ADDRESSES_NAMED_MAX;
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

static int open_socket(void *ctx, const struct address *address, int *out_fd, struct sp_error *err)
{
	const struct egress_attempt *attempt = ctx;
	const char *kind = address_private_kind(address);
	if (kind != NULL && !attempt->egress->allow_private_targets)
		return sp_fail(err, SP_DENIED,
			       "it is %s, which the setting egress.allow_private_targets forbids",
			       kind);
	int family = address_family(address);
	SP_AUTO_FD fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket");
	if (bind_source(attempt->egress, fd, family, err) != 0)
		return -1;
	*out_fd = sp_take_fd(&fd);
	return 0;
}

/* ---- the way --------------------------------------------------------------------------------------------------- */

static void dial(struct egress_attempt *attempt, const struct address *addresses, size_t count)
{
	const struct dial_plan plan = {
		.host = attempt->host,
		.port = attempt->port,
		.addresses = addresses,
		.address_count = count,
		.deadline_ms = attempt->deadline_ms,
		.open = open_socket,
	};
	attempt->dial = dial_start(attempt->egress->loop, &plan, attempt_dialled, attempt);
}

static void on_lookup(void *ctx, const struct lookup_result *found)
{
	struct egress_attempt *attempt = ctx;
	attempt->lookup = NULL;
	if (found->error.code != SP_OK) {
		attempt_fail(attempt, STEP_RESOLVE, &found->error);
		return;
	}
	attempt_note_found(attempt, attempt->host, "", found->addresses, found->count);
	dial(attempt, found->addresses, found->count);
}

void service_managed_begin(struct egress_attempt *attempt)
{
	const struct egress *egress = attempt->egress;
	struct address addresses[2];
	if (address_parse(attempt->host, attempt->port, &addresses[0])) {
		dial(attempt, addresses, 1);
		return;
	}
	if (host_is_localhost(attempt->host)) {
		address_parse("127.0.0.1", attempt->port, &addresses[0]);
		address_parse("::1", attempt->port, &addresses[1]);
		attempt_note_found(attempt, attempt->host, "", addresses, 2);
		dial(attempt, addresses, 2);
		return;
	}
	const struct lookup_question question = {
		.host = attempt->host,
		.port = attempt->port,
		.servers = egress->dns_servers,
		.timeout_ms = egress->connect_timeout_ms / LOOKUP_SHARE,
	};
	attempt->lookup = lookup_start(egress->loop, &question, on_lookup, attempt);
}
