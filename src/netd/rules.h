#pragma once
/**
 * What an ENI's kernel lets out and through, as text for nft. Pure.
 *
 * The table "sallyport" (inet) drops whatever no line accepts. Established connections go on, whatever the rules say
 * now. The lines accept exactly what egress_verdict_of() (network/verdict.h) accepts, and what may always pass: name
 * servers, IPv6 neighbour discovery and path-MTU messages. An appliance lets the same through; a NAT gateway lets
 * nothing out of its own, and through what begins in its VPC, as from its own address.
 *
 * The text changes one table in one transaction: its chains stay hooked with their policy, and their lines are replaced
 * at one stroke. It can be applied to a namespace that has none, and again, also for another role.
 */

#include "base/buffer.h"
#include "ipc/netd_message.h"
#include "model/network.h"

#define RULES_TABLE "sallyport"

/**
 * @interface  an ENI: its role, rules, name servers and address
 * @vpc        the block of its VPC
 */
void rules_text(const struct netd_message *interface, const struct cidr *vpc,
		struct sp_buffer *out);
