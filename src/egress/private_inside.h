#pragma once
/**
 * Within egress/: what the files of a private path share.
 *
 *   private.c ──► (private_name.c) ──► private_leave.c       all three stand on private_way.c
 *   the path       the name in the VPC   sockets, groups, routes, dialling
 */

#include "egress/attempt.h"
#include "egress/path.h"

/** The path as it is read, in the pool for that. */
struct path_reading {
	struct egress_attempt *attempt; /* NULL: it was cancelled */
	struct store *store;
	char *arn;
	uint16_t port;
	struct path path;
	struct trace trace;
	struct sp_error err; /* code SP_OK: it went well */
};

struct private_way {
	struct path path;
	const struct network_interface *interface; /* of the path: whose turn it was */
	struct networks_sockets
		stock; /* that are not used yet; -1 in place of one that was taken */
	struct lookup_supply supply;
	struct sp_buffer at; /* who was asked for the name, for sentences */
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	struct way ways[LOOKUP_ADDRESSES_MAX]; /* of each address; no hops: tables do not decide */
	size_t address_count;
};

/* The next part of the way; each goes on by itself or ends the attempt. */
void private_find_name(struct egress_attempt *attempt); /* the target's, at whom the gateway asks */
void private_leave(struct egress_attempt *attempt);     /* to the addresses that are known */

/** The interface's sockets. What was there must be used up, or emptied. */
void private_fill_stock(struct private_way *way, const struct networks_sockets *sockets);
/** -1: there is none of this family and kind left. @ctx: the way. */
int private_take_socket(void *ctx, int family, bool stream);
void private_empty_stock(struct private_way *way);

/** The interface's address of the family of @to, or of the first target when that is NULL: what a partner sees. */
const char *private_source(const struct private_way *way, const struct address *to);

/**
 * The way to @to by the route tables, and whether what they lead through is there in the kernel.
 * SP_SYSTEM: it could not be made. Else as path_route().
 */
int private_route(const struct egress_attempt *attempt, struct ip_address to, struct way *out,
		  struct sp_error *err);
