#pragma once
/** IPv4 blocks of addresses, and drawing an address from one. Addresses are in host byte order. Pure but for randomness. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"

/** "10.0.0.0/16". With host bits set: they are cleared, as EC2 does, and *out_cleared (may be NULL) says so. */
bool cidr_parse(const char *text, struct cidr *out, bool *out_cleared);
void cidr_text(const struct cidr *cidr, char out[CIDR_TEXT_SIZE]);
bool cidr_contains(const struct cidr *cidr, uint32_t address);
bool cidr_covers(const struct cidr *outer, const struct cidr *inner);
bool cidr_overlaps(const struct cidr *a, const struct cidr *b);

bool ipv4_parse(const char *text, uint32_t *out);
void ipv4_text(uint32_t address, char out[ADDRESS_TEXT_SIZE]);

enum { CIDR_RESERVED_FIRST = 4, CIDR_RESERVED_LAST = 1 }; /* addresses of a subnet that AWS keeps */

/** How many addresses ENIs may have in a subnet: all but the reserved. */
uint32_t cidr_usable(const struct cidr *subnet);

/**
 * An address at random that is neither reserved nor among @taken. Uniform; ends also when only one is left.
 * SP_LIMIT when there is none.
 */
int address_draw(const struct cidr *subnet, const uint32_t *taken, size_t taken_count,
		 uint32_t *out, struct sp_error *err);

/** The same among @candidates (addresses that this host owns): nothing is reserved. SP_LIMIT names them. */
int address_draw_among(const struct cidr *subnet, const uint32_t *candidates,
		       size_t candidate_count, const uint32_t *taken, size_t taken_count,
		       uint32_t *out, struct sp_error *err);

/** "02:…" of a random locally administered unicast address. */
void mac_draw(char out[MAC_TEXT_SIZE]);
