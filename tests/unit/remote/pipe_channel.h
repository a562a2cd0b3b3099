#pragma once
/** A channel without SSH: a stream socket, with the real sftp-server(8) at its other end. */

#include <sys/types.h>

#include "remote/transport.h"

/** The server's program; NULL when this machine has none. */
const char *pipe_channel_server(void);

/**
 * Starts the server.
 * @arguments  behind argv[0], ended by NULL; NULL: none
 * @user       its uid and gid; 0: ours
 */
struct channel *pipe_channel_start(const char *const *arguments, uid_t user);

/** From now on no call moves more than @bytes. */
void pipe_channel_limit(struct channel *channel, size_t bytes);

/** The largest figure that expect() was given. */
size_t pipe_channel_expected(const struct channel *channel);
