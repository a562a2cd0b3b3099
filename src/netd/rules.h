#pragma once
/**
 * What an ENI's kernel lets out, as text for nft. Pure.
 *
 * The table "sallyport" (inet) drops whatever no line accepts. Established connections go on, whatever the rules say
 * now. The lines accept exactly what egress_verdict_of() (network/verdict.h) accepts, and what may always pass: name
 * servers, IPv6 neighbour discovery and path-MTU messages.
 *
 * The text changes one table in one transaction: its chains stay hooked with their policy, and their lines are replaced
 * at one stroke. It can be applied to a namespace that has none, and again.
 */

#include <stddef.h>

#include "base/buffer.h"
#include "ipc/netd_message.h"
#include "model/network.h"

#define RULES_TABLE "sallyport"

void rules_text(const struct egress_rule *rules, size_t rule_count,
		const struct netd_server *servers, size_t server_count, struct sp_buffer *out);
