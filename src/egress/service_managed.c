/* Egress that the service manages: from one of the configured addresses into the public internet. */

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "egress/attempt.h"
#include "egress/host_addresses.h"

enum { HOST_ADDRESSES_NAMED_MAX = 8 /* of this host, that a sentence lists */ };

/* ---- the addresses to leave from ------------------------------------------------------------------------------- */

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

/* Appends what this host has in the place of @source. */
static int fail_source(const struct source *source, enum sp_code code, const char *sentence,
		       struct sp_error *err)
{
	SP_AUTO_BUFFER list = { 0 };
	list_host_addresses(address_family(&source->address), &list);
	return sp_fail(err, code, "%s; this host has %s", sentence,
		       list.length > 0 ? sp_buffer_text(&list) : "no such addresses");
}

static bool host_has_v6(const struct in6_addr *address)
{
	struct ifaddrs *interfaces = NULL;
	bool found = false;
	if (getifaddrs(&interfaces) != 0)
		return false;
	for (struct ifaddrs *at = interfaces; at != NULL && !found; at = at->ifa_next) {
		struct address there;
		found = at->ifa_addr != NULL && at->ifa_addr->sa_family == AF_INET6 &&
			address_from_sockaddr(at->ifa_addr, 0, &there) &&
			memcmp(&there.at.v6.sin6_addr, address, sizeof(*address)) == 0;
	}
	freeifaddrs(interfaces);
	return found;
}

/* Partners are told these addresses: one that is not ours would let somebody else in, and us nowhere. */
static int check_source(const struct source *source, struct sp_error *err)
{
	const struct address *address = &source->address;
	SP_AUTO_FREE struct host_address *list = NULL;
	size_t count;
	if (host_addresses_list(&list, &count, err) != 0)
		return -1;
	if (address_family(address) == AF_INET
		    ? host_addresses_own(list, count, address_ip(address))
		    : host_has_v6(&address->at.v6.sin6_addr))
		return 0;
	struct sp_error why = { 0 };
	sp_fail(&why, SP_NOT_FOUND,
		"cannot leave from %s, as egress.source_addresses has it: it is no address of this "
		"host",
		source->text);
	return fail_source(source, why.code, why.message, err);
}

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
		if (check_source(source, err) != 0)
			return -1;
	}
	return 0;
}

/* Connections take turns; of the other family's addresses none can be used. NULL: there is none of this family. */
static const struct source *choose_source(const struct egress *egress, int family, unsigned turn)
{
	size_t fitting[EGRESS_SOURCES_MAX], count = 0;
	for (size_t i = 0; i < egress->source_count; i++)
		if (address_family(&egress->sources[i].address) == family)
			fitting[count++] = i;
	return count == 0 ? NULL : &egress->sources[fitting[turn % count]];
}

/* ---- sockets --------------------------------------------------------------------------------------------------- */

/* From the address whose turn it is, or not at all: none of the others takes its place. */
static int bind_source(const struct egress_attempt *attempt, int fd, int family,
		       struct sp_error *err)
{
	if (attempt->egress->source_count == 0)
		return 0;
	const struct source *source = choose_source(attempt->egress, family, attempt->source_turn);
	if (source == NULL)
		return sp_fail(
			err, SP_DENIED,
			"the setting egress.source_addresses has no %s address to leave from",
			family == AF_INET ? "IPv4" : "IPv6");
	const int on = 1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, &source->address.at.any, source->address.length) == 0)
		return 0;
	struct sp_error why = { 0 };
	sp_fail_errno(&why, "could not leave from %s", source->text);
	return fail_source(source, why.code, why.message, err);
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
	if (family == AF_INET6 && !attempt->dual_stack)
		return sp_fail(err, SP_DENIED,
			       "it is an IPv6 address, which the connector's IpAddressType must be "
			       "DUALSTACK for");
	SP_AUTO_FD fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return sp_fail_errno(err, "could not open a socket");
	if (bind_source(attempt, fd, family, err) != 0)
		return -1;
	*out_fd = sp_take_fd(&fd);
	return 0;
}

/* ---- the way --------------------------------------------------------------------------------------------------- */

/* @addresses: IPv4 before IPv6, at most LOOKUP_ADDRESSES_MAX. */
static void dial(struct egress_attempt *attempt, const struct address *addresses, size_t count)
{
	struct address turned[LOOKUP_ADDRESSES_MAX];
	addresses_prefer_v6(addresses, count, turned);
	const struct dial_plan plan = {
		.host = attempt->host,
		.port = attempt->port,
		.addresses = attempt->dual_stack ? turned : addresses,
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
		attempt_note_found(attempt, attempt->host, "", addresses,
				   attempt->dual_stack ? 2 : 1);
		dial(attempt, addresses, attempt->dual_stack ? 2 : 1);
		return;
	}
	const struct lookup_question question = {
		.host = attempt->host,
		.port = attempt->port,
		.servers = egress->dns_servers,
		.families = attempt->dual_stack ? ADDRESS_TYPE_DUALSTACK : ADDRESS_TYPE_IPV4,
		.timeout_ms = egress->connect_timeout_ms / LOOKUP_SHARE,
	};
	attempt->lookup = lookup_start(egress->loop, &question, on_lookup, attempt);
}
