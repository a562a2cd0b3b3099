#include "addresses.h"

#include "base/bytes.h"
#include "base/scope.h"
#include "base/text.h"
#include "ipc/channel.h"
#include "ipc/netd_message.h"
#include "model/routing.h"

#define VPC    "vpc-0123456789abcdef0"
#define SUBNET "subnet-0123456789abcdef0"
#define ENI    "eni-0123456789abcdef0"
#define IGW    "igw-0123456789abcdef0"
#define TABLE  "rtb-0123456789abcdef0"

#define SOME_V6                                                                                    \
	{                                                                                          \
		(ip_number)0xfd00u << 112 | 0x17                                                   \
	}
#define V6_NET                                                                                     \
	{                                                                                          \
		(ip_number)0xfd00u << 112                                                          \
	}

static struct egress_rule some_rules[] = {
	{ .protocol = 6, .from_port = 0, .to_port = 65535, .to = { IPV4(0x0a000000), 8 } },
	{ .protocol = 17, .from_port = 53, .to_port = 53, .to = { IPV4(0x0a000102), 32 } },
	{ .protocol = 1, .from_port = 3, .to_port = EGRESS_RULE_ANY, .to = { IPV4(0), 0 } },
	{ .protocol = EGRESS_RULE_ANY,
	  .from_port = -1,
	  .to_port = -1,
	  .to = { IPV4(0xc0a80000), 16 } },
	{ .protocol = 255, .from_port = -1, .to_port = -1, .to = { IPV4(0x80000000), 1 } },
	{ .protocol = 0, .from_port = -1, .to_port = -1, .to = { IPV4(UINT32_MAX), 32 } },
	{ .protocol = 6, .from_port = 22, .to_port = 22, .to = { { 0 }, 0 } },
	{ .protocol = 6, .from_port = 22, .to_port = 22, .to = { V6_NET, 64 } },
	{ .protocol = 58, .from_port = 128, .to_port = 0, .to = { SOME_V6, 128 } },
};

static struct netd_route some_routes[] = {
	{ .to = { IPV4(0), 0 }, .hop = NETD_HOP_INTERNET },
	{ .to = { IPV4(0x0a010000), 16 }, .hop = NETD_HOP_VIA, .via = IPV4(0x0a000207) },
	{ .to = { IPV4(0x0a000000), 16 }, .hop = NETD_HOP_VIA, .via = IPV4(UINT32_MAX) },
	{ .to = { IPV4(0x0a000000), 24 }, .hop = NETD_HOP_BLACKHOLE },
	{ .to = { IPV4(UINT32_MAX), 32 }, .hop = NETD_HOP_BLACKHOLE },
	{ .to = { { 0 }, 0 }, .hop = NETD_HOP_BLACKHOLE },
	{ .to = { V6_NET, 16 }, .hop = NETD_HOP_VIA, .via = SOME_V6 },
};

static struct netd_mapping some_mappings[] = {
	{ IPV4(0x0a000107), IPV4(0xcb007109) },
	{ IPV4(UINT32_MAX), IPV4(0) },
};

/* One message of every kind, every field of it set. */
static const struct {
	size_t fd_count;
	struct netd_message message;
} samples[] = {
	{ 0, { .kind = NETD_OWNER, .request = 1, .owner = "0123abcd" } },
	{ 0, { .kind = NETD_BEGIN, .request = 2 } },
	{ 0, { .kind = NETD_VPC, .request = 3, .id = VPC, .cidr = { IPV4(0x0a000000), 16 } } },
	{ 0,
	  { .kind = NETD_SUBNET,
	    .request = 4,
	    .id = SUBNET,
	    .parent = VPC,
	    .cidr = { IPV4(0x0a000100), 24 },
	    .uplink = "eth1.120",
	    .router = IPV4(0x0a000101),
	    .table = TABLE } },
	{ 0,
	  { .kind = NETD_INTERNET,
	    .request = 12,
	    .id = IGW,
	    .parent = VPC,
	    .uplink = "eth1.120",
	    .router = IPV4(0xcb007101),
	    .address = IPV4(0xcb007102),
	    .bits = 32,
	    .mappings = some_mappings,
	    .mapping_count = SP_COUNT_OF(some_mappings) } },
	{ 0,
	  { .kind = NETD_TABLE,
	    .request = 13,
	    .id = TABLE,
	    .parent = VPC,
	    .routes = some_routes,
	    .route_count = SP_COUNT_OF(some_routes) } },
	{ 0,
	  { .kind = NETD_ENI,
	    .request = 5,
	    .id = ENI,
	    .parent = SUBNET,
	    .address = IPV4(0x0a000111),
	    .mac = "02:00:00:00:00:01",
	    .role = NETD_ROLE_APPLIANCE,
	    .servers = { { IPV4(0x0a000002), 53 }, { IPV4(0x0a000003), 65535 }, { SOME_V6, 53 } },
	    .server_count = 3,
	    .rules = some_rules,
	    .rule_count = SP_COUNT_OF(some_rules) } },
	{ 0, { .kind = NETD_END, .request = UINT32_MAX } },
	{ 0, { .kind = NETD_REMOVE, .request = 7, .id = ENI } },
	{ 0, { .kind = NETD_OPEN, .request = 8, .id = ENI, .streams = 4, .datagrams = 8 } },
	{ 0,
	  { .kind = NETD_HELLO,
	    .version = NETD_VERSION,
	    .has_uplinks = true,
	    .text = "uid 1000 \xc3\xa4" } },
	{ 0, { .kind = NETD_DONE, .request = 9 } },
	{ 0,
	  { .kind = NETD_FAILED,
	    .request = 10,
	    .code = SP_INTERNAL,
	    .text = "cannot find the interface \"eth9\"" } },
	{ 3, { .kind = NETD_SOCKETS, .request = 11, .streams = 1, .datagrams = 2 } },
};

static const struct netd_message *sample_of(enum netd_kind kind)
{
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++)
		if (samples[i].message.kind == kind)
			return &samples[i].message;
	return NULL;
}

static uint8_t wire[IPC_MESSAGE_MAX + 1];

static size_t encode(const struct netd_message *message)
{
	struct sp_error err = { 0 };
	size_t length;
	assert_int_equal(netd_message_encode(message, wire, &length, &err), 0);
	return length;
}

static int decode(size_t length, size_t fd_count, struct netd_message *out, struct sp_error *err)
{
	/* As long as the message and no longer, so that the address sanitizer sees a read past its end. */
	SP_AUTO_FREE uint8_t *exact = malloc(length);
	memcpy(exact, wire, length);
	return netd_message_decode(exact, length, fd_count, out, err);
}

static void assert_refused(size_t length, size_t fd_count)
{
	struct netd_message got;
	struct sp_error err = { 0 };
	assert_int_equal(decode(length, fd_count, &got, &err), -1);
	assert_int_equal(err.code, SP_PROTOCOL);
}

static void assert_same_cidr(const struct cidr *got, const struct cidr *sent)
{
	assert_address(got->address, sent->address);
	assert_int_equal(got->bits, sent->bits);
}

static void assert_same_rules(const struct netd_message *got, const struct netd_message *sent)
{
	assert_int_equal(got->rule_count, sent->rule_count);
	for (uint32_t i = 0; i < sent->rule_count; i++) {
		assert_int_equal(got->rules[i].protocol, sent->rules[i].protocol);
		assert_int_equal(got->rules[i].from_port, sent->rules[i].from_port);
		assert_int_equal(got->rules[i].to_port, sent->rules[i].to_port);
		assert_same_cidr(&got->rules[i].to, &sent->rules[i].to);
	}
}

static void assert_same_routes(const struct netd_message *got, const struct netd_message *sent)
{
	assert_int_equal(got->route_count, sent->route_count);
	for (uint32_t i = 0; i < sent->route_count; i++) {
		assert_same_cidr(&got->routes[i].to, &sent->routes[i].to);
		assert_int_equal(got->routes[i].hop, sent->routes[i].hop);
		assert_address(got->routes[i].via, sent->routes[i].via);
	}
}

static void assert_same_mappings(const struct netd_message *got, const struct netd_message *sent)
{
	assert_int_equal(got->mapping_count, sent->mapping_count);
	for (uint32_t i = 0; i < sent->mapping_count; i++) {
		assert_address(got->mappings[i].private_address, sent->mappings[i].private_address);
		assert_address(got->mappings[i].public_address, sent->mappings[i].public_address);
	}
}

static void every_kind_comes_back_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		const struct netd_message *sent = &samples[i].message;
		struct netd_message got;
		struct sp_error err = { 0 };
		assert_int_equal(decode(encode(sent), samples[i].fd_count, &got, &err), 0);
		assert_int_equal(got.kind, sent->kind);
		assert_int_equal(got.request, sent->request);
		assert_int_equal(got.version, sent->version);
		assert_true(got.has_uplinks == sent->has_uplinks);
		assert_string_equal(got.owner, sent->owner);
		assert_string_equal(got.id, sent->id);
		assert_string_equal(got.parent, sent->parent);
		assert_same_cidr(&got.cidr, &sent->cidr);
		assert_string_equal(got.uplink, sent->uplink);
		assert_address(got.router, sent->router);
		assert_string_equal(got.table, sent->table);
		assert_address(got.address, sent->address);
		assert_int_equal(got.bits, sent->bits);
		assert_int_equal(got.role, sent->role);
		assert_string_equal(got.mac, sent->mac);
		assert_int_equal(got.server_count, sent->server_count);
		for (uint32_t s = 0; s < sent->server_count; s++) {
			assert_address(got.servers[s].address, sent->servers[s].address);
			assert_int_equal(got.servers[s].port, sent->servers[s].port);
		}
		assert_same_rules(&got, sent);
		assert_same_routes(&got, sent);
		assert_same_mappings(&got, sent);
		assert_int_equal(got.streams, sent->streams);
		assert_int_equal(got.datagrams, sent->datagrams);
		assert_int_equal(got.code, sent->code);
		assert_true(sp_text_equal(got.text, sent->text));
		netd_message_finish(&got);
		assert_null(got.text);
		assert_null(got.rules);
		assert_null(got.routes);
		assert_null(got.mappings);
	}
}

static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t whole = encode(&samples[i].message);
		for (size_t length = 0; length < whole; length++)
			assert_refused(length, samples[i].fd_count);
	}
}

static void refuses_bytes_that_are_left_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t length = encode(&samples[i].message);
		wire[length] = 0;
		assert_refused(length + 1, samples[i].fd_count);
	}
}

static void only_sockets_bring_descriptors_and_as_many_as_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(samples); i++) {
		size_t length = encode(&samples[i].message);
		for (size_t fd_count = 0; fd_count <= IPC_FDS_MAX; fd_count++)
			if (fd_count != samples[i].fd_count)
				assert_refused(length, fd_count);
	}
}

static void refuses_kinds_that_nobody_knows(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 256; kind++) {
		bool known = false;
		for (size_t i = 0; i < SP_COUNT_OF(samples); i++)
			known = known || (unsigned)samples[i].message.kind == kind;
		wire[0] = (uint8_t)kind;
		if (!known)
			assert_refused(1, 0);
	}
}

static void refuses_values_that_make_no_sense(void **state)
{
	(void)state;
	static struct egress_rule bad_rules[] = {
		{ .protocol = 257, .to = { IPV4(0), 0 } },
		{ .protocol = 6, .from_port = 65537, .to = { IPV4(0), 0 } },
		{ .protocol = 6, .to_port = 65537, .to = { IPV4(0), 0 } },
		{ .protocol = 6, .to = { IPV4(0), 33 } },
		{ .protocol = 6, .to = { IPV4(1), 31 } },
		{ .protocol = 6, .to = { IPV4(0x80000000), 0 } },
		{ .protocol = 6, .to = { SOME_V6, 64 } },
		{ .protocol = 6, .to = { V6_NET, 129 } },
		{ .protocol = 6, .to = { IPV4(0), 64 + 104 } }, /* IPv4 written as IPv6 */
	};
	static const struct netd_message bad[] = {
		{ .kind = NETD_OWNER, .owner = "" },
		{ .kind = NETD_REMOVE, .id = "" },
		{ .kind = NETD_VPC, .id = VPC, .cidr = { IPV4(0x0a000001), 16 } },
		{ .kind = NETD_VPC, .id = VPC, .cidr = { IPV4(0), 63 } },
		{ .kind = NETD_OPEN, .id = ENI },
		{ .kind = NETD_OPEN, .id = ENI, .streams = NETD_SOCKETS_MAX + 1 },
		{ .kind = NETD_OPEN,
		  .id = ENI,
		  .streams = NETD_SOCKETS_MAX / 2,
		  .datagrams = NETD_SOCKETS_MAX / 2 + 1 },
		{ .kind = NETD_OPEN, .id = ENI, .streams = 1, .datagrams = UINT32_MAX },
		{ .kind = NETD_INTERNET, .id = IGW, .parent = "" },
		{ .kind = NETD_INTERNET, .id = IGW, .parent = VPC, .bits = 33 },
		{ .kind = NETD_TABLE, .id = TABLE, .parent = "" },
		{ .kind = NETD_ENI,
		  .id = ENI,
		  .parent = SUBNET,
		  .mac = "02:00:00:00:00:01",
		  .role = NETD_ROLE_COUNT },
		{ .kind = NETD_FAILED, .code = SP_INTERNAL + 1, .text = (char *)"why" },
		{ .kind = NETD_FAILED, .code = SP_OK, .text = (char *)"why" },
		{ .kind = NETD_FAILED, .code = SP_SYSTEM },
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++)
		assert_refused(encode(&bad[i]), 0);
	for (size_t i = 0; i < SP_COUNT_OF(bad_rules); i++) {
		struct netd_message eni = { .kind = NETD_ENI,
					    .id = ENI,
					    .parent = SUBNET,
					    .mac = "02:00:00:00:00:01",
					    .rules = &bad_rules[i],
					    .rule_count = 1 };
		assert_refused(encode(&eni), 0);
	}
}

static void refuses_routes_that_make_no_sense(void **state)
{
	(void)state;
	static struct netd_route bad[][2] = {
		{ { .to = { IPV4(0), 33 }, .hop = NETD_HOP_BLACKHOLE } },
		{ { .to = { IPV4(1), 31 }, .hop = NETD_HOP_BLACKHOLE } },
		{ { .hop = NETD_HOP_COUNT } },
		{ { .hop = NETD_HOP_COUNT, .via = IPV4(1) } },
		{ { .hop = NETD_HOP_VIA } },
		{ { .hop = NETD_HOP_INTERNET, .via = IPV4(1) } },
		{ { .hop = NETD_HOP_BLACKHOLE, .via = IPV4(1) } },
	};
	static struct netd_route twice[] = {
		{ .to = { IPV4(0x0a000000), 8 }, .hop = NETD_HOP_INTERNET },
		{ .to = { IPV4(0x0a000000), 9 }, .hop = NETD_HOP_INTERNET },
		{ .to = { IPV4(0x0a000000), 8 }, .hop = NETD_HOP_VIA, .via = IPV4(1) },
	};
	struct netd_message table = { .kind = NETD_TABLE, .id = TABLE, .parent = VPC };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		table.routes = bad[i];
		table.route_count = 1;
		assert_refused(encode(&table), 0);
	}
	table.routes = twice;
	table.route_count = SP_COUNT_OF(twice);
	assert_refused(encode(&table), 0);
}

static void refuses_counts_that_the_message_does_not_hold(void **state)
{
	(void)state;
	static const uint32_t counts[] = { 1, EGRESS_RULES_MAX, EGRESS_RULES_MAX + 1, UINT32_MAX };
	struct netd_message eni = {
		.kind = NETD_ENI, .id = ENI, .parent = SUBNET, .mac = "02:00:00:00:00:01"
	};
	static const struct netd_message listless[] = {
		{ .kind = NETD_TABLE, .id = TABLE, .parent = VPC },
		{ .kind = NETD_INTERNET, .id = IGW, .parent = VPC },
	};
	for (size_t i = 0; i < SP_COUNT_OF(counts); i++) {
		size_t length = encode(&eni);
		struct sp_writer rules = sp_writer_of(wire + length - 4, 4);
		sp_write_u32(&rules, counts[i]);
		assert_refused(length, 0);
		length = encode(&eni);
		struct sp_writer servers = sp_writer_of(wire + length - 8, 4);
		sp_write_u32(&servers, counts[i]);
		assert_refused(length, 0);
		for (size_t k = 0; k < SP_COUNT_OF(listless); k++) {
			length = encode(&listless[k]);
			struct sp_writer entries = sp_writer_of(wire + length - 4, 4);
			sp_write_u32(&entries, counts[i]);
			assert_refused(length, 0);
		}
	}
}

static void refuses_flags_and_sentences_that_are_none(void **state)
{
	(void)state;
	struct netd_message hello = { .kind = NETD_HELLO, .has_uplinks = true, .text = "@" };
	size_t length = encode(&hello);
	wire[5] = 2; /* kind 1, version 4, has_uplinks 1 */
	assert_refused(length, 0);
	length = encode(&hello);
	wire[length - 1] = 0xff;
	assert_refused(length, 0);
	wire[length - 1] = 0;
	assert_refused(length, 0);
}

static void as_many_rules_as_an_interface_may_have_are_one_message(void **state)
{
	(void)state;
	static struct egress_rule rules[EGRESS_RULES_MAX + 1];
	for (uint32_t i = 0; i < EGRESS_RULES_MAX; i++)
		rules[i] = (struct egress_rule){ .protocol = 6,
						 .from_port = (int32_t)i,
						 .to_port = 65535,
						 .to = { IPV4(i), 32 } };
	struct netd_message eni = *sample_of(NETD_ENI);
	eni.rules = rules;
	eni.rule_count = EGRESS_RULES_MAX;
	struct netd_message got;
	struct sp_error err = { 0 };
	assert_int_equal(decode(encode(&eni), 0, &got, &err), 0);
	assert_same_rules(&got, &eni);
	netd_message_finish(&got);

	eni.rule_count++;
	size_t length;
	assert_int_equal(netd_message_encode(&eni, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);

	/* Half as many of IPv6. */
	for (uint32_t i = 0; i < EGRESS_RULES_MAX; i++)
		rules[i].to = (struct cidr){ ip_after(address("fd00::1"), i), 128 };
	eni.rule_count = EGRESS_RULES_MAX / 2;
	assert_int_equal(decode(encode(&eni), 0, &got, &err), 0);
	assert_same_rules(&got, &eni);
	netd_message_finish(&got);
	eni.rule_count++;
	assert_int_equal(netd_message_encode(&eni, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
}

static void as_many_routes_and_mappings_as_there_may_be_are_one_message(void **state)
{
	(void)state;
	static struct netd_route routes[ROUTES_PER_TABLE_MAX + 1];
	for (uint32_t i = 0; i < ROUTES_PER_TABLE_MAX; i++)
		routes[i] = (struct netd_route){ .to = { IPV4(i << 8), 24 },
						 .hop = NETD_HOP_VIA,
						 .via = IPV4(i + 1) };
	static struct netd_mapping mappings[NETD_MAPPINGS_MAX + 1];
	for (uint32_t i = 0; i < NETD_MAPPINGS_MAX; i++)
		mappings[i] = (struct netd_mapping){ IPV4(i), IPV4(~i) };
	struct netd_message table = *sample_of(NETD_TABLE), internet = *sample_of(NETD_INTERNET);
	table.routes = routes;
	table.route_count = ROUTES_PER_TABLE_MAX;
	internet.mappings = mappings;
	internet.mapping_count = NETD_MAPPINGS_MAX;
	struct netd_message got;
	struct sp_error err = { 0 };
	assert_int_equal(decode(encode(&table), 0, &got, &err), 0);
	assert_same_routes(&got, &table);
	netd_message_finish(&got);
	assert_int_equal(decode(encode(&internet), 0, &got, &err), 0);
	assert_same_mappings(&got, &internet);
	netd_message_finish(&got);

	table.route_count++;
	internet.mapping_count++;
	size_t length;
	assert_int_equal(netd_message_encode(&table, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_int_equal(netd_message_encode(&internet, wire, &length, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
}

static void refuses_to_send_what_passes_the_limits(void **state)
{
	(void)state;
	static char text[NETD_TEXT_MAX + 2];
	memset(text, 'x', NETD_TEXT_MAX + 1);
	struct netd_message failed = { .kind = NETD_FAILED, .text = text };
	struct netd_message unended = { .kind = NETD_REMOVE };
	memset(unended.id, 'x', sizeof(unended.id));
	struct netd_message servers = *sample_of(NETD_ENI);
	servers.server_count = NETD_SERVERS_MAX + 1;
	const struct netd_message *bad[] = { &failed, &unended, &servers };
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct sp_error err = { 0 };
		size_t length;
		assert_int_equal(netd_message_encode(bad[i], wire, &length, &err), -1);
		assert_int_equal(err.code, SP_LIMIT);
	}
	text[NETD_TEXT_MAX] = '\0';
	assert_true(encode(&failed) > NETD_TEXT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back_as_it_was_sent),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_bytes_that_are_left_over),
		cmocka_unit_test(only_sockets_bring_descriptors_and_as_many_as_they_say),
		cmocka_unit_test(refuses_kinds_that_nobody_knows),
		cmocka_unit_test(refuses_values_that_make_no_sense),
		cmocka_unit_test(refuses_routes_that_make_no_sense),
		cmocka_unit_test(refuses_counts_that_the_message_does_not_hold),
		cmocka_unit_test(refuses_flags_and_sentences_that_are_none),
		cmocka_unit_test(as_many_rules_as_an_interface_may_have_are_one_message),
		cmocka_unit_test(as_many_routes_and_mappings_as_there_may_be_are_one_message),
		cmocka_unit_test(refuses_to_send_what_passes_the_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
