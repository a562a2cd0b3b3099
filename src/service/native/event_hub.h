#pragma once
/**
 * Live events for clients that listen (GET /v1/events). Nothing is pushed to anybody: each client has a place in the row
 * of changes that the store keeps of files (store/transfer_lists.h), and is brought forward from there as far as its buffer
 * has room. So one that was away misses nothing, one that is slow only comes late, and transfers know of neither. A file's
 * state is always one that was committed; states that it passed between two looks are not told one by one.
 *
 * How far files are comes from the engine's board (transfer/progress.h): the newest word, at a limited rate, and not when
 * the buffer has little room.
 */

#include "api/call.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "store/store.h"
#include "transfer/progress.h"

struct event_hub;

struct event_hub_options {
	struct loop *loop;  /* kept, as all below */
	struct pool *reads; /* for reading the store */
	struct store *store;
	struct progress_board *board;
	size_t clients_max;
	int64_t listen_max_ms; /* for so long one listens; then he comes again, and is asked who he is */
};

struct event_hub *event_hub_create(const struct event_hub_options *options);

/** Once the loop has ended. NULL is fine. */
void event_hub_destroy(struct event_hub *hub);

/** On the loop's thread: nobody is brought forward any more. */
void event_hub_stop(struct event_hub *hub);

struct event_wish {
	char connector_id[CONNECTOR_ID_SIZE]; /* "": any, as for all below */
	char transfer_id[TRANSFER_ID_SIZE];
	char file_id[FILE_ID_SIZE];
	bool no_progress;
	int64_t after; /* the last change that the client knows; … */
	bool is_too_far; /* … there is no such change: it is told to look anew, and @after is the newest */
};

/**
 * Answers the call with a stream, or says that there are too many clients, once it is known that none of them has gone.
 * Operations' threads.
 */
void event_hub_join(struct event_hub *hub, struct api_call *call, const struct event_wish *wish);

size_t event_hub_clients(struct event_hub *hub); /* NULL: 0 */
