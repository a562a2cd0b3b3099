#pragma once
/**
 * What an internet gateway's kernel translates and lets through, as text for nft. Pure.
 *
 * Out goes who has a public address, as from it; in comes what answers, and what is meant for such an address, as to its
 * owner. All else is dropped and counted. Whatever leaves the gateway, to either side, has to go by a mapping that there
 * is now: when a mapping goes, what went by it stops.
 *
 * The table "sallyport" (inet) is changed at one stroke, as an ENI's is (netd/rules.h).
 */

#include "base/buffer.h"
#include "ipc/netd_message.h"
#include "model/network.h"

/** @vpc  the block of its VPC: nobody outside has an address of it */
void doors_text(const struct netd_mapping *mappings, size_t count, const struct cidr *vpc,
		struct sp_buffer *out);
