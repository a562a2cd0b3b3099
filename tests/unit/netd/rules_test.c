#include "test.h"

#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "netd/rules.h"
#include "network/verdict.h"

#define V6_NET                                                                                     \
	{                                                                                          \
		(ip_number)0xfd00u << 112                                                          \
	}

static const struct cidr vpc = { IPV4(0x0a000000), 16 };

/* The whole text once; the other tests look at the lines that rules give. */
static const char golden[] =
	"add table inet sallyport\n"
	"add chain inet sallyport input { type filter hook input priority 0; policy drop; }\n"
	"add chain inet sallyport forward { type filter hook forward priority 0; policy drop; }\n"
	"add chain inet sallyport output { type filter hook output priority 0; policy drop; }\n"
	"flush table inet sallyport\n"
	"table inet sallyport {\n"
	"\tchain input {\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname \"lo\" accept\n"
	"\t\ticmpv6 type { packet-too-big, nd-router-advert, nd-neighbor-solicit, "
	"nd-neighbor-advert } accept\n"
	"\t}\n"
	"\tchain output {\n"
	"\t\tct state established,related accept\n"
	"\t\toifname \"lo\" accept\n"
	"\t\ticmpv6 type { packet-too-big, nd-router-solicit, nd-neighbor-solicit, "
	"nd-neighbor-advert } accept\n"
	"\t\tip daddr 10.0.0.2 udp dport 53 accept\n"
	"\t\tip daddr 10.0.0.2 tcp dport 53 accept\n"
	"\t\tip daddr { 10.0.0.0/8 } tcp dport 22 accept\n"
	"\t\tcounter comment \"refused\"\n"
	"\t}\n"
	"}\n";

static void the_text_replaces_one_table_at_one_stroke(void **state)
{
	(void)state;
	struct egress_rule rule = {
		.protocol = 6, .from_port = 22, .to_port = 22, .to = { IPV4(0x0a000000), 8 }
	};
	SP_AUTO_BUFFER text = { 0 };
	struct netd_message eni = { .rules = &rule,
				    .rule_count = 1,
				    .servers = { { IPV4(0x0a000002), 53 } },
				    .server_count = 1 };
	rules_text(&eni, &vpc, &text);
	assert_string_equal(sp_buffer_text(&text), golden);
}

static void make_text(const struct egress_rule *rules, size_t count, enum netd_role role,
		      struct sp_buffer *out)
{
	const struct netd_message eni = { .role = role,
					  .address = IPV4(0x0a000107),
					  .rules = (struct egress_rule *)(uintptr_t)rules,
					  .rule_count = (uint32_t)count };
	rules_text(&eni, &vpc, out);
}

/* The lines between "nd-neighbor-advert } accept" of the output chain and the counter. */
static void assert_lines(const struct egress_rule *rules, size_t count, const char *expected)
{
	SP_AUTO_BUFFER text = { 0 };
	make_text(rules, count, NETD_ROLE_GATEWAY, &text);
	static const char before[] =
		"nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept\n";
	char *start = strstr(sp_buffer_text(&text), before);
	assert_non_null(start);
	start += strlen(before);
	char *end = strstr(start, "\t\tcounter");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(start, expected);
}

static void without_rules_nothing_may_leave(void **state)
{
	(void)state;
	assert_lines(NULL, 0, "");
}

static void every_form_has_its_line(void **state)
{
	(void)state;
	static const struct {
		struct egress_rule rule;
		const char *line;
	} rows[] = {
		{ { 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" },
		  "ip daddr { 10.0.0.0/8 } tcp dport 22 accept" },
		{ { 6, 1000, 2000, { IPV4(0xc0a80101), 32 }, "", "" },
		  "ip daddr { 192.168.1.1/32 } tcp dport 1000-2000 accept" },
		{ { 6, 0, 65535, { IPV4(0), 0 }, "", "" },
		  "meta nfproto ipv4 meta l4proto tcp accept" },
		{ { 6, 0, 0, { IPV4(0), 0 }, "", "" }, "meta nfproto ipv4 tcp dport 0 accept" },
		{ { 17, 65535, 65535, { IPV4(0), 0 }, "", "" },
		  "meta nfproto ipv4 udp dport 65535 accept" },
		{ { 17, 0, 65535, { IPV4(0x80000000), 1 }, "", "" },
		  "ip daddr { 128.0.0.0/1 } meta l4proto udp accept" },
		{ { 1, -1, -1, { IPV4(0), 0 }, "", "" },
		  "meta nfproto ipv4 meta l4proto icmp accept" },
		{ { 1, -1, 4, { IPV4(0), 0 }, "", "" },
		  "meta nfproto ipv4 meta l4proto icmp accept" },
		{ { 1, 3, -1, { IPV4(0), 0 }, "", "" }, "meta nfproto ipv4 icmp type 3 accept" },
		{ { 1, 3, 4, { IPV4(0x0a000000), 8 }, "", "" },
		  "ip daddr { 10.0.0.0/8 } icmp type 3 icmp code 4 accept" },
		{ { 47, -1, -1, { IPV4(0x0a000000), 8 }, "", "" },
		  "ip daddr { 10.0.0.0/8 } ip protocol 47 accept" },
		{ { 0, 1, 2, { IPV4(0), 0 }, "", "" }, "meta nfproto ipv4 ip protocol 0 accept" },
		{ { 255, -1, -1, { IPV4(0), 0 }, "", "" },
		  "meta nfproto ipv4 ip protocol 255 accept" },
		{ { -1, -1, -1, { IPV4(0), 0 }, "", "" }, "meta nfproto ipv4 accept" },
		{ { -1, 5, 6, { IPV4(0x0a000000), 8 }, "", "" }, "ip daddr { 10.0.0.0/8 } accept" },
		{ { -1, -1, -1, { { 0 }, 0 }, "", "" }, "meta nfproto ipv6 accept" },
		{ { 6, 22, 22, { V6_NET, 64 }, "", "" },
		  "ip6 daddr { fd00::/64 } tcp dport 22 accept" },
		{ { 47, -1, -1, { V6_NET, 64 }, "", "" },
		  "ip6 daddr { fd00::/64 } meta l4proto 47 accept" },
		{ { 58, 128, 0, { V6_NET, 64 }, "", "" },
		  "ip6 daddr { fd00::/64 } icmpv6 type 128 icmpv6 code 0 accept" },
		{ { 58, -1, -1, { { 0 }, 0 }, "", "" },
		  "meta nfproto ipv6 meta l4proto icmpv6 accept" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		char line[128];
		snprintf(line, sizeof(line), "\t\t%s\n", rows[i].line);
		assert_lines(&rows[i].rule, 1, line);
	}
}

static void rules_that_nothing_can_match_have_no_line(void **state)
{
	(void)state;
	static const struct egress_rule rules[] = {
		{ 6, 23, 22, { IPV4(0), 0 }, "", "" },
		{ 6, -1, -1, { IPV4(0), 0 }, "", "" },
		{ 17, 65536, 65536, { IPV4(0), 0 }, "", "" },
		{ 1, 256, -1, { IPV4(0), 0 }, "", "" },
		{ 1, 3, 256, { IPV4(0), 0 }, "", "" },
		{ 58, 256, -1, { { 0 }, 0 }, "", "" },
		{ 58, -1, -1, { IPV4(0), 0 }, "", "" },
		{ 1, -1, -1, { { 0 }, 0 }, "", "" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rules); i++) {
		assert_null(egress_verdict_of(&rules[i], 1, rules[i].protocol, ip_of_v4(0x0a000001),
					      22));
		assert_lines(&rules[i], 1, "");
	}
}

static void what_matches_the_same_is_one_line_that_names_no_block_twice(void **state)
{
	(void)state;
	static const struct egress_rule rules[] = {
		{ 6, 22, 22, { IPV4(0x0a010000), 16 }, "", "" }, /* inside the next one */
		{ 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" },
		{ 6, 443, 443, { IPV4(0x0a000000), 8 }, "", "" },
		{ 6, 22, 22, { IPV4(0x0b000000), 8 }, "", "" },
		{ 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" }, /* again */
		{ 6, 22, 22, { IPV4(0x0affffff), 32 }, "", "" },
		{ 17, 53, 53, { IPV4(0x0a000001), 32 }, "", "" },
		{ 17,
		  53,
		  53,
		  { IPV4(0), 0 },
		  "",
		  "" }, /* everywhere: the one before says nothing more */
	};
	assert_lines(rules, SP_COUNT_OF(rules),
		     "\t\tip daddr { 10.0.0.0/8, 11.0.0.0/8 } tcp dport 22 accept\n"
		     "\t\tip daddr { 10.0.0.0/8 } tcp dport 443 accept\n"
		     "\t\tmeta nfproto ipv4 udp dport 53 accept\n");
}

static void what_matches_the_same_is_a_line_for_each_family(void **state)
{
	(void)state;
	static const struct egress_rule rules[] = {
		{ 6, 22, 22, { V6_NET, 64 }, "", "" },
		{ 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" },
		{ 6, 22, 22, { V6_NET, 128 }, "", "" }, /* inside the first one */
		{ -1, -1, -1, { { 0 }, 0 }, "", "" },
		{ -1, -1, -1, { IPV4(0), 0 }, "", "" },
	};
	assert_lines(rules, SP_COUNT_OF(rules),
		     "\t\tmeta nfproto ipv4 accept\n"
		     "\t\tmeta nfproto ipv6 accept\n"
		     "\t\tip daddr { 10.0.0.0/8 } tcp dport 22 accept\n"
		     "\t\tip6 daddr { fd00::/64 } tcp dport 22 accept\n");
}

static void the_same_rules_in_any_order_are_the_same_text(void **state)
{
	(void)state;
	static const struct egress_rule there[] = {
		{ 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" },
		{ 1, 8, 0, { IPV4(0), 0 }, "", "" },
		{ -1, -1, -1, { IPV4(0xc0000200), 24 }, "", "" },
	};
	const struct egress_rule back[] = { there[2], there[1], there[0] };
	SP_AUTO_BUFFER one = { 0 }, other = { 0 };
	make_text(there, SP_COUNT_OF(there), NETD_ROLE_GATEWAY, &one);
	make_text(back, SP_COUNT_OF(back), NETD_ROLE_GATEWAY, &other);
	assert_string_equal(sp_buffer_text(&one), sp_buffer_text(&other));
}

/* From one line to the end of its chain. */
static void assert_chain(const struct sp_buffer *text, const char *expected)
{
	if (strstr(sp_buffer_text(text), expected) == NULL)
		fail_msg("no\n%sin\n%s", expected, sp_buffer_text(text));
}

static void an_appliance_lets_the_same_through_that_it_lets_out(void **state)
{
	(void)state;
	static const struct egress_rule rule = { 6, 22, 22, { IPV4(0x0a000000), 8 }, "", "" };
	SP_AUTO_BUFFER text = { 0 };
	make_text(&rule, 1, NETD_ROLE_APPLIANCE, &text);
	assert_chain(&text, "\tchain forward {\n"
			    "\t\tct state established,related accept\n"
			    "\t\tip daddr { 10.0.0.0/8 } tcp dport 22 accept\n"
			    "\t\tcounter comment \"refused\"\n"
			    "\t}\n");
	assert_chain(&text, "nd-neighbor-advert } accept\n"
			    "\t\tip daddr { 10.0.0.0/8 } tcp dport 22 accept\n"
			    "\t\tcounter comment \"refused\"\n"
			    "\t}\n");
	assert_null(strstr(sp_buffer_text(&text), "snat"));
}

static void a_nat_gateway_translates_its_vpc_and_sends_nothing_of_its_own(void **state)
{
	(void)state;
	static const struct egress_rule rule = { -1, -1, -1, { IPV4(0), 0 }, "", "" };
	SP_AUTO_BUFFER text = { 0 };
	make_text(&rule, 1, NETD_ROLE_NAT, &text);
	assert_chain(&text, "type nat hook postrouting priority 100; policy accept; }\n"
			    "flush table inet sallyport\n");
	assert_chain(&text, "\tchain forward {\n"
			    "\t\tct state established,related accept\n"
			    "\t\tct state new ip saddr 10.0.0.0/16 accept\n"
			    "\t\tcounter comment \"refused\"\n"
			    "\t}\n");
	assert_chain(&text, "nd-neighbor-advert } accept\n"
			    "\t\tcounter comment \"refused\"\n"
			    "\t}\n"
			    "\tchain translate {\n"
			    "\t\tip saddr 10.0.0.0/16 snat ip to 10.0.1.7\n"
			    "\t}\n"
			    "}\n");
	assert_null(strstr(sp_buffer_text(&text), "meta nfproto ipv4 accept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_replaces_one_table_at_one_stroke),
		cmocka_unit_test(without_rules_nothing_may_leave),
		cmocka_unit_test(every_form_has_its_line),
		cmocka_unit_test(rules_that_nothing_can_match_have_no_line),
		cmocka_unit_test(what_matches_the_same_is_one_line_that_names_no_block_twice),
		cmocka_unit_test(what_matches_the_same_is_a_line_for_each_family),
		cmocka_unit_test(an_appliance_lets_the_same_through_that_it_lets_out),
		cmocka_unit_test(a_nat_gateway_translates_its_vpc_and_sends_nothing_of_its_own),
		cmocka_unit_test(the_same_rules_in_any_order_are_the_same_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
