#pragma once
/** A session as the other files of this room use it: what a job asks on it, and what it does for its branches. */

#include "base/bytes.h"
#include "remote/requests.h"
#include "remote/session.h"

/* ---- for jobs, and for what asks in their name (ask.h) ------------------------------------------------------------ */

/** Why the session is dead; NULL while it lives. */
const struct sp_error *session_dead(const struct remote *remote);

/** The owner goes away: its requests that are not sent are withdrawn (but CLOSE), the replies to the others are thrown away, and
 *  a handle that still comes is closed. */
void session_forget(struct remote *remote, const void *owner);

/** Requests that wait to be sent. */
size_t session_unsent(const struct remote *remote);

/** Pumps once, as patiently as that: SP_CANCELLED when its cancel_fd says so. */
int session_wait(struct remote *remote, const struct remote_patience *patience,
		 struct sp_error *err);
/** Until so many requests can be asked: other jobs on the session may have taken all room for now. */
int session_wait_for_room(struct remote *remote, size_t requests,
			  const struct remote_patience *patience, struct sp_error *err);

/** Opens a request: the writer for its packet; NULL when there is no slot. Followed by session_end(). */
struct sp_writer *session_begin(struct remote *remote, const struct request *request,
				uint32_t *out_id);

/** @body: sent behind what was written, without a copy; NULL: none. */
void session_end(struct remote *remote, const uint8_t *body, size_t body_length);

/* ---- for its branches (branches.h) -------------------------------------------------------------------------------- */

struct branches;

struct branches *session_branches(const struct remote *trunk);              /* NULL: none */
void session_set_branches(struct remote *trunk, struct branches *branches); /* taken */
struct remote *session_branch_off(struct remote *trunk, struct channel *channel);
void session_destroy(struct remote *branch); /* without branches of its own. NULL is fine */

/** Sends and receives what can be now. */
int session_move(struct remote *remote, bool *moved, struct sp_error *err);
/** A reply is owed for too long, or *timeout_ms is made as short as the rest of the time. */
int session_check_idle(const struct remote *remote, int64_t idle_ms, int *timeout_ms,
		       struct sp_error *err);
/** One reply is owed for too long, though others come. */
int session_check_overtaken(struct remote *remote, int64_t idle_ms, struct sp_error *err);
void session_die(struct remote *remote, const struct sp_error *why);
