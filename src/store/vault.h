#pragma once
/**
 * Sealing secrets at rest: AES-256-GCM under the master key, a random 96-bit nonce for each, the associated data
 * binding a ciphertext to its place (ARN and version), so that a row moved elsewhere does not open.
 */

#include <stddef.h>

#include "base/error.h"

struct vault;

/**
 * @path  the master key: 32 bytes as 64 hex digits in a file of mode 0600, created when it is not there.
 *        A file that others can read, of another user (but root's) or behind a symbolic link is refused: SP_DENIED;
 *        one with anything else in it: SP_INVALID.
 */
int vault_open(const char *path, struct vault **out, struct sp_error *err);
void vault_close(struct vault *vault); /* wipes the key; NULL is fine */

/** @out is owned by the caller. Any thread. */
int vault_seal(const struct vault *vault, const char *associated, const void *plain, size_t length,
	       void **out, size_t *out_length, struct sp_error *err);

/** @out is owned by the caller and has a NUL behind it; wipe it after use. SP_DENIED when it was not sealed so. Any thread. */
int vault_unseal(const struct vault *vault, const char *associated, const void *sealed,
		 size_t length, char **out, size_t *out_length, struct sp_error *err);

enum { VAULT_DERIVED_SIZE = 32 };

/** A key for another purpose, always the same for one master key and one @purpose; tells nothing about the master key. */
void vault_derive(const struct vault *vault, const char *purpose,
		  unsigned char out[VAULT_DERIVED_SIZE]);
