#include "network/verdict.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"

enum { PORT_MAX = 65535 };

/* ---- Spelling out ------------------------------------------------------------------------------------------------ */

struct spelling {
	struct egress_rule *rules;
	size_t count, room, weight;
};

/* ICMPv6 inside IPv4 is nothing that anybody means, nor is ICMP inside IPv6: the kernel has no match for their types
 * there. */
static bool is_of_other_family(int protocol, const struct cidr *to)
{
	return protocol == (cidr_is_v6(to) ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static int add_rule(struct spelling *spelling, const struct egress_rule *rule,
		    const struct cidr *to, struct sp_error *err)
{
	if (is_of_other_family(rule->protocol, to))
		return 0;
	spelling->weight += cidr_is_v6(to) ? EGRESS_RULE_V6_WEIGHT : 1;
	if (spelling->weight > EGRESS_RULES_MAX)
		return sp_fail(err, SP_LIMIT,
			       "the rules of the security groups spell out as more than %d, "
			       "counting each address of a group that a rule names, and one of "
			       "IPv6 %d times",
			       EGRESS_RULES_MAX, EGRESS_RULE_V6_WEIGHT);
	if (spelling->count == spelling->room) {
		spelling->room = spelling->room == 0 ? 16 : 2 * spelling->room;
		spelling->rules =
			sp_realloc(spelling->rules, spelling->room * sizeof(*spelling->rules));
	}
	spelling->rules[spelling->count] = *rule;
	spelling->rules[spelling->count++].to = *to;
	return 0;
}

static bool has_ports(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static bool has_types(int protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* What the rule says of protocol and ports. What EGRESS_RULE_ANY can say is said by it alone. */
static struct egress_rule begin_rule(const struct security_rule *from)
{
	struct egress_rule rule = {
		.protocol = (int16_t)from->protocol,
		.from_port = EGRESS_RULE_ANY,
		.to_port = EGRESS_RULE_ANY,
	};
	if (has_ports(from->protocol)) {
		bool all = from->from_port == RULE_PORT_NONE;
		rule.from_port = all ? 0 : from->from_port;
		rule.to_port = all ? PORT_MAX : from->to_port;
	} else if (has_types(from->protocol) && from->from_port != RULE_PORT_NONE) {
		rule.from_port = from->from_port;
		rule.to_port = from->to_port;
	}
	snprintf(rule.rule_id, sizeof(rule.rule_id), "%s", from->id);
	snprintf(rule.group_id, sizeof(rule.group_id), "%s", from->group_id);
	return rule;
}

static int spell_out_group(struct spelling *spelling, const struct egress_rule *rule,
			   const char *group_id, const struct group_member *members, size_t count,
			   struct sp_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(members[i].group_id, group_id) != 0)
			continue;
		const struct cidr to = { .address = members[i].address,
					 .bits = ip_bits(members[i].address) };
		if (add_rule(spelling, rule, &to, err) != 0)
			return -1;
	}
	return 0;
}

static int spell_out_rule(struct spelling *spelling, const struct security_rule *from,
			  const struct group_member *members, size_t member_count,
			  struct sp_error *err)
{
	if (!from->egress)
		return 0;

	struct egress_rule rule = begin_rule(from);
	struct cidr to;
	switch (from->peer) {
	case RULE_CIDR4:
	case RULE_CIDR6:
		if (!cidr_parse(from->value, &to, NULL))
			return sp_fail(err, SP_INTERNAL,
				       "security group rule %s has no block of addresses: \"%s\"",
				       from->id, from->value);
		return add_rule(spelling, &rule, &to, err);
	case RULE_GROUP:
		return spell_out_group(spelling, &rule, from->value, members, member_count, err);
	case RULE_PREFIX_LIST:
		break;
	}
	return 0;
}

int egress_rules_spell_out(const struct security_rule *rules, size_t rule_count,
			   const struct group_member *members, size_t member_count,
			   struct egress_rule **out, size_t *out_count, struct sp_error *err)
{
	struct spelling spelling = { 0 };
	for (size_t i = 0; i < rule_count; i++) {
		if (spell_out_rule(&spelling, &rules[i], members, member_count, err) == 0)
			continue;
		free(spelling.rules);
		return -1;
	}
	*out = spelling.rules;
	*out_count = spelling.count;
	return 0;
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static bool lets_icmp(const struct egress_rule *rule, uint16_t type_and_code)
{
	int type = type_and_code >> 8, code = type_and_code & 0xff;
	return rule->from_port == EGRESS_RULE_ANY ||
	       (rule->from_port == type &&
		(rule->to_port == EGRESS_RULE_ANY || rule->to_port == code));
}

static bool lets(const struct egress_rule *rule, int protocol, struct ip_address address,
		 uint16_t port)
{
	if (!cidr_contains(&rule->to, address) || is_of_other_family(rule->protocol, &rule->to))
		return false;
	if (rule->protocol == EGRESS_RULE_ANY)
		return true;
	if (rule->protocol != protocol)
		return false;
	if (has_ports(protocol))
		return port >= rule->from_port && port <= rule->to_port;
	return !has_types(protocol) || lets_icmp(rule, port);
}

const struct egress_rule *egress_verdict_of(const struct egress_rule *rules, size_t count,
					    int protocol, struct ip_address address, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (lets(&rules[i], protocol, address, port))
			return &rules[i];
	}
	return NULL;
}

const struct egress_rule *egress_verdict(const struct egress_rule *rules, size_t count,
					 struct ip_address address, uint16_t port)
{
	return egress_verdict_of(rules, count, IPPROTO_TCP, address, port);
}
