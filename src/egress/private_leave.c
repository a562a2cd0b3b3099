/*
 * Private egress, its last part: sockets of the network interface ──► what may leave ──► where it leads ──► dial.
 * Every address of the target is judged by itself; those that pass are tried.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/text.h"
#include "egress/host_addresses.h"
#include "egress/private_inside.h"
#include "network/cidr.h"

/* What a refusal of the network inside a VPC may come from: when nothing is on the way, and around the names of those
 * who are. */
static const struct {
	int number; /* errno; ETIMEDOUT: nobody answered */
	const char *plain, *before, *behind;
} hints[] = {
	{ ECONNREFUSED, "its host answers, but nothing listens on this port", "",
	  " or its host answers, but nothing listens on this port" },
	{ EHOSTUNREACH, "its host is off, or nobody has this address", "",
	  " may not lead on, or its host is off, or nobody has this address" },
	{ ENETUNREACH, "no route leads there from the gateway's subnet", "behind ",
	  " no route leads there" },
	{ ETIMEDOUT,
	  "its host may be off, a firewall may drop the packets, or the way back may be missing",
	  "",
	  " or a firewall may drop the packets, its host may be off, or the way back may be "
	  "missing" },
};

/* ---- dialling -------------------------------------------------------------------------------------------------- */

static int open_socket(void *ctx, const struct address *address, int *out_fd, struct sp_error *err)
{
	const struct egress_attempt *attempt = ctx;
	struct private_way *way = attempt->way;
	struct ip_address from;
	if (path_judge(&way->path, address_ip(address), attempt->port, NULL, err) != 0)
		return -1;
	if (way->path.vpc.provider == PROVIDER_HOST &&
	    ip_parse_v4(way->interface->address, &from) &&
	    host_addresses_check_reach(from, address_ip(address), err) != 0)
		return -1;
	int fd = private_take_socket(way, address_family(address), true);
	if (fd < 0)
		return sp_fail(err, SP_INTERNAL, "there is no socket of %s for it",
			       way->interface->id);
	*out_fd = fd;
	return 0;
}

static const struct way *way_to(const struct private_way *way, const struct address *address)
{
	for (size_t i = 0; i < way->address_count; i++)
		if (ip_equal(address_ip(&way->addresses[i]), address_ip(address)))
			return &way->ways[i];
	return NULL;
}

static void explain(void *ctx, const struct address *address, int number, struct sp_buffer *out)
{
	const struct egress_attempt *attempt = ctx;
	const struct way *route = way_to(attempt->way, address);
	SP_AUTO_BUFFER names = { 0 };
	char source[ADDRESS_TEXT_SIZE];
	size_t i = 0;
	if (route != NULL)
		way_name_hops(route, &names);
	while (i < SP_COUNT_OF(hints) && hints[i].number != number)
		i++;
	if (i == SP_COUNT_OF(hints))
		sp_buffer_format(out, "%s%s", names.length > 0 ? "behind " : "",
				 sp_buffer_text(&names));
	else if (names.length == 0)
		sp_buffer_add_text(out, hints[i].plain);
	else
		sp_buffer_format(out, "%s%s%s", hints[i].before, sp_buffer_text(&names),
				 hints[i].behind);
	if (route != NULL && route->end == WAY_BY_ROUTER && number == ENETUNREACH)
		sp_buffer_format(out, ": none of %s, and none of the VPC's router's own",
				 route->hops[route->count - 1].table_id);
	if (route == NULL || !way_translates(route) || number == ENETUNREACH)
		return;
	ip_text(route->source, source);
	sp_buffer_format(out, "%sa firewall of the server has to let in %s",
			 out->length > 0 ? "; " : "", source);
}

static bool leads_through_others(const struct private_way *way)
{
	for (size_t i = 0; i < way->address_count; i++)
		for (size_t j = 0; j < way->ways[i].count; j++)
			if (way->ways[i].hops[j].target != ROUTE_LOCAL)
				return true;
	return false;
}

static void dialled(void *ctx, struct dial_result *result)
{
	struct egress_attempt *attempt = ctx;
	const struct private_way *way = attempt->way;
	if (result->error.code != SP_OK && leads_through_others(way))
		networks_doubt(attempt->egress->networks, way->interface->vpc_id);
	attempt_dialled(attempt, result);
}

/* " from 10.0.0.5"; with targets of both families its addresses of both. */
static void describe_sources(const struct private_way *way, struct sp_buffer *out)
{
	const char *first = private_source(way, &way->addresses[0]);
	const char *last = private_source(way, &way->addresses[way->address_count - 1]);
	sp_buffer_format(out, " from %s%s%s", first, first != last ? " and " : "",
			 first != last ? last : "");
}

static void dial(struct egress_attempt *attempt)
{
	struct private_way *way = attempt->way;
	SP_AUTO_BUFFER from = { 0 };
	describe_sources(way, &from);
	sp_buffer_format(&from, " (%s)", way->interface->id);
	const struct dial_plan plan = {
		.host = way->path.configuration.target,
		.from = sp_buffer_text(&from),
		.port = attempt->port,
		.addresses = way->addresses,
		.address_count = way->address_count,
		.deadline_ms = attempt->deadline_ms,
		.explain = explain,
		.open = open_socket,
	};
	attempt->dial = dial_start(attempt->egress->loop, &plan, dialled, attempt);
}

/* ---- judging --------------------------------------------------------------------------------------------------- */

static json_t *hop_details(const struct way_hop *hop)
{
	json_t *out = json_pack("{s:s}", "Target",
				hop->target != ROUTE_LOCAL    ? hop->target_id
				: hop->destination[0] == '\0' ? "router"
							      : "local");
	sp_json_set_text(out, "RouteTableId", hop->table_id[0] == '\0' ? NULL : hop->table_id);
	sp_json_set_text(out, "Destination", hop->destination[0] == '\0' ? NULL : hop->destination);
	if (hop->interface_id[0] != '\0') {
		char address[ADDRESS_TEXT_SIZE];
		ip_text(hop->address, address);
		sp_json_set_text(out, "NetworkInterfaceId", hop->interface_id);
		sp_json_set_text(out, "Address", address);
	}
	return out;
}

/* For one that leads nowhere: the hops up to there. */
static json_t *way_details(const struct way *way, bool leads)
{
	json_t *hops = json_array();
	for (size_t i = 0; i < way->count; i++)
		json_array_append_new(hops, hop_details(&way->hops[i]));
	json_t *out = json_pack("{s:o}", "Hops", hops);
	if (leads) {
		char source[ADDRESS_TEXT_SIZE];
		ip_text(way->source, source);
		sp_json_set_text(out, way->end == WAY_PUBLIC ? "PublicAddress" : "Source", source);
	}
	if (leads && way->end == WAY_PUBLIC)
		sp_json_set_text(out, "AllocationId", way->allocation_id);
	return out;
}

/* What the tables say of the first address; where they do not decide, the host's own networks are no news. */
static void note_way(struct egress_attempt *attempt)
{
	const struct private_way *way = attempt->way;
	const char *uplink = path_routes_uplink(&way->path.routes, way->interface->subnet_id);
	SP_AUTO_BUFFER words = { 0 };
	if (way->ways[0].count > 0) {
		way_describe(&way->ways[0], &words);
		trace_passed(&attempt->trace, STEP_ROUTE, way_details(&way->ways[0], true), "%s",
			     sp_buffer_text(&words));
	} else if (uplink != NULL) {
		trace_passed(&attempt->trace, STEP_ROUTE, json_pack("{s:s}", "Uplink", uplink),
			     "by the interface \"%s\" of this host, on which %s hangs: the routes "
			     "of the network there decide",
			     uplink, way->interface->subnet_id);
	}
}

/* Of the addresses those that the groups let out. Fails with the sentence about the first. */
static int judge_groups(struct egress_attempt *attempt, struct sp_error *err)
{
	struct private_way *way = attempt->way;
	struct address allowed[LOOKUP_ADDRESSES_MAX];
	size_t count = 0;
	for (size_t i = 0; i < way->address_count; i++)
		if (path_judge(&way->path, address_ip(&way->addresses[i]), attempt->port, NULL,
			       NULL) == 0)
			allowed[count++] = way->addresses[i];

	const struct address *first = count > 0 ? &allowed[0] : &way->addresses[0];
	if (path_judge(&way->path, address_ip(first), attempt->port, &attempt->trace, err) != 0)
		return -1;
	memcpy(way->addresses, allowed, count * sizeof(allowed[0]));
	way->address_count = count;
	return 0;
}

/* Of these, those that a route leads to. The same. */
static int judge_routes(struct egress_attempt *attempt, struct sp_error *err)
{
	struct private_way *way = attempt->way;
	struct way nowhere = { 0 };
	struct sp_error first = { 0 };
	struct ip_address first_address = address_ip(&way->addresses[0]);
	size_t count = 0;
	for (size_t i = 0; i < way->address_count; i++) {
		struct sp_error why = { 0 };
		struct way found;
		if (private_route(attempt, address_ip(&way->addresses[i]), &found, &why) == 0) {
			way->addresses[count] = way->addresses[i];
			way->ways[count++] = found;
		} else if (first.code == SP_OK) {
			first = why;
			first_address = address_ip(&way->addresses[i]);
			nowhere = found;
		}
	}
	if (count > 0) {
		way->address_count = count;
		return 0;
	}
	char to[ADDRESS_TEXT_SIZE];
	ip_text(first_address, to);
	sp_fail(err, first.code, "could not connect to %s port %u from %s (%s): %s", to,
		attempt->port,
		ip_is_v6(first_address) ? way->interface->address6 : way->interface->address,
		way->interface->id, first.message);
	trace_failed(&attempt->trace, STEP_ROUTE, way_details(&nowhere, false), err->message);
	return -1;
}

static const struct {
	enum failure_step step;
	int (*judge)(struct egress_attempt *attempt, struct sp_error *err);
} judges[] = {
	{ STEP_GROUPS, judge_groups },
	{ STEP_ROUTE, judge_routes },
};

static void judge(struct egress_attempt *attempt)
{
	for (size_t i = 0; i < SP_COUNT_OF(judges); i++) {
		struct sp_error err = { 0 };
		if (judges[i].judge(attempt, &err) == 0)
			continue;
		attempt_end(attempt, judges[i].step, &err);
		return;
	}
	note_way(attempt);
	dial(attempt);
}

/* ---- sockets --------------------------------------------------------------------------------------------------- */

static void note_interface(struct egress_attempt *attempt)
{
	const struct private_way *way = attempt->way;
	const struct network_interface *interface = way->interface;
	char device[INTERFACE_NAME_SIZE] = "";
	socklen_t length = sizeof(device);
	getsockopt(way->stock.fds[0], SOL_SOCKET, SO_BINDTODEVICE, device, &length);
	json_t *details = json_pack("{s:s, s:s, s:s, s:s}", "NetworkInterfaceId", interface->id,
				    "SubnetId", interface->subnet_id, "VpcId", interface->vpc_id,
				    "PrivateIpAddress", interface->address);
	sp_json_set_text(details, "Ipv6Address",
			 interface->address6[0] == '\0' ? NULL : interface->address6);
	sp_json_set_text(details, "Interface", device[0] == '\0' ? NULL : device);
	SP_AUTO_BUFFER from = { 0 };
	describe_sources(way, &from);
	trace_passed(&attempt->trace, STEP_INTERFACE, details, "leaves%s by %s in %s%s%s",
		     sp_buffer_text(&from), interface->id, interface->subnet_id,
		     device[0] == '\0' ? "" : ", interface ", device);
}

static void on_streams(void *ctx, struct networks_sockets *sockets)
{
	struct egress_attempt *attempt = ctx;
	attempt->sockets = NULL;
	if (sockets->error.code != SP_OK) {
		attempt_fail(attempt, STEP_INTERFACE, &sockets->error);
		return;
	}
	private_fill_stock(attempt->way, sockets);
	note_interface(attempt);
	judge(attempt);
}

void private_leave(struct egress_attempt *attempt)
{
	const struct private_way *way = attempt->way;
	struct socket_wish wish = { 0 };
	for (size_t i = 0; i < way->address_count; i++)
		*(address_family(&way->addresses[i]) == AF_INET6 ? &wish.streams6
								 : &wish.streams) += 1;
	attempt->sockets = networks_open_sockets(attempt->egress->networks, way->interface, &wish,
						 attempt_left_ms(attempt), on_streams, attempt);
}
