#pragma once
/**
 * Names in the kernel, from ids: "sp-<owner>-<id>" for namespaces; interfaces have room for 15 characters only, so
 * theirs have the first 12 hex digits of the id. In a router "sn-…" is a subnet's bridge, "ni-…" the bridge's port to an
 * ENI, "ig-…" the cable to an internet gateway; "sh-…" is the end that such a gateway has on this host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/netd_message.h"

enum {
	ID_DIGITS = 17,
	LINK_DIGITS = 12,
	NAMESPACE_NAME_SIZE = 64,
};

#define VPC_PREFIX       "vpc-"
#define SUBNET_PREFIX    "subnet-"
#define INTERFACE_PREFIX "eni-"
#define INTERNET_PREFIX  "igw-"
#define TABLE_PREFIX     "rtb-"

#define BRIDGE_PREFIX    "sn-"
#define PORT_PREFIX      "ni-"
#define WAY_PREFIX       "ig-"
#define HOST_END_PREFIX  "sh-"
#define INSIDE_NAME      "eth0"     /* the one interface of an ENI's namespace */
#define TO_VPC_NAME      "vpc"      /* of an internet gateway's: the cable to the router, */
#define TO_INTERNET_NAME "internet" /* and the way out */

/** @prefix and 17 hex digits, lower case. */
bool id_is(const char *id, const char *prefix);
bool owner_is_good(const char *owner);
/** What the kernel takes as an interface's name. */
bool interface_name_is_good(const char *name);

void namespace_name(const char *owner, const char *id, char out[NAMESPACE_NAME_SIZE]);
/** The id in a namespace's name, borrowed from it; NULL: it is none of @owner's. */
const char *namespace_name_id(const char *name, const char *owner);

void bridge_name(const char *subnet_id, char out[INTERFACE_NAME_SIZE]);
void port_name(const char *interface_id, char out[INTERFACE_NAME_SIZE]);
void way_name(const char *internet_id, char out[INTERFACE_NAME_SIZE]);
void host_end_name(const char *internet_id, char out[INTERFACE_NAME_SIZE]);
bool is_host_end(const char *name);
/** Whether the name of a router's interface is one that we give. */
bool link_is_ours(const char *name);
/** Whether it is the one of this subnet's bridge, of the port to this ENI, of the way to this internet gateway. */
bool link_is_of(const char *name, const char *id);
/** Whether two ids of a kind lead to the same name. */
bool ids_share_link(const char *a, const char *b);

/** The own address of a subnet's bridge or of an internet gateway: the first 10 of the id's digits after "02:". */
void own_mac(const char *id, char out[MAC_TEXT_SIZE]);

/** The kernel's table of a route table: no two of them in one router may have the same. */
uint32_t table_number(const char *table_id);
/** Whether it is one that we give. */
bool table_number_is_ours(uint32_t number);
