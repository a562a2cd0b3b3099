#include "netd/rules.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "base/scope.h"
#include "network/cidr.h"

enum { PORT_MAX = 65535, ICMP_MAX = 255 };

/* Chains are added first, so that flushing the table finds them; the flush and all that follows is one change. */
static const char chains[] =
	"add table inet " RULES_TABLE "\n"
	"add chain inet " RULES_TABLE " input { type filter hook input priority 0; policy drop; }\n"
	"add chain inet " RULES_TABLE
	" forward { type filter hook forward priority 0; policy drop; }\n"
	"add chain inet " RULES_TABLE
	" output { type filter hook output priority 0; policy drop; }\n";

static const char translation[] =
	"add chain inet " RULES_TABLE
	" translate { type nat hook postrouting priority 100; policy accept; }\n";

static const char input[] =
	"flush table inet " RULES_TABLE "\n"
	"table inet " RULES_TABLE " {\n"
	"\tchain input {\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname \"lo\" accept\n"
	"\t\ticmpv6 type { packet-too-big, nd-router-advert, nd-neighbor-solicit, "
	"nd-neighbor-advert } accept\n"
	"\t}\n";

static const char output[] = "\tchain output {\n"
			     "\t\tct state established,related accept\n"
			     "\t\toifname \"lo\" accept\n"
			     "\t\ticmpv6 type { packet-too-big, nd-router-solicit, "
			     "nd-neighbor-solicit, nd-neighbor-advert } accept\n";

static const char forward[] = "\tchain forward {\n"
			      "\t\tct state established,related accept\n";

/* What comes to this line is refused; an administrator sees how much that was. */
static const char end_of_chain[] = "\t\tcounter comment \"refused\"\n"
				   "\t}\n";

/* ---- rules, put in order --------------------------------------------------------------------------------------- */

/* What a rule says beside its block, so that everything that means the same looks the same. */
static bool normalize(struct egress_rule *rule)
{
	switch (rule->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if (rule->from_port < 0)
			rule->from_port = 0;
		if (rule->to_port > PORT_MAX)
			rule->to_port = PORT_MAX;
		return rule->from_port <= rule->to_port; /* else no port lies in it */
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (cidr_is_v6(&rule->to) == (rule->protocol == IPPROTO_ICMP))
			return false; /* of the other family */
		if (rule->from_port == EGRESS_RULE_ANY)
			rule->to_port = EGRESS_RULE_ANY;
		return rule->from_port <= ICMP_MAX && rule->to_port <= ICMP_MAX;
	default:
		rule->from_port = rule->to_port = EGRESS_RULE_ANY;
		return true;
	}
}

static int compare_matches(const struct egress_rule *a, const struct egress_rule *b)
{
	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	if (a->from_port != b->from_port)
		return a->from_port < b->from_port ? -1 : 1;
	if (a->to_port != b->to_port)
		return a->to_port < b->to_port ? -1 : 1;
	return cidr_is_v6(&a->to) - cidr_is_v6(&b->to);
}

/* By what they match, then by block, a large one before those inside it. */
static int compare_rules(const void *left, const void *right)
{
	const struct egress_rule *a = left, *b = right;
	int order = compare_matches(a, b);
	if (order != 0)
		return order;
	int place = ip_compare(a->to.address, b->to.address);
	if (place != 0)
		return place;
	return (a->to.bits > b->to.bits) - (a->to.bits < b->to.bits);
}

/* Every line accepts, so their order is ours to choose. Owned by the caller. */
static struct egress_rule *order_rules(const struct egress_rule *rules, size_t count,
				       size_t *out_count)
{
	struct egress_rule *ordered = sp_alloc((count + 1) * sizeof(*ordered));
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		ordered[kept] = rules[i];
		kept += normalize(&ordered[kept]);
	}
	qsort(ordered, kept, sizeof(*ordered), compare_rules);
	*out_count = kept;
	return ordered;
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

/* How nftables calls the same of each family. */
static const struct words {
	const char *nfproto, *header, *next, *icmp;
} words_v4 = { "ipv4", "ip", "ip protocol", "icmp" },
  words_v6 = { "ipv6", "ip6", "meta l4proto", "icmpv6" };

static const struct words *words_of(const struct cidr *block)
{
	return cidr_is_v6(block) ? &words_v6 : &words_v4;
}

/* The blocks of rules that match the same, as one set: a group's hundreds of members are one line. A set may name no
 * block twice, so those inside another are left out. */
static void add_blocks(const struct egress_rule *rules, size_t count, struct sp_buffer *out)
{
	const struct words *words = words_of(&rules[0].to);
	if (rules[0].to.bits == 0) {
		sp_buffer_format(out, "\t\tmeta nfproto %s", words->nfproto);
		return;
	}
	const struct cidr *last = NULL;
	sp_buffer_format(out, "\t\t%s daddr { ", words->header);
	for (size_t i = 0; i < count; i++) {
		char block[CIDR_TEXT_SIZE];
		if (last != NULL && cidr_covers(last, &rules[i].to))
			continue;
		cidr_text(&rules[i].to, block);
		sp_buffer_format(out, "%s%s", last == NULL ? "" : ", ", block);
		last = &rules[i].to;
	}
	sp_buffer_add_text(out, " }");
}

static void add_ports(const struct egress_rule *rule, struct sp_buffer *out)
{
	const char *protocol = rule->protocol == IPPROTO_TCP ? "tcp" : "udp";
	if (rule->from_port == 0 && rule->to_port == PORT_MAX)
		sp_buffer_format(out, " meta l4proto %s", protocol);
	else if (rule->from_port == rule->to_port)
		sp_buffer_format(out, " %s dport %d", protocol, rule->from_port);
	else
		sp_buffer_format(out, " %s dport %d-%d", protocol, rule->from_port, rule->to_port);
}

static void add_icmp(const struct egress_rule *rule, struct sp_buffer *out)
{
	const char *icmp = words_of(&rule->to)->icmp;
	if (rule->from_port == EGRESS_RULE_ANY)
		sp_buffer_format(out, " meta l4proto %s", icmp);
	else
		sp_buffer_format(out, " %s type %d", icmp, rule->from_port);
	if (rule->to_port != EGRESS_RULE_ANY)
		sp_buffer_format(out, " %s code %d", icmp, rule->to_port);
}

/* The block comes before the protocol: it says which family this is about. */
static void add_line(const struct egress_rule *rules, size_t count, struct sp_buffer *out)
{
	add_blocks(rules, count, out);
	switch (rules[0].protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		add_ports(&rules[0], out);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		add_icmp(&rules[0], out);
		break;
	case EGRESS_RULE_ANY:
		break;
	default:
		sp_buffer_format(out, " %s %d", words_of(&rules[0].to)->next, rules[0].protocol);
		break;
	}
	sp_buffer_add_text(out, " accept\n");
}

static void add_lines(const struct egress_rule *rules, size_t count, struct sp_buffer *out)
{
	size_t ordered_count;
	SP_AUTO_FREE struct egress_rule *ordered = order_rules(rules, count, &ordered_count);
	for (size_t from = 0, to = 0; from < ordered_count; from = to) {
		while (to < ordered_count && compare_matches(&ordered[from], &ordered[to]) == 0)
			to++;
		add_line(&ordered[from], to - from, out);
	}
}

static void add_servers(const struct netd_message *interface, struct sp_buffer *out)
{
	for (uint32_t i = 0; i < interface->server_count; i++) {
		const struct netd_server *server = &interface->servers[i];
		char address[ADDRESS_TEXT_SIZE];
		const char *header = ip_is_v6(server->address) ? words_v6.header : words_v4.header;
		ip_text(server->address, address);
		sp_buffer_format(out,
				 "\t\t%s daddr %s udp dport %d accept\n"
				 "\t\t%s daddr %s tcp dport %d accept\n",
				 header, address, server->port, header, address, server->port);
	}
}

/* ---- roles ----------------------------------------------------------------------------------------------------- */

static void add_output(const struct netd_message *interface, struct sp_buffer *out)
{
	sp_buffer_add_text(out, output);
	add_servers(interface, out);
	add_lines(interface->rules, interface->rule_count, out);
	sp_buffer_add_text(out, end_of_chain);
}

static void add_appliance(const struct netd_message *interface, struct sp_buffer *out)
{
	sp_buffer_add_text(out, forward);
	add_lines(interface->rules, interface->rule_count, out);
	sp_buffer_add_text(out, end_of_chain);
}

/* What is no part of a connection would pass untranslated. */
static void add_nat(const struct netd_message *interface, const struct cidr *vpc,
		    struct sp_buffer *out)
{
	char block[CIDR_TEXT_SIZE], address[ADDRESS_TEXT_SIZE];
	cidr_text(vpc, block);
	ip_text(interface->address, address);
	sp_buffer_add_text(out, forward);
	sp_buffer_format(out, "\t\tct state new ip saddr %s accept\n", block);
	sp_buffer_add_text(out, end_of_chain);
	sp_buffer_add_text(out, output);
	sp_buffer_add_text(out, end_of_chain);
	sp_buffer_format(out,
			 "\tchain translate {\n"
			 "\t\tip saddr %s snat ip to %s\n"
			 "\t}\n",
			 block, address);
}

void rules_text(const struct netd_message *interface, const struct cidr *vpc, struct sp_buffer *out)
{
	sp_buffer_add_text(out, chains);
	if (interface->role == NETD_ROLE_NAT)
		sp_buffer_add_text(out, translation);
	sp_buffer_add_text(out, input);
	switch (interface->role) {
	case NETD_ROLE_GATEWAY:
		add_output(interface, out);
		break;
	case NETD_ROLE_APPLIANCE:
		add_appliance(interface, out);
		add_output(interface, out);
		break;
	case NETD_ROLE_NAT:
		add_nat(interface, vpc, out);
		break;
	case NETD_ROLE_COUNT:
		break;
	}
	sp_buffer_add_text(out, "}\n");
}
