#pragma once
/** From a security policy to what libssh offers the server: nothing outside the policy, in the policy's order. */

#include <libssh/libssh.h>

#include "base/error.h"
#include "model/security_policy.h"
#include "remote/host_keys.h"
#include "remote/transport.h"

/** What we offer: names joined by commas. libssh leaves out the policy's names that it does not know. */
struct algorithms {
	char offered[ALGORITHM_KIND_COUNT][ALGORITHM_LIST_SIZE];
	bool pinned; /* host keys are narrowed to the types of the trusted keys */
};

/**
 * Sets the session's algorithms. With trusted keys only host keys of their types are asked for, so that the server
 * shows the key that is known here and not another one it has.
 *
 * -1 with SP_UNSUPPORTED when the policy allows none of the trusted keys' types.
 */
int algorithms_offer(ssh_session session, const struct security_policy *policy,
		     const struct host_keys *trusted, struct algorithms *out, struct sp_error *err);

/** Whether one of the names of @list (joined by commas) is an algorithm of the policy's host keys. */
bool algorithms_allow_host_key(const struct security_policy *policy, const char *list);
