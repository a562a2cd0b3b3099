#pragma once
/** Blocks of addresses, and drawing an address from one. Pure but for randomness. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "model/network.h"

/** "10.0.0.0/16", "fd00:ec2::/56". With host bits set: they are cleared, as EC2 does, and *out_cleared (may be NULL) says so. */
bool cidr_parse(const char *text, struct cidr *out, bool *out_cleared);
void cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE]);
bool cidr_contains(const struct cidr *cidr, struct ip_address address);
bool cidr_covers(const struct cidr *outer, const struct cidr *inner);
bool cidr_overlaps(const struct cidr *a, const struct cidr *b);

/** The same where only one family will do. */
bool cidr_parse_v4(const char *text, struct cidr *out);
bool cidr_parse_v6(const char *text, struct cidr *out);
/** Text that may be "", which gives no block (cidr_is_none()). */
bool cidr_parse_optional(const char *text, struct cidr *out);
/** A block of zeros, which would be "::/0": where there may be none it means that. */
bool cidr_is_none(const struct cidr *cidr);

/** "0.0.0.0/0", "::/0". */
extern const struct cidr cidr_all_v4, cidr_all_v6;

bool cidr_equal(const struct cidr *a, const struct cidr *b);
/** Only its family counts. */
bool cidr_is_v6(const struct cidr *cidr);
struct ip_address cidr_last(const struct cidr *cidr);

enum { CIDR_RESERVED_FIRST = 4, CIDR_RESERVED_LAST = 1 }; /* addresses of a subnet that AWS keeps */

/** How many addresses ENIs may have in a subnet: all but the reserved. */
ip_number cidr_usable(const struct cidr *subnet);

/**
 * An address at random that is neither reserved nor among @taken. Uniform; ends also when only one is left.
 * SP_LIMIT when there is none.
 */
int address_draw(const struct cidr *subnet, const struct ip_address *taken, size_t taken_count,
		 struct ip_address *out, struct sp_error *err);

/** The same among @candidates (addresses that this host owns): nothing is reserved. SP_LIMIT names them. */
int address_draw_among(const struct cidr *subnet, const struct ip_address *candidates,
		       size_t candidate_count, const struct ip_address *taken, size_t taken_count,
		       struct ip_address *out, struct sp_error *err);

/** "02:…" of a random locally administered unicast address. */
void mac_draw(char out[MAC_TEXT_SIZE]);
