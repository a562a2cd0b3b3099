#pragma once
/**
 * Security groups, flattened: what an ENI may send to. The same list is judged here before connecting and becomes the
 * kernel's rules (netd/), so both say the same. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "network/cidr.h"

/** The addresses of ENIs by group: what a rule that names a group means. */
struct group_member {
	const char *group_id;
	struct ip_address address;
};

/**
 * Egress rules of @rules (of one ENI's groups together; ingress is skipped), spelled out as blocks of addresses.
 * @out  an array, owned by the caller
 * SP_LIMIT past EGRESS_RULES_MAX, where one of IPv6 counts EGRESS_RULE_V6_WEIGHT times.
 */
int egress_rules_spell_out(const struct security_rule *rules, size_t rule_count,
			   const struct group_member *members, size_t member_count,
			   struct egress_rule **out, size_t *out_count, struct sp_error *err);

/** The first rule that lets TCP to @address port @port leave; NULL: none does. */
const struct egress_rule *egress_verdict(const struct egress_rule *rules, size_t count,
					 struct ip_address address, uint16_t port);

/** The same for any protocol; @port is ignored where the protocol has none. For ICMP of either family: type << 8 | code. */
const struct egress_rule *egress_verdict_of(const struct egress_rule *rules, size_t count,
					    int protocol, struct ip_address address, uint16_t port);
