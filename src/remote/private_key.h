#pragma once
/**
 * Looks into the text of a private key before libssh sees it: libssh crashes on keys whose passphrase uses an AEAD
 * cipher, and OpenSSL asks the terminal for a passphrase. Pure: no libssh here.
 */

#include "base/error.h"

enum { PRIVATE_KEY_MAX = 16 * 1024 }; /* characters; AWS allows 8192 */

/**
 * Takes RSA, ECDSA (nistp256, 384, 521) and ed25519 keys in OpenSSH's own form, and PEM ones (PKCS#1, SEC1, PKCS#8),
 * none with a passphrase. CR LF line ends and a missing last line end are put right.
 *
 * @out  the text that libssh takes, owned by the caller: sp_secret_free() it
 *
 * -1 with SP_INVALID and a sentence about what was given instead; the key's text is never quoted.
 */
int private_key_prepare(const char *text, char **out, struct sp_error *err);
