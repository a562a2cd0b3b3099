#pragma once
/** OpenSSH's file of host keys: what it says of one server (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Pure. */

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

enum { KNOWN_HOSTS_MAX = 16 << 20 /* bytes of a file */ };

/**
 * Adds to @keys (an array) each key of @host and @port as "type base64": plain names, patterns and hashed ones. Left out are
 * types that a connector cannot have, certificate authorities, and keys that are revoked. Returns how many were added.
 */
size_t known_hosts_find(const char *text, size_t length, const char *host, uint16_t port,
			json_t *keys);
