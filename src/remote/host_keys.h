#pragma once
/** The keys by which a server is known: the connector's list, nothing else (no known_hosts file is ever read). */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/connector.h"
#include "model/host_key_line.h"

struct host_keys {
	size_t count;
	struct host_key_line lines[CONNECTOR_TRUSTED_KEYS_MAX];
};

/**
 * Reads lines as host_key_line_parse() does, each with or without a host in front; blank lines are skipped.
 * NULL or "" is an empty list, which trusts nobody. -1 with SP_INVALID.
 */
int host_keys_parse(const char *text, struct host_keys *out, struct sp_error *err);

/** Whether the key is one of them. @base64: the key's bytes as host_key_line has them. */
bool host_keys_trust(const struct host_keys *keys, const char *type, const char *base64);

bool host_keys_have_type(const struct host_keys *keys, const char *type);

/** The type of key that makes signatures of an algorithm: "ssh-rsa" for "rsa-sha2-512". Most carry the same name. */
const char *host_key_type_of_algorithm(const char *algorithm);

/** "ssh-rsa, ssh-ed25519": each type once, for sentences. */
void host_keys_list_types(const struct host_keys *keys, char *out, size_t room);
