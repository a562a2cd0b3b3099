#pragma once
/**
 * What sallyportd and sallyport-netd say to each other. One flat struct; the table in netd_message.c says which fields
 * each kind carries, in which order. Unknown kinds, missing and left-over bytes are errors, on both sides.
 *
 *   daemon ──► netd                              netd ──► daemon
 *   OWNER    once, first: whose things are ours     HELLO    once, unasked; again when another process took over
 *   BEGIN    all that is wanted follows             DONE     request
 *   VPC      there shall be this router …           FAILED   request, why
 *   SUBNET   … this bridge or uplink …              SOCKETS  request, descriptors
 *   INTERNET … this way out of the router …
 *   TABLE    … these routes in the router …
 *   ENI      … this interface with these rules
 *   END      what was not named since BEGIN goes
 *   REMOVE   id and what stands on it
 *   OPEN     sockets in an ENI's namespace
 *
 * VPC … ENI say how it shall be: what is there already and the same is left alone, so that connections live
 * on. Every request is answered by exactly one of DONE, FAILED and SOCKETS, in order. The first is always HELLO: when
 * it comes again, nothing that was asked before is answered, and everything has to be said again from OWNER on. What was
 * sent meanwhile is thrown away up to the next OWNER; should an OWNER be among it, its answers bear old requests.
 *
 * A netd that cannot work at all says so by FAILED with request 0 in place of HELLO, and ends. A message that nobody can
 * read is answered by FAILED with the request that stands in its first bytes.
 *
 * What comes from a subnet's bridge goes by the subnet's table: the VPC's own block first, unless a longer prefix is
 * there; what no route of the table matches goes by the router's own routes, which belong to the administrator. A table
 * that was not told yet, and a route that cannot be made, lead nowhere (unreachable): never past what was wished for.
 *
 * After a SUBNET that has another router, or went from a bridge to an uplink or back, its ENIs have to be said again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"

enum netd_kind {
	NETD_OWNER = 1,
	NETD_BEGIN,
	NETD_VPC,
	NETD_SUBNET,
	NETD_ENI,
	NETD_END,
	NETD_REMOVE,
	NETD_OPEN,
	NETD_INTERNET,
	NETD_TABLE,
	NETD_HELLO = 64,
	NETD_DONE,
	NETD_FAILED,
	NETD_SOCKETS,
};

enum {
	NETD_VERSION = 3,
	NETD_OWNER_SIZE = 9,   /* 8 hex digits: a hash of the state folder */
	NETD_TEXT_MAX = 1024,  /* bytes of one text */
	NETD_SERVERS_MAX = 4,  /* name servers of a VPC */
	NETD_SOCKETS_MAX = 16, /* of one OPEN: what one message carries */
	NETD_MAPPINGS_MAX = 4096,
};

/** What an ENI is for: what may come in, go through and go out. Numbers go over the wire. */
enum netd_role {
	NETD_ROLE_GATEWAY, /* sockets of ours: out by its rules, nothing in but answers, nothing through */
	NETD_ROLE_NAT, /* forwards what comes from the VPC, as from its own address; nothing else */
	NETD_ROLE_APPLIANCE, /* the user's software: out and through by its rules; its namespace is the user's to fill */
	NETD_ROLE_COUNT,
};

enum netd_hop {
	NETD_HOP_VIA,       /* an address in one of the VPC's bridges */
	NETD_HOP_INTERNET,  /* the VPC's INTERNET */
	NETD_HOP_BLACKHOLE, /* what is there no more */
	NETD_HOP_COUNT,
};

struct netd_route {
	struct cidr to;
	enum netd_hop hop;
	struct ip_address via; /* NETD_HOP_VIA */
};

/** One to one, both ways: an interface of the VPC, and how the world sees it. IPv4. */
struct netd_mapping {
	struct ip_address private_address, public_address;
};

struct netd_message {
	enum netd_kind kind;
	uint32_t request; /* all but HELLO: chosen by the daemon, echoed */

	uint32_t version;            /* HELLO */
	bool has_uplinks;            /* HELLO: real interfaces can be used */
	char owner[NETD_OWNER_SIZE]; /* OWNER */

	char id[NETWORK_ID_SIZE]; /* VPC, SUBNET, INTERNET ("igw-…"), TABLE ("rtb-…"), ENI, REMOVE, OPEN */
	char parent[NETWORK_ID_SIZE]; /* SUBNET, INTERNET, TABLE: their VPC. ENI: its subnet */
	struct cidr cidr;             /* VPC, SUBNET: IPv4 */
	struct cidr cidr6;            /* the same of IPv6; "::/0": none */
	char uplink
		[INTERFACE_NAME_SIZE]; /* SUBNET: "" for a bridge in the VPC's router namespace. INTERNET: "" leads to this host */
	/* SUBNET: next hop of its ENIs. On a bridge the first address is the VPC's router itself. INTERNET: next hop on its
	 * uplink. */
	struct ip_address router;
	struct ip_address router6;   /* SUBNET: the same of IPv6; none without cidr6 */
	char table[NETWORK_ID_SIZE]; /* SUBNET: the table that it goes by; "" with an uplink */
	struct ip_address
		address; /* ENI. INTERNET: the router's own on the uplink; none: only the public ones */
	struct ip_address address6; /* ENI; maybe none */
	uint32_t bits;              /* INTERNET: of its address's network */
	enum netd_role role;        /* ENI */
	struct netd_route *
		routes; /* TABLE; owned when received. No destination twice; at most ROUTES_PER_TABLE_MAX */
	uint32_t route_count;
	struct netd_mapping
		*mappings; /* INTERNET; the same. Whoever is not among them does not get out */
	uint32_t mapping_count;
	char mac[MAC_TEXT_SIZE];
	/* ENI: who may be asked for names, whatever the rules say (UDP and TCP). */
	struct netd_server {
		struct ip_address address;
		uint16_t port;
	} servers[NETD_SERVERS_MAX];
	uint32_t server_count;
	/* ENI: what may leave. Received ones are owned by the message; ids of rules and groups do not travel. */
	struct egress_rule *rules;
	uint32_t rule_count;

	/* OPEN: how many TCP and UDP sockets of IPv4, and of IPv6; SOCKETS has them in this order */
	uint32_t streams, datagrams, streams6, datagrams6;

	uint32_t code; /* FAILED: enum sp_code */
	char *text; /* FAILED: the sentence. HELLO: why there are no uplinks, or NULL. Owned when received */
};

/** Returns 0, or -1 with SP_LIMIT when it does not fit IPC_MESSAGE_MAX. @out: room for IPC_MESSAGE_MAX bytes. */
int netd_message_encode(const struct netd_message *message, void *out, size_t *out_length,
			struct sp_error *err);

/** Returns 0, or -1 with SP_PROTOCOL and nothing to finish. @fd_count: only SOCKETS may bring descriptors. */
int netd_message_decode(const void *data, size_t length, size_t fd_count, struct netd_message *out,
			struct sp_error *err);

void netd_message_finish(struct netd_message *message);
