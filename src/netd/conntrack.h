#pragma once
/** Connections that an internet gateway's kernel translates: those whose mapping went are forgotten. */

#include "base/error.h"
#include "ipc/netd_message.h"
#include "netd/namespaces.h"

/**
 * Forgets all connections of a gateway's namespace that go by none of @mappings, so that their next packet takes the door
 * that there is now. The rules hold them back in any case (netd/doors.h): a kernel that cannot forget them is fine.
 */
int conntrack_forget(const struct namespaces *namespaces, int namespace_fd,
		     const struct netd_mapping *mappings, size_t count, struct sp_error *err);
