#pragma once
/**
 * The flow log: keeps a record of every connection, in the store and, once it has ended, as a line of a file.
 *
 *   connected ──► under way ──► ended: the worker shut it down, or the partner reset it (EPOLLHUP)
 *       │             └───────► ended with its holder: the worker is gone, and nobody else would tell the partner
 *   refused, failed: a record with its end
 *
 * Bytes are TCP's own count. For that a second descriptor of the socket is kept, which would hold the connection open
 * when a worker only closes its own: so workers shut down what they close, and what a gone one left is shut down here.
 *
 * Everything on the loop's thread; nothing blocks: records are gathered and written by the store's writer.
 */

#include "base/json.h"
#include "loop/loop.h"
#include "model/flow.h"
#include "store/store.h"

struct flow_log;

struct flow_log_options {
	int64_t records_max;   /* that the store keeps; the oldest go */
	const char *file;      /* NULL: no file. Borrowed for the call */
	int64_t file_size_max; /* bytes, before it is rotated */
	int64_t files_kept;    /* that were rotated */
};

enum { FLOW_LOG_PENDING_MAX = 4096 /* records that wait for a store that cannot be written */ };

/** Gives up the records that an earlier run left without an end. May block. @loop and @store are kept. */
int flow_log_open(struct loop *loop, struct store *store, const struct flow_log_options *options,
		  struct flow_log **out, struct sp_error *err);

/** When the loop runs no more: ends what is open and writes what there is. NULL is fine. */
void flow_log_close(struct flow_log *log);

/**
 * A connection that was made. @flow: all but number, id and times, which are set here, as for those below; copied.
 * @fd      borrowed
 * @holder  who will have the socket, for flow_log_end()
 */
void flow_log_connected(struct flow_log *log, const struct flow *flow, int64_t began_ms, int fd,
			const void *holder);

/** A connection that did not come about. */
void flow_log_refused(struct flow_log *log, const struct flow *flow, int64_t began_ms);

/** Shuts down what @holder left open. */
void flow_log_end(struct flow_log *log, const void *holder);

/** A record as the file and our API show it, owned by the caller. What is not known is left out. */
json_t *flow_to_json(const struct flow *flow);
