#pragma once
/**
 * Further SFTP sessions on channels of the same connection, for files that one channel's window is too small for: the
 * branches of the first one, the trunk. They are opened and closed as jobs wish, and move whenever the trunk is pumped.
 *
 * A server that refuses a channel is left with what it granted, for as long as the connection lives.
 */

#include "remote/session_within.h"

enum {
	BRANCHES_MAX = REMOTE_CHANNELS_MAX - 1,
	BRANCH_OPEN_MS = 20 * 1000, /* the longest that one may take to open */
	BRANCH_IDLE_MS = 5 * 1000,  /* one that no job wishes for is kept so long for the next */
};

/* ---- for jobs; on a trunk that may have no branches they find none --------------------------------------------- */

/** What one job wishes; there are as many branches as the greatest wish. */
struct branch_wish {
	struct branch_wish *next;
	size_t count;
};

/** @wish is kept until branches_leave(); its count may change meanwhile. */
void branches_enter(struct remote *trunk, struct branch_wish *wish);
void branches_leave(struct remote *trunk, struct branch_wish *wish);

/** Branches that there may be: fewer once the server has refused one. */
size_t branches_most(const struct remote *trunk);

/** How many of those that the job wished for turned out to help on this connection; SIZE_MAX while nobody knows. */
size_t branches_worth(const struct remote *trunk);
void branches_judge(struct remote *trunk, size_t worth);

/** Whether none is being opened just now. */
bool branches_settled(const struct remote *trunk);

/** The session with number @index, when it is there and lives. It stays (dead or alive) until it is given back. */
struct remote *branch_take(struct remote *trunk, size_t index);
void branch_give_back(struct remote *trunk, size_t index);

/* ---- for the session ------------------------------------------------------------------------------------------- */

void branches_destroy(struct branches *branches); /* NULL is fine */

/** Moves what the branches have, opens and closes. None of their failures is the trunk's. */
void branches_move(struct branches *branches, int64_t idle_ms, bool *moved, int *timeout_ms);
