#pragma once
/** Connected sockets to storage for one worker: it asks by NEED_STORAGE, and gets them one by one. On the loop's thread. */

#include <stdbool.h>

#include "ipc/worker_message.h"
#include "transfer/ground.h"

enum { STORAGE_SOCKETS_MAX = 16 /* asked for at a time */ };

struct storage_socket;

struct storage_sockets {
	struct ground *ground;
	/** @fd is taken, -1 for none. */
	void (*send)(void *ctx, const struct worker_message *message, int fd);
	/** Whether a file that the worker has is at this storage. */
	bool (*may_have)(void *ctx, const char *origin);
	void *ctx;
	struct storage_socket *under_way[STORAGE_SOCKETS_MAX]; /* NULL: free */
};

/**
 * -1 when it asks for what it cannot have: more at once, or the storage of no bucket. Where none of its files is it is
 * refused, and goes on: the file that it asks for may just have ended.
 */
int storage_sockets_ask(struct storage_sockets *sockets, const struct worker_message *message);

/** Nobody is told any more. */
void storage_sockets_end(struct storage_sockets *sockets);
