#pragma once
/**
 * Names in the kernel, from ids: "sp-<owner>-<id>" for namespaces; interfaces have room for 15 characters only, so
 * theirs have the first 12 hex digits of the id: "sn-…" is a subnet's bridge, "ni-…" the bridge's port to an ENI.
 */

#include <stdbool.h>
#include <stddef.h>

#include "ipc/netd_message.h"

enum {
	ID_DIGITS = 17,
	LINK_DIGITS = 12,
	NAMESPACE_NAME_SIZE = 64,
};

#define VPC_PREFIX       "vpc-"
#define SUBNET_PREFIX    "subnet-"
#define INTERFACE_PREFIX "eni-"

#define BRIDGE_PREFIX "sn-"
#define PORT_PREFIX   "ni-"
#define INSIDE_NAME   "eth0" /* the one interface of an ENI's namespace */

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
/** Whether an interface's name is one that we give. */
bool link_is_ours(const char *name);
/** Whether it is the one of this subnet's bridge, or of the port to this ENI. */
bool link_is_of(const char *name, const char *id);
/** Whether two ids of a kind lead to the same name. */
bool ids_share_link(const char *a, const char *b);

/** The bridge's own address, the same whatever hangs on it: the first 10 of the id's digits after "02:". */
void bridge_mac(const char *subnet_id, char out[MAC_TEXT_SIZE]);
