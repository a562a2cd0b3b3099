#pragma once
/**
 * Large receives for libssh, which asks its socket for 4 KiB at a time and polls before each: half a million system
 * calls a GiB, and a sleep whenever it has caught up with the server.
 *
 * There is no option for that, so recv() and poll() of this program are ours (read_ahead.c): for the socket of the
 * thread's present transport they are served from a buffer, for everything else they are the kernel's.
 */

#include <stddef.h>

enum { READ_AHEAD_BYTES = 256 << 10 };

/** Belongs to the transport whose socket it reads; all zero but @fd to begin with. */
struct read_ahead {
	int fd;
	size_t first, end; /* what was received and not asked for yet */
	char bytes[READ_AHEAD_BYTES];
};

/** From now on this thread's receives on @ahead's socket are large. NULL: on none. */
void read_ahead_enter(struct read_ahead *ahead);
