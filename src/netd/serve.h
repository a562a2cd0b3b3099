#pragma once
/** One daemon on the other end of a socket: its messages, in order, each answered before the next is read. */

#include "base/error.h"
#include "netd/make.h"

/**
 * Says HELLO, and serves until the other end is gone. What was made stays.
 *
 * @maker         open, with an empty plan, as it is again afterwards
 * @is_successor  another process has served this socket before: what it left unread is thrown away
 */
int serve(struct maker *maker, int fd, bool is_successor, struct sp_error *err);

/** In place of HELLO: why nothing can be done here. */
void serve_refusal(int fd, const struct sp_error *why);
