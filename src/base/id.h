#pragma once
/** Random identifiers. All are global: two nodes never draw the same one. */

#include <stddef.h>

/** From the kernel's generator; never fails once the machine is up. */
void sp_random_bytes(void *out, size_t length);

/** @digits lower-case hex digits and a NUL. */
void sp_random_hex(char *out, size_t digits);

/** @length characters of A-Z a-z 0-9 and a NUL, without bias. */
void sp_random_alphanumeric(char *out, size_t length);

enum { SP_UUID_SIZE = 37 };

/** A random UUID (RFC 9562 version 4), lower case. */
void sp_random_uuid(char out[SP_UUID_SIZE]);
