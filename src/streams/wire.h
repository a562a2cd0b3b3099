#pragma once
/** Bytes over a connected socket, in clear or by TLS. Never waits. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct wire;

/** Who is trusted by those who connect to one place. */
struct wire_trust;

/** Before the sandbox: what OpenSSL wants to read. */
void wire_prepare(void);

/**
 * @fd: a file of certificates in PEM form; taken. @host: the name that the other side must prove. @inout: what such a file
 * said before, or NULL: kept while it says the same, otherwise replaced, by NULL when it fails; wires that it opened go on.
 */
int wire_trust_read(int fd, const char *host, struct wire_trust **inout, struct sp_error *err);
void wire_trust_destroy(struct wire_trust *trust); /* NULL is fine */

/** @fd is taken. @trust: kept; NULL: in clear. */
int wire_open(int fd, const struct wire_trust *trust, struct wire **out, struct sp_error *err);
void wire_close(struct wire *wire); /* NULL is fine */
int wire_fd(const struct wire *wire);

enum { WIRE_LATER = -2 };

/** What went, 0 when the other side has ended (reading), -1 with the error, or WIRE_LATER: see wire_events(). */
ssize_t wire_read(struct wire *wire, void *out, size_t room, struct sp_error *err);
ssize_t wire_write(struct wire *wire, const void *data, size_t length, struct sp_error *err);

/** What the last WIRE_LATER waits for, POLLIN or POLLOUT; of one that was just opened: what it begins with. */
short wire_events(const struct wire *wire);
/** TLS is being agreed on: whatever is to be written waits for that. */
bool wire_is_opening(const struct wire *wire);
/** Nothing came that was not read yet, not even the end. */
bool wire_is_quiet(const struct wire *wire);
