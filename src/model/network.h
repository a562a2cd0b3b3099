#pragma once
/**
 * VPCs and what stands in them, resource gateways and resource configurations, as they are kept. Names, limits and
 * states: Amazon EC2 API 2016-11-15 and VPC Lattice API 2022-11-30. All texts that are pointers are owned.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

enum {
	NETWORK_ID_SIZE =
		40, /* "vpc-cidr-assoc-", "subnet-", "sg-" … and 17 hex digits, with room and a NUL */
	ADDRESS_TEXT_SIZE = IP_TEXT_SIZE,
	CIDR_TEXT_SIZE = IP_TEXT_SIZE + 4, /* "/128" */
	MAC_TEXT_SIZE = 18,
	ZONE_SIZE = 32,
	INTERFACE_NAME_SIZE = 16, /* of the kernel */
	GATEWAY_GROUPS_MAX = 5,
	GATEWAY_SUBNETS_MAX = 16,
	CONFIGURATION_PORT_RANGES_MAX = 64,
	GROUP_RULES_MAX = 60, /* each way */
};

/** Who makes a VPC real. Numbers are kept: add at the end only. */
enum network_provider {
	PROVIDER_HOST,  /* this machine's own addresses and interfaces */
	PROVIDER_NETNS, /* network namespaces, made by sallyport-netd */
	NETWORK_PROVIDER_COUNT,
};

/** "host", "netns": the values of the tag sallyport:network. */
const char *network_provider_name(enum network_provider provider);
bool network_provider_find(const char *name, enum network_provider *out);

/* Our additions to AWS's resources. */
#define NETWORK_TAG_PROVIDER "sallyport:network" /* VPC: "host", "netns" */
#define NETWORK_TAG_DNS      "sallyport:dns" /* VPC: name servers inside it, "10.0.0.2, 10.0.0.3:5353" */
/* A subnet: the real interface that its ENIs hang on (macvlan). A VPC: that its internet gateway leads to. */
#define NETWORK_TAG_UPLINK "sallyport:uplink"
/* The next hop on that interface. A subnet's ENIs: else the subnet's first address. A VPC: needed with an uplink. */
#define NETWORK_TAG_ROUTER "sallyport:router"
/* A VPC with an uplink: its router's own address there, "192.0.2.2/30", where Elastic IPs alone do not do. */
#define NETWORK_TAG_ADDRESS "sallyport:address"
/* A network interface of the user's: "yes": a machine that is there already has its address. Routes may lead to it;
 * nothing is made. */
#define NETWORK_TAG_EXTERNAL "sallyport:external"

/** Which addresses there are, of whom: VPC Lattice's ipAddressType. Numbers are kept: add at the end only. */
enum address_type {
	ADDRESS_TYPE_IPV4,
	ADDRESS_TYPE_IPV6,
	ADDRESS_TYPE_DUALSTACK,
	ADDRESS_TYPE_COUNT,
};

/** "IPV4", "IPV6", "DUALSTACK". */
const char *address_type_name(enum address_type type);
bool address_type_find(const char *name, enum address_type *out);
/** Whether addresses of the family are among them. */
bool address_type_has_v4(enum address_type type);
bool address_type_has_v6(enum address_type type);

struct vpc {
	char id[NETWORK_ID_SIZE];
	char cidr[CIDR_TEXT_SIZE];
	char cidr6[CIDR_TEXT_SIZE]; /* IPv6 block; "": none */
	bool cidr6_is_drawn;        /* by us, else the user's own */
	char cidr6_association_id[NETWORK_ID_SIZE];
	enum network_provider provider;
	bool is_host; /* the ready one: shows this machine's interfaces, cannot be changed or deleted */
	bool dns_support, dns_hostnames, usage_metrics;
	/* What comes and goes with it: */
	char cidr_association_id[NETWORK_ID_SIZE];
	char default_group_id[NETWORK_ID_SIZE];
	char dhcp_options_id[NETWORK_ID_SIZE];
	char network_acl_id[NETWORK_ID_SIZE];
	char main_route_table_id[NETWORK_ID_SIZE];
	char main_association_id[NETWORK_ID_SIZE];
	int64_t created_ms;
};

struct subnet {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	char cidr[CIDR_TEXT_SIZE];
	char cidr6[CIDR_TEXT_SIZE]; /* IPv6 block, a /64 of its VPC's; "": none */
	char cidr6_association_id[NETWORK_ID_SIZE];
	char zone[ZONE_SIZE];                /* "eu-central-1a" */
	char interface[INTERFACE_NAME_SIZE]; /* of the ready VPC: the interface it shows; else "" */
	char acl_association_id[NETWORK_ID_SIZE];
	bool map_public_ip, assign_ipv6, enable_dns64;
	int64_t created_ms;
};

struct security_group {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	char *name, *description;
	int64_t created_ms;
};

/** Numbers are kept: add at the end only. */
enum rule_peer {
	RULE_CIDR4,
	RULE_CIDR6,
	RULE_GROUP,       /* addresses of network interfaces that have this group */
	RULE_PREFIX_LIST, /* kept and shown, never matches: there are no prefix lists */
};

enum { RULE_PROTOCOL_ALL = -1, RULE_PORT_NONE = -1 };

struct security_rule {
	char id[NETWORK_ID_SIZE];
	char group_id[NETWORK_ID_SIZE];
	bool egress;
	int protocol;           /* IANA's number, or RULE_PROTOCOL_ALL */
	int from_port, to_port; /* TCP and UDP: a range; ICMP: type and code; RULE_PORT_NONE: all */
	enum rule_peer peer;
	char *value;       /* "10.0.0.0/8", "sg-…", "pl-…": canonical */
	char *description; /* NULL when none */
};

/** A block of addresses of one family. Text and arithmetic: network/cidr.h. */
struct cidr {
	struct ip_address address; /* host bits are zero. "::" is the beginning of "::/0" */
	int bits;                  /* as it is written: 0 … 32, 0 … 128 */
};

enum {
	EGRESS_RULES_MAX = 4096,   /* of one ENI, groups spelled out as addresses */
	EGRESS_RULE_V6_WEIGHT = 2, /* of those: an address of IPv6 takes more room in a message */
	EGRESS_RULE_ANY = -1,
};

/** One thing that may leave an ENI: security groups, flattened (network/verdict.h). */
struct egress_rule {
	int16_t protocol; /* IANA's number, EGRESS_RULE_ANY: all */
	/* TCP, UDP: a range. ICMP and ICMPv6: type and code, EGRESS_RULE_ANY: all. Others, and all protocols: ignored. */
	int32_t from_port, to_port;
	struct cidr to;
	char rule_id[NETWORK_ID_SIZE]; /* where it comes from: for sentences */
	char group_id[NETWORK_ID_SIZE];
};

/** Numbers are kept. */
enum network_state {
	NETWORK_IN_PROGRESS, /* being made */
	NETWORK_ACTIVE,
	NETWORK_FAILED,
};

/** Whose it is. Numbers are kept: add at the end only. */
enum interface_kind {
	INTERFACE_OF_GATEWAY, /* a resource gateway's */
	INTERFACE_OF_NAT,     /* a NAT gateway's */
	INTERFACE_OF_USER,    /* CreateNetworkInterface: an appliance's */
};

enum { INTERFACE_DESCRIPTION_SIZE = 256, INTERFACES_OF_USER_MAX = 5000 /* in all */ };

struct network_interface {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	char subnet_id[NETWORK_ID_SIZE];
	enum interface_kind kind;
	char owner_id[NETWORK_ID_SIZE];   /* "rgw-…", "nat-…"; of the user's: its own id */
	char address[ADDRESS_TEXT_SIZE];  /* IPv4 */
	char address6[ADDRESS_TEXT_SIZE]; /* IPv6; "": none */
	char mac[MAC_TEXT_SIZE];
	/* Of the user's; a gateway's groups are those of its gateway, and a NAT gateway has none: */
	char description[INTERFACE_DESCRIPTION_SIZE];
	bool checks_addresses; /* sourceDestCheck: false, and it forwards what is not its own */
	char group_ids[GATEWAY_GROUPS_MAX][NETWORK_ID_SIZE];
	size_t group_count;
	int64_t created_ms;
};

struct resource_gateway {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	char *name;
	enum network_state state;
	char *failure; /* NETWORK_FAILED: why; else NULL */
	char subnet_ids[GATEWAY_SUBNETS_MAX][NETWORK_ID_SIZE];
	size_t subnet_count;
	char group_ids[GATEWAY_GROUPS_MAX][NETWORK_ID_SIZE];
	size_t group_count;
	enum address_type address_type; /* of the addresses that it leaves from */
	bool resolves_in_vpc;           /* resourceConfigDnsResolution: IN_VPC, else PUBLIC */
	int addresses_per_interface;    /* kept and reported; one is used */
	int64_t created_ms, updated_ms;
};

struct port_range {
	uint16_t from, to;
};

/** Numbers are kept: add at the end only. */
enum configuration_type {
	CONFIGURATION_SINGLE,
	CONFIGURATION_GROUP, /* leads nowhere itself: its children do */
	CONFIGURATION_CHILD,
	CONFIGURATION_TYPE_COUNT,
};

/** "SINGLE", "GROUP", "CHILD". */
const char *configuration_type_name(enum configuration_type type);
bool configuration_type_find(const char *name, enum configuration_type *out);

struct resource_configuration {
	char id[NETWORK_ID_SIZE];
	char gateway_id[NETWORK_ID_SIZE]; /* a child's is its group's */
	enum configuration_type type;
	char group_id[NETWORK_ID_SIZE]; /* CHILD; "" else */
	char *group_domain;             /* GROUP; NULL when none */
	char *name;
	bool is_name;                /* dnsResource, else ipResource */
	char *target;                /* the name or address, as given; "" of a GROUP */
	enum address_type name_type; /* dnsResource: which addresses of the name count */
	struct port_range ports[CONFIGURATION_PORT_RANGES_MAX];
	size_t port_count;
	bool allow_association; /* allowAssociationToShareableServiceNetwork */
	char *custom_domain;    /* NULL when none */
	int64_t created_ms, updated_ms;
};

/* All leave the struct empty; NULL is fine. */
void security_group_finish(struct security_group *group);
void security_rule_finish(struct security_rule *rule);
void resource_gateway_finish(struct resource_gateway *gateway);
void resource_configuration_finish(struct resource_configuration *configuration);
