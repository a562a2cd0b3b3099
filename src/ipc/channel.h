#pragma once
/**
 * One end of a SOCK_SEQPACKET pair between two of our processes: whole messages with descriptors, never blocking.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { IPC_MESSAGE_MAX = 65536 /* bytes */, IPC_FDS_MAX = 16 };

/** Both ends non-blocking and close-on-exec, owned by the caller. */
int ipc_pair(int out_fds[2], struct sp_error *err);

/** What a call did; -1 (with the error) in the int that is returned otherwise. */
enum ipc_result {
	IPC_DONE = 1,
	IPC_AGAIN = 0, /* nothing there, or no room: wait for the descriptor */
	IPC_ENDED = 2, /* the other end is gone */
	IPC_BUSY = 3,  /* as many descriptors travel as the system allows this user: see below */
};

/**
 * No descriptor tells when fewer travel: whoever sends some waits for so long and tries again, so many times. Then it is
 * an error.
 */
enum { IPC_BUSY_MS = 20, IPC_BUSY_TRIES_MAX = 1500 /* half a minute */ };

/**
 * @fds  borrowed: the other process gets copies
 * Returns an enum ipc_result, or -1. IPC_BUSY only of messages with descriptors, and with the error for whoever gives up.
 */
int ipc_send(int fd, const void *message, size_t length, const int *fds, size_t fd_count,
	     struct sp_error *err);

/**
 * @message     room for IPC_MESSAGE_MAX bytes
 * @fds         room for IPC_FDS_MAX; those received are owned by the caller, close-on-exec
 * Returns an enum ipc_result, or -1 with SP_PROTOCOL for a message that is too long or whose descriptors were cut off
 * (then none is left open).
 */
int ipc_receive(int fd, void *message, size_t *out_length, int fds[IPC_FDS_MAX],
		size_t *out_fd_count, struct sp_error *err);
