#pragma once
/**
 * One worker process: started, configured, spoken to, given the sockets it asks for, ended. What it says is handed
 * on; what it may say when is for the owner to judge.
 */

#include "ipc/worker_message.h"
#include "transfer/ground.h"
#include "transfer/launch.h"

struct worker_process;

struct worker_owner {
	void *ctx;
	/** Everything but NEED_SOCKET. @message is borrowed. */
	void (*message)(void *ctx, const struct worker_message *message);
	/** The transfer that a file belongs to, for which a socket is asked for. NULL: not known. NULL is fine: a test. */
	const char *(*transfer_of)(void *ctx, const char *file_id);
	/** Whether a file that it has is at this storage ("https://host:port"). NULL: none is. */
	bool (*has_file_at)(void *ctx, const char *origin);
	/** A socket was asked for, and this became of it. @result is borrowed, but its trace may be moved. NULL is fine. */
	void (*connected)(void *ctx, uint32_t request, struct egress_result *result);
	/** It is gone, or broke the protocol and was killed. The process is not the owner's any more. @spoke: it had
	 *  said something before. */
	void (*ended)(void *ctx, const char *how, bool spoke);
};

/**
 * A place for it was taken (places.h), and is given back once the process is gone; on failure it stays the caller's.
 *
 * @launch  borrowed for the call; successful
 * @test    a worker for one TEST: takes no lock
 */
int worker_process_start(struct ground *ground, const struct launch *launch, bool test,
			 const struct worker_owner *owner, struct worker_process **out,
			 struct sp_error *err);

/** @fd is taken, -1 for none. What does not fit the socket waits; the owner bounds how much by its credit. */
void worker_process_send(struct worker_process *process, const struct worker_message *message,
			 int fd);

/** No more calls to the owner. It is asked to leave, and killed when it does not. NULL is fine. */
void worker_process_close(struct worker_process *process);

/** As worker_process_close(), without asking: for one that broke the rules. */
void worker_process_kill(struct worker_process *process);
