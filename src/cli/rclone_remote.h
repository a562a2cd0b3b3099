#pragma once
/** What of a remote of rclone's a connector can have, and what not. */

#include "base/json.h"
#include "cli/rclone_conf.h"
#include "cli/server_url.h"

struct rclone_taken {
	struct server_url server;
	char *login;   /* the text of a secret; owned */
	json_t *keys;  /* to be trusted: what the remote's file of known hosts has; owned */
	json_t *notes; /* sentences about what was not taken; owned */
};

/**
 * Reads the files that the remote names. -1 with a sentence when no connector can do what the remote does: SP_UNSUPPORTED,
 * SP_INVALID, or why a file cannot be read. @out is finished by the caller in any case.
 */
int rclone_remote_take(const struct rclone_remote *remote, struct rclone_taken *out,
		       struct sp_error *err);
void rclone_taken_finish(struct rclone_taken *taken);
