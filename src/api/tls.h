#pragma once
/**
 * The server's certificate and key. libmicrohttpd reads them once and has no way to change them: so each new
 * connection is given the current ones before its handshake, and keeps them, with a count, until it closes.
 */

#include <gnutls/gnutls.h>

#include "base/error.h"

struct tls;
struct tls_credentials;

/** @certificate, @key: paths of PEM files; copied. */
int tls_open(const char *certificate, const char *key, struct tls **out, struct sp_error *err);

/** After the last connection was closed. NULL is fine. */
void tls_close(struct tls *tls);

/** Reads both files again, for connections to come. On failure nothing changes. */
int tls_reload(struct tls *tls, struct sp_error *err);

/** Gives @session what is current now; to be returned when its connection is closed. */
struct tls_credentials *tls_equip(struct tls *tls, gnutls_session_t session);
void tls_return(struct tls_credentials *credentials);

/** The texts that were read first, for libmicrohttpd to start with. Borrowed. */
const char *tls_certificate_text(const struct tls *tls);
const char *tls_key_text(const struct tls *tls);

/** TLS 1.2 and 1.3 only: GnuTLS's words for it. */
extern const char tls_priorities[];
