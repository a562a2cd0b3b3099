#include "addresses.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "network/verdict.h"

enum { ALL = RULE_PROTOCOL_ALL, NONE = RULE_PORT_NONE };

static struct security_rule rule(int protocol, int from, int to, enum rule_peer peer,
				 const char *value)
{
	struct security_rule out = {
		.id = "sgr-1",
		.group_id = "sg-1",
		.egress = true,
		.protocol = protocol,
		.from_port = from,
		.to_port = to,
		.peer = peer,
		.value = (char *)value,
	};
	return out;
}

/* Whether the one rule lets the packet leave. */
static bool lets(const struct security_rule *one, int protocol, const char *to, uint16_t port)
{
	SP_AUTO_FREE struct egress_rule *rules = NULL;
	size_t count;
	assert_int_equal(egress_rules_spell_out(one, 1, NULL, 0, &rules, &count, NULL), 0);
	return egress_verdict_of(rules, count, protocol, address(to), port) != NULL;
}

static void no_rule_lets_nothing_leave(void **state)
{
	(void)state;
	struct egress_rule *rules = (void *)1;
	size_t count = 9;
	assert_int_equal(egress_rules_spell_out(NULL, 0, NULL, 0, &rules, &count, NULL), 0);
	assert_null(rules);
	assert_int_equal(count, 0);
	assert_null(egress_verdict(NULL, 0, address("10.0.0.1"), 22));
}

static void a_rule_for_all_protocols_lets_everything_to_its_block_leave(void **state)
{
	(void)state;
	struct security_rule all = rule(ALL, NONE, NONE, RULE_CIDR4, "0.0.0.0/0");
	static const int protocols[] = { 0, 1, 6, 17, 50, 58, 132, 255 };
	for (size_t i = 0; i < SP_COUNT_OF(protocols); i++) {
		assert_true(lets(&all, protocols[i], "0.0.0.0", 0));
		assert_true(lets(&all, protocols[i], "255.255.255.255", 65535));
	}
	struct security_rule narrow = rule(ALL, NONE, NONE, RULE_CIDR4, "192.0.2.7/32");
	assert_true(lets(&narrow, IPPROTO_TCP, "192.0.2.7", 22));
	assert_false(lets(&narrow, IPPROTO_TCP, "192.0.2.6", 22));
	assert_false(lets(&narrow, IPPROTO_TCP, "192.0.2.8", 22));
}

static void a_range_of_ports_has_both_of_its_ends(void **state)
{
	(void)state;
	static const struct {
		int from, to;
		uint16_t port;
		bool lets;
	} cases[] = {
		{ 22, 22, 22, true },
		{ 22, 22, 21, false },
		{ 22, 22, 23, false },
		{ 0, 0, 0, true },
		{ 0, 0, 1, false },
		{ 65535, 65535, 65535, true },
		{ 65535, 65535, 65534, false },
		{ 0, 65535, 0, true },
		{ 0, 65535, 65535, true },
		{ 1, 65535, 0, false },
		{ 0, 65534, 65535, false },
		{ 1000, 2000, 1000, true },
		{ 1000, 2000, 2000, true },
		{ 1000, 2000, 999, false },
		{ 1000, 2000, 2001, false },
		{ NONE, NONE, 0, true },
		{ NONE, NONE, 65535, true },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct security_rule tcp =
			rule(IPPROTO_TCP, cases[i].from, cases[i].to, RULE_CIDR4, "10.0.0.0/8");
		struct security_rule udp =
			rule(IPPROTO_UDP, cases[i].from, cases[i].to, RULE_CIDR4, "10.0.0.0/8");
		assert_int_equal(lets(&tcp, IPPROTO_TCP, "10.255.255.255", cases[i].port),
				 cases[i].lets);
		assert_int_equal(lets(&udp, IPPROTO_UDP, "10.0.0.0", cases[i].port), cases[i].lets);
		assert_false(lets(&tcp, IPPROTO_UDP, "10.0.0.0", cases[i].port));
		assert_false(lets(&udp, IPPROTO_TCP, "10.0.0.0", cases[i].port));
		assert_false(lets(&tcp, IPPROTO_TCP, "11.0.0.0", cases[i].port));
	}
}

static void icmp_has_types_and_codes_in_place_of_ports(void **state)
{
	(void)state;
	static const struct {
		int from, to;
		uint16_t type, code;
		bool lets;
	} cases[] = {
		{ NONE, NONE, 8, 0, true }, { NONE, NONE, 255, 255, true },
		{ 8, NONE, 8, 0, true },    { 8, NONE, 8, 255, true },
		{ 8, NONE, 0, 0, false },   { 3, 4, 3, 4, true },
		{ 3, 4, 3, 3, false },      { 3, 4, 3, 5, false },
		{ 3, 4, 4, 4, false },      { 0, 0, 0, 0, true },
		{ 0, 0, 0, 1, false },      { 255, 255, 255, 255, true },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct security_rule icmp =
			rule(IPPROTO_ICMP, cases[i].from, cases[i].to, RULE_CIDR4, "0.0.0.0/0");
		uint16_t packet = (uint16_t)(cases[i].type << 8 | cases[i].code);
		assert_int_equal(lets(&icmp, IPPROTO_ICMP, "10.0.0.1", packet), cases[i].lets);
		assert_false(lets(&icmp, IPPROTO_TCP, "10.0.0.1", packet));
	}
}

static void other_protocols_have_no_ports(void **state)
{
	(void)state;
	struct security_rule esp = rule(50, 22, 23, RULE_CIDR4, "10.0.0.0/8");
	assert_true(lets(&esp, 50, "10.0.0.1", 0));
	assert_true(lets(&esp, 50, "10.0.0.1", 443));
	assert_false(lets(&esp, 51, "10.0.0.1", 22));
	struct security_rule hopopt = rule(0, NONE, NONE, RULE_CIDR4, "10.0.0.0/8");
	assert_true(lets(&hopopt, 0, "10.0.0.1", 0));
	assert_false(lets(&hopopt, IPPROTO_TCP, "10.0.0.1", 22));
}

static void families_do_not_let_each_other_leave(void **state)
{
	(void)state;
	struct security_rule all4 = rule(ALL, NONE, NONE, RULE_CIDR4, "0.0.0.0/0");
	struct security_rule all6 = rule(ALL, NONE, NONE, RULE_CIDR6, "::/0");
	struct security_rule ssh6 = rule(IPPROTO_TCP, 22, 22, RULE_CIDR6, "fd00:0:0:1::/64");
	assert_true(lets(&all4, IPPROTO_TCP, "10.0.0.1", 22));
	assert_false(lets(&all4, IPPROTO_TCP, "fd00::1", 22));
	assert_true(lets(&all6, IPPROTO_TCP, "fd00::1", 22));
	assert_false(lets(&all6, IPPROTO_TCP, "10.0.0.1", 22));
	assert_true(lets(&ssh6, IPPROTO_TCP, "fd00:0:0:1::7", 22));
	assert_false(lets(&ssh6, IPPROTO_TCP, "fd00:0:0:1::7", 23));
	assert_false(lets(&ssh6, IPPROTO_TCP, "fd00:0:0:2::7", 22));
}

static void icmp_of_each_family_has_its_own_types(void **state)
{
	(void)state;
	struct security_rule echo = rule(IPPROTO_ICMPV6, 128, 0, RULE_CIDR6, "::/0");
	struct security_rule any = rule(IPPROTO_ICMPV6, NONE, NONE, RULE_CIDR6, "::/0");
	assert_true(lets(&echo, IPPROTO_ICMPV6, "fd00::1", 128 << 8));
	assert_false(lets(&echo, IPPROTO_ICMPV6, "fd00::1", 129 << 8));
	assert_false(lets(&echo, IPPROTO_ICMP, "10.0.0.1", 128 << 8));
	assert_true(lets(&any, IPPROTO_ICMPV6, "fd00::1", 129 << 8 | 3));
}

static void a_rule_of_ipv6_counts_twice(void **state)
{
	(void)state;
	SP_AUTO_FREE struct group_member *members =
		sp_alloc((EGRESS_RULES_MAX / 2 + 1) * sizeof(*members));
	for (size_t i = 0; i <= EGRESS_RULES_MAX / 2; i++)
		members[i] = (struct group_member){ "sg-peers", ip_after(address("fd00::1"), i) };
	struct security_rule one = rule(IPPROTO_TCP, 22, 22, RULE_GROUP, "sg-peers");
	struct egress_rule *out;
	size_t count;
	struct sp_error err = { 0 };
	assert_int_equal(
		egress_rules_spell_out(&one, 1, members, EGRESS_RULES_MAX / 2, &out, &count, &err),
		0);
	assert_int_equal(count, EGRESS_RULES_MAX / 2);
	free(out);
	assert_int_equal(egress_rules_spell_out(&one, 1, members, EGRESS_RULES_MAX / 2 + 1, &out,
						&count, &err),
			 -1);
	assert_int_equal(err.code, SP_LIMIT);
}

static void what_lets_nothing_leave_is_left_out(void **state)
{
	(void)state;
	struct security_rule ingress = rule(ALL, NONE, NONE, RULE_CIDR4, "0.0.0.0/0");
	ingress.egress = false;
	struct security_rule rules[] = {
		ingress,
		rule(ALL, NONE, NONE, RULE_PREFIX_LIST, "pl-0123456789abcdef0"),
		rule(IPPROTO_ICMPV6, NONE, NONE, RULE_CIDR4, "0.0.0.0/0"),
		rule(IPPROTO_ICMP, NONE, NONE, RULE_CIDR6, "::/0"),
	};
	for (size_t i = 0; i < SP_COUNT_OF(rules); i++) {
		struct egress_rule *out;
		size_t count;
		assert_int_equal(egress_rules_spell_out(&rules[i], 1, NULL, 0, &out, &count, NULL),
				 0);
		assert_int_equal(count, 0);
		assert_null(out);
	}
}

static void a_group_means_the_addresses_of_its_members(void **state)
{
	(void)state;
	const struct security_rule rules[] = {
		rule(IPPROTO_TCP, 22, 22, RULE_GROUP, "sg-peers"),
		rule(IPPROTO_TCP, 443, 443, RULE_GROUP, "sg-empty"),
	};
	const struct group_member members[] = {
		{ "sg-peers", address("10.0.0.5") },
		{ "sg-others", address("10.0.0.6") },
		{ "sg-peers", address("10.0.1.7") },
	};
	SP_AUTO_FREE struct egress_rule *out = NULL;
	size_t count;
	assert_int_equal(egress_rules_spell_out(rules, 2, members, 3, &out, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_int_equal(out[0].to.bits, 32);
	assert_non_null(egress_verdict(out, count, address("10.0.0.5"), 22));
	assert_non_null(egress_verdict(out, count, address("10.0.1.7"), 22));
	assert_null(egress_verdict(out, count, address("10.0.0.6"), 22));
	assert_null(egress_verdict(out, count, address("10.0.0.4"), 22));
	assert_null(egress_verdict(out, count, address("10.0.0.5"), 443));
}

static void the_first_rule_that_lets_it_is_named(void **state)
{
	(void)state;
	struct security_rule rules[] = {
		rule(IPPROTO_UDP, 0, 65535, RULE_CIDR4, "0.0.0.0/0"),
		rule(IPPROTO_TCP, 22, 22, RULE_CIDR4, "10.0.0.0/8"),
		rule(ALL, NONE, NONE, RULE_CIDR4, "0.0.0.0/0"),
	};
	for (size_t i = 0; i < SP_COUNT_OF(rules); i++) {
		snprintf(rules[i].id, sizeof(rules[i].id), "sgr-%zu", i);
		snprintf(rules[i].group_id, sizeof(rules[i].group_id), "sg-%zu", i);
	}
	SP_AUTO_FREE struct egress_rule *out = NULL;
	size_t count;
	assert_int_equal(egress_rules_spell_out(rules, 3, NULL, 0, &out, &count, NULL), 0);
	assert_string_equal(egress_verdict(out, count, address("10.1.1.1"), 22)->rule_id, "sgr-1");
	assert_string_equal(egress_verdict(out, count, address("10.1.1.1"), 22)->group_id, "sg-1");
	assert_string_equal(egress_verdict(out, count, address("11.1.1.1"), 22)->rule_id, "sgr-2");
}

static void spelled_out_rules_end_at_their_limit(void **state)
{
	(void)state;
	SP_AUTO_FREE struct group_member *members =
		sp_alloc((EGRESS_RULES_MAX + 1) * sizeof(*members));
	for (uint32_t i = 0; i <= EGRESS_RULES_MAX; i++)
		members[i] = (struct group_member){ "sg-peers", IPV4(0x0a000000 + i) };
	struct security_rule one = rule(IPPROTO_TCP, 22, 22, RULE_GROUP, "sg-peers");

	struct egress_rule *out = NULL;
	size_t count;
	assert_int_equal(
		egress_rules_spell_out(&one, 1, members, EGRESS_RULES_MAX, &out, &count, NULL), 0);
	assert_int_equal(count, EGRESS_RULES_MAX);
	free(out);

	struct sp_error err = { 0 };
	assert_int_equal(
		egress_rules_spell_out(&one, 1, members, EGRESS_RULES_MAX + 1, &out, &count, &err),
		-1);
	assert_int_equal(err.code, SP_LIMIT);
}

static void a_kept_rule_without_a_block_is_our_own_mistake(void **state)
{
	(void)state;
	struct security_rule one = rule(ALL, NONE, NONE, RULE_CIDR4, "nonsense");
	struct egress_rule *out;
	size_t count;
	struct sp_error err = { 0 };
	assert_int_equal(egress_rules_spell_out(&one, 1, NULL, 0, &out, &count, &err), -1);
	assert_int_equal(err.code, SP_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_lets_nothing_leave),
		cmocka_unit_test(a_rule_for_all_protocols_lets_everything_to_its_block_leave),
		cmocka_unit_test(a_range_of_ports_has_both_of_its_ends),
		cmocka_unit_test(icmp_has_types_and_codes_in_place_of_ports),
		cmocka_unit_test(other_protocols_have_no_ports),
		cmocka_unit_test(families_do_not_let_each_other_leave),
		cmocka_unit_test(icmp_of_each_family_has_its_own_types),
		cmocka_unit_test(a_rule_of_ipv6_counts_twice),
		cmocka_unit_test(what_lets_nothing_leave_is_left_out),
		cmocka_unit_test(a_group_means_the_addresses_of_its_members),
		cmocka_unit_test(the_first_rule_that_lets_it_is_named),
		cmocka_unit_test(spelled_out_rules_end_at_their_limit),
		cmocka_unit_test(a_kept_rule_without_a_block_is_our_own_mistake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
