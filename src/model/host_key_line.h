#pragma once
/**
 * One line that names a server's public key, as people paste it: "type base64", as ssh-keyscan prints it (a host in
 * front), or as a .pub file has it (a comment behind). Only the syntax: whether a server has that key is remote/'s
 * business.
 */

#include <stdbool.h>

#include "base/error.h"

enum {
	HOST_KEY_LINE_MAX = 2048, /* characters: AWS's limit for an entry */
	HOST_KEY_TYPE_SIZE = 32,
};

struct host_key_line {
	char type[HOST_KEY_TYPE_SIZE]; /* "ssh-ed25519" */
	char base64[HOST_KEY_LINE_MAX +
		    1]; /* the one text of the key's bytes: equal text is an equal key */
};

/**
 * Known types: ssh-rsa, ecdsa-sha2-nistp256, -nistp384 and -nistp521, ssh-ed25519. The bytes must be a whole key of
 * that type, so a key that was cut or pasted twice is found here and not when a file is due.
 *
 * @allow_host  whether a host ("example.com", "[example.com]:2222", also hashed) may stand in front
 *
 * Returns 0, or -1 with SP_INVALID and a sentence that helps on: which text was pasted instead of a host key. What
 * looks like a private key is never quoted. @out is untouched on failure.
 */
int host_key_line_parse(const char *line, bool allow_host, struct host_key_line *out,
			struct sp_error *err);
