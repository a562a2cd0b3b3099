#include "ipc/netd_lists.h"

#include <assert.h>

#include "base/scope.h"
#include "ipc/channel.h"
#include "model/routing.h"

enum {
	PORT_NONE = 0x10000, /* "any" in place of a port, a type or a code */
	PROTOCOL_ANY = 0x100,
	PROTOCOL_MAX = 255,
	RULE_WIRE_SIZE = 15, /* protocol 2, from 4, to 4, address 4, bits 1 */
	RULE_WIRE_V6_SIZE = 27,
	ROUTE_WIRE_SIZE = 7,   /* address 4, bits 1, hop 1, no via 1 */
	ROUTE_WIRE_MAX = 35,   /* address 16, bits 1, hop 1, via 17 */
	MAPPING_WIRE_SIZE = 8, /* two addresses of IPv4 */
	V6_BITS_FROM = 64, /* in place of 0, when bits are IPv6's: one number says the family too */
	REST_WIRE_SIZE = 512, /* all that a message has beside its one long list */
};
static_assert((int)RULE_WIRE_V6_SIZE <= (int)EGRESS_RULE_V6_WEIGHT * RULE_WIRE_SIZE,
	      "a rule of IPv6 takes no more room than it counts");
static_assert(EGRESS_RULES_MAX * RULE_WIRE_SIZE + REST_WIRE_SIZE <= IPC_MESSAGE_MAX,
	      "an ENI is one message");
static_assert(ROUTES_PER_TABLE_MAX * ROUTE_WIRE_MAX + REST_WIRE_SIZE <= IPC_MESSAGE_MAX,
	      "a TABLE is one message");
static_assert(NETD_MAPPINGS_MAX * MAPPING_WIRE_SIZE + REST_WIRE_SIZE <= IPC_MESSAGE_MAX,
	      "an INTERNET is one message");

uint32_t netd_number_read(struct sp_reader *reader, uint32_t max)
{
	uint32_t number = sp_read_u32(reader);
	if (number > max)
		reader->failed = true;
	return reader->failed ? 0 : number;
}

/* How many entries follow. What could not be there is not allocated for. */
static uint32_t read_count(struct sp_reader *reader, uint32_t max, size_t entry_size)
{
	uint32_t count = netd_number_read(reader, max);
	if (sp_reader_left(reader) / entry_size >= count)
		return count;
	reader->failed = true;
	return 0;
}

static struct ip_address read_bytes(struct sp_reader *reader, size_t length)
{
	const uint8_t *bytes = sp_read_bytes(reader, length);
	return bytes == NULL ? (struct ip_address){ 0 } : ip_of_bytes(bytes, length);
}

void netd_address_write(struct sp_writer *writer, struct ip_address address)
{
	uint8_t bytes[IP_BYTES_MAX];
	size_t length = ip_is_none(address) ? 0 : ip_to_bytes(address, bytes);
	sp_write_u8(writer, (uint8_t)length);
	sp_write_bytes(writer, bytes, length);
}

struct ip_address netd_address_read(struct sp_reader *reader)
{
	size_t length = sp_read_u8(reader);
	if (length == 0)
		return (struct ip_address){ 0 };
	if (length != IPV4_BYTES && length != IP_BYTES_MAX) {
		reader->failed = true;
		return (struct ip_address){ 0 };
	}
	struct ip_address address = read_bytes(reader, length);
	if (ip_is_none(address) || ip_is_v6(address) != (length == IP_BYTES_MAX))
		reader->failed = true;
	return address;
}

void netd_cidr_write(struct sp_writer *writer, const struct cidr *cidr)
{
	uint8_t bytes[IP_BYTES_MAX];
	size_t length = ip_to_bytes(cidr->address, bytes);
	bool is_v6 = length == IP_BYTES_MAX;
	sp_write_u8(writer, (uint8_t)((is_v6 ? V6_BITS_FROM : 0) + cidr->bits));
	sp_write_bytes(writer, bytes, length);
}

struct cidr netd_cidr_read(struct sp_reader *reader)
{
	struct cidr cidr = { .bits = sp_read_u8(reader) };
	bool is_v6 = cidr.bits >= V6_BITS_FROM;
	if (is_v6)
		cidr.bits -= V6_BITS_FROM;
	cidr.address = read_bytes(reader, is_v6 ? IP_BYTES_MAX : IPV4_BYTES);
	/* IPv4 written as IPv6 would have more bits than its family. */
	if (ip_is_v6(cidr.address) != is_v6 || cidr.bits > ip_bits(cidr.address) ||
	    (cidr.address.number & ip_host_part(cidr.address, cidr.bits)) != 0)
		reader->failed = true;
	return cidr;
}

/* ---- name servers ---------------------------------------------------------------------------------------------- */

void netd_servers_write(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->server_count);
	for (uint32_t i = 0; i < message->server_count; i++) {
		netd_address_write(writer, message->servers[i].address);
		sp_write_u32(writer, message->servers[i].port);
	}
}

void netd_servers_read(struct sp_reader *reader, struct netd_message *message)
{
	message->server_count = netd_number_read(reader, NETD_SERVERS_MAX);
	for (uint32_t i = 0; i < message->server_count; i++) {
		message->servers[i].address = netd_address_read(reader);
		message->servers[i].port = (uint16_t)netd_number_read(reader, UINT16_MAX);
	}
}

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static void write_u16(struct sp_writer *writer, uint32_t value)
{
	sp_write_u8(writer, (uint8_t)(value >> 8));
	sp_write_u8(writer, (uint8_t)value);
}

static uint16_t read_u16(struct sp_reader *reader)
{
	unsigned high = sp_read_u8(reader);
	return (uint16_t)(high << 8 | sp_read_u8(reader));
}

static void write_port(struct sp_writer *writer, int32_t port)
{
	sp_write_u32(writer, port == EGRESS_RULE_ANY ? PORT_NONE : (uint32_t)port);
}

static int32_t read_port(struct sp_reader *reader)
{
	uint32_t port = netd_number_read(reader, PORT_NONE);
	return port == PORT_NONE ? EGRESS_RULE_ANY : (int32_t)port;
}

size_t netd_rules_weight(const struct netd_message *message)
{
	size_t weight = 0;
	for (uint32_t i = 0; i < message->rule_count; i++)
		weight += ip_is_v6(message->rules[i].to.address) ? EGRESS_RULE_V6_WEIGHT : 1;
	return weight;
}

void netd_rules_write(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->rule_count);
	for (uint32_t i = 0; i < message->rule_count; i++) {
		const struct egress_rule *rule = &message->rules[i];
		write_u16(writer, rule->protocol == EGRESS_RULE_ANY ? PROTOCOL_ANY
								    : (uint32_t)rule->protocol);
		write_port(writer, rule->from_port);
		write_port(writer, rule->to_port);
		netd_cidr_write(writer, &rule->to);
	}
}

static struct egress_rule read_rule(struct sp_reader *reader)
{
	struct egress_rule rule = { 0 };
	unsigned protocol = read_u16(reader);
	if (protocol > PROTOCOL_ANY)
		reader->failed = true;
	rule.protocol = protocol > PROTOCOL_MAX ? EGRESS_RULE_ANY : (int16_t)protocol;
	rule.from_port = read_port(reader);
	rule.to_port = read_port(reader);
	rule.to = netd_cidr_read(reader);
	return rule;
}

void netd_rules_read(struct sp_reader *reader, struct netd_message *message)
{
	uint32_t count = read_count(reader, EGRESS_RULES_MAX, RULE_WIRE_SIZE);
	if (count == 0)
		return;
	message->rules = sp_alloc(count * sizeof(*message->rules));
	message->rule_count = count;
	for (uint32_t i = 0; i < count; i++)
		message->rules[i] = read_rule(reader);
	if (netd_rules_weight(message) > EGRESS_RULES_MAX)
		reader->failed = true;
}

/* ---- routes ---------------------------------------------------------------------------------------------------- */

void netd_routes_write(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->route_count);
	for (uint32_t i = 0; i < message->route_count; i++) {
		const struct netd_route *route = &message->routes[i];
		netd_cidr_write(writer, &route->to);
		sp_write_u8(writer, (uint8_t)route->hop);
		netd_address_write(writer, route->via);
	}
}

static struct netd_route read_route(struct sp_reader *reader)
{
	struct netd_route route = { .to = netd_cidr_read(reader) };
	unsigned hop = sp_read_u8(reader);
	route.via = netd_address_read(reader);
	/* An address says whether there is one, and nothing else may be meant by it. */
	if (hop >= NETD_HOP_COUNT || (hop == NETD_HOP_VIA) == ip_is_none(route.via))
		reader->failed = true;
	else
		route.hop = (enum netd_hop)hop;
	return route;
}

static bool is_among(const struct netd_route *routes, uint32_t count, const struct cidr *to)
{
	for (uint32_t i = 0; i < count; i++)
		if (ip_equal(routes[i].to.address, to->address) && routes[i].to.bits == to->bits)
			return true;
	return false;
}

void netd_routes_read(struct sp_reader *reader, struct netd_message *message)
{
	uint32_t count = read_count(reader, ROUTES_PER_TABLE_MAX, ROUTE_WIRE_SIZE);
	if (count == 0)
		return;
	message->routes = sp_alloc(count * sizeof(*message->routes));
	message->route_count = count;
	for (uint32_t i = 0; i < count; i++) {
		message->routes[i] = read_route(reader);
		if (is_among(message->routes, i, &message->routes[i].to))
			reader->failed = true;
	}
}

/* ---- mappings -------------------------------------------------------------------------------------------------- */

void netd_mappings_write(struct sp_writer *writer, const struct netd_message *message)
{
	sp_write_u32(writer, message->mapping_count);
	for (uint32_t i = 0; i < message->mapping_count; i++) {
		sp_write_u32(writer, (uint32_t)message->mappings[i].private_address.number);
		sp_write_u32(writer, (uint32_t)message->mappings[i].public_address.number);
	}
}

void netd_mappings_read(struct sp_reader *reader, struct netd_message *message)
{
	uint32_t count = read_count(reader, NETD_MAPPINGS_MAX, MAPPING_WIRE_SIZE);
	if (count == 0)
		return;
	message->mappings = sp_alloc(count * sizeof(*message->mappings));
	message->mapping_count = count;
	for (uint32_t i = 0; i < count; i++) {
		message->mappings[i].private_address = ip_of_v4(sp_read_u32(reader));
		message->mappings[i].public_address = ip_of_v4(sp_read_u32(reader));
	}
}
