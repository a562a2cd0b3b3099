#pragma once
/**
 * Route tables, internet gateways, NAT gateways and Elastic IP addresses as they are kept. Names, limits and states:
 * Amazon EC2 API 2016-11-15. Fields that are "" are not set.
 */

#include "model/network.h"

enum {
	ROUTE_TABLES_PER_VPC_MAX = 200,
	ROUTES_PER_TABLE_MAX = 500,
	NAT_GATEWAYS_MAX = 200,       /* in all */
	ELASTIC_ADDRESSES_MAX = 4096, /* in all */
	POOL_NAME_SIZE = 64,
};

struct route_table {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	int64_t created_ms;
};

/** A subnet that has a table of its own; the VPC's main table is in struct vpc. */
struct route_association {
	char id[NETWORK_ID_SIZE];
	char table_id[NETWORK_ID_SIZE];
	char subnet_id[NETWORK_ID_SIZE];
};

/** Numbers are kept: add at the end only. */
enum route_target {
	ROUTE_INTERNET_GATEWAY, /* "igw-…" */
	ROUTE_NAT_GATEWAY,      /* "nat-…" */
	ROUTE_INTERFACE,        /* "eni-…": an appliance */
	ROUTE_LOCAL,            /* the VPC's own range: never kept, in every table */
};

/** One row of a table besides the local one. */
struct route {
	char table_id[NETWORK_ID_SIZE];
	char destination[CIDR_TEXT_SIZE];
	enum route_target target;
	char target_id[NETWORK_ID_SIZE];
};

struct internet_gateway {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE]; /* "": not attached */
	int64_t created_ms;
};

/** Numbers are kept: add at the end only. */
enum nat_state { NAT_PENDING, NAT_AVAILABLE, NAT_FAILED, NAT_DELETED };

enum { NAT_DELETED_SHOWN_MS = 3600 * 1000 };

struct nat_gateway {
	char id[NETWORK_ID_SIZE];
	char vpc_id[NETWORK_ID_SIZE];
	char subnet_id[NETWORK_ID_SIZE];
	bool is_private;
	enum nat_state state;
	char failure_code[NETWORK_ID_SIZE * 2]; /* "Gateway.NotAttached" … */
	char *failure;                          /* the sentence; NULL when none; owned */
	char interface_id[NETWORK_ID_SIZE];
	char allocation_id[NETWORK_ID_SIZE]; /* of its Elastic IP; "" when private */
	int64_t created_ms, deleted_ms;      /* deleted_ms 0: it is there */
};

struct elastic_address {
	char id[NETWORK_ID_SIZE]; /* "eipalloc-…" */
	char address[ADDRESS_TEXT_SIZE];
	char pool[POOL_NAME_SIZE];            /* "ipv4pool-ec2-…" */
	char association_id[NETWORK_ID_SIZE]; /* "": free */
	char interface_id[NETWORK_ID_SIZE];   /* that has it */
	int64_t created_ms;
};

void nat_gateway_finish(struct nat_gateway *gateway); /* NULL is fine */
