#pragma once
/** rclone's file of remotes (rclone.conf), read. Pure. */

#include <stddef.h>

#include "base/error.h"

enum {
	RCLONE_CONF_MAX = 4 << 20, /* bytes */
	RCLONE_REMOTES_MAX = 10000,
	RCLONE_OPTIONS_MAX = 200, /* of one remote */
};

struct rclone_option {
	char *name, *value; /* owned */
};

struct rclone_remote {
	char *name;
	struct rclone_option *options;
	size_t count;
};

struct rclone_conf {
	struct rclone_remote *remotes;
	size_t count;
};

/** SP_INVALID: the line that makes no sense, which is not quoted; or that the file is encrypted. @out is finished by the caller. */
int rclone_conf_read(const char *text, size_t length, struct rclone_conf *out,
		     struct sp_error *err);
void rclone_conf_finish(struct rclone_conf *conf); /* what was in it is wiped */

/** NULL when the remote does not say, or says nothing. */
const char *rclone_option(const struct rclone_remote *remote, const char *name);

/**
 * A password as rclone obscures it: AES-256 in counter mode with a key that rclone's source has for everybody, behind its
 * 16 bytes of counter, in base64 for URLs. Owned by the caller, to be wiped; NULL when it is no such thing.
 */
char *rclone_reveal(const char *obscured);
