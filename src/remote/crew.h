#pragma once
/**
 * One file over several connections: who has the file lends blocks to those who help with it, each on a connection and
 * a thread of its own, and gets them back done or not. Blocks are all that passes between the threads; what is lent
 * belongs to the helper until it is back.
 *
 *   owner    crew_create ─► crew_lend … crew_take_back ─► crew_end (or crew_recall) ─► crew_is_over ─► crew_release
 *   helper        crew_join ─► crew_take … crew_return ─► crew_leave
 *
 * Any thread may call these functions. Each side is rung, by a function of its own, when it is worth asking again.
 */

#include "remote/blocks.h"

enum {
	CREW_HELPERS_MAX = 4,
	CREW_AHEAD_MAX = 2, /* blocks lent to a helper that it has not taken up yet */
};

struct crew;
struct crew_seat; /* a helper's place; until it leaves */

/** May do no more than make a thread look: it is called under the crew's lock. */
struct crew_bell {
	void (*ring)(void *ctx);
	void *ctx;
};

/** What the helpers are to do. */
struct crew_task {
	bool sends;     /* blocks are written to the file; else they are filled from it */
	char *path;     /* remote; copied */
	uint64_t size;  /* FETCH: what the file is … */
	uint64_t mtime; /* … in the owner's eyes; another one must not be mixed with it */
};

struct crew *crew_create(const struct crew_task *task, const struct crew_bell *bell);

/** The task as it was copied; as long as the crew is held. */
const struct crew_task *crew_task(const struct crew *crew);

/* Whoever keeps a pointer to it holds it once: the owner from the start. */
void crew_hold(struct crew *crew);
void crew_release(struct crew *crew); /* NULL is fine */

/* ---- the owner ------------------------------------------------------------------------------------------------- */

/** True: @block is lent. False: nobody has room for one now. */
bool crew_lend(struct crew *crew, struct block *block);
bool crew_has_room(struct crew *crew);

/** One that is back, in any order; is_done says how. NULL: none now. @out_untouched: the helper had not begun with it. */
struct block *crew_take_back(struct crew *crew, bool *out_untouched);

/** No more will be lent, and nobody joins any more: the helpers finish what they have and leave. */
void crew_end(struct crew *crew);

/** The helpers give back what they have as it is, and leave. */
void crew_recall(struct crew *crew);

/** Whether somebody may still join. */
bool crew_is_wanted(struct crew *crew);

/** After one of these: whether all have left (blocks may still have to be taken back). */
bool crew_is_over(struct crew *crew);

/** Why a helper left before the end; false when none did. */
bool crew_failure(struct crew *crew, struct sp_error *out);

/* ---- a helper -------------------------------------------------------------------------------------------------- */

/** NULL when it is too late, or there are enough. */
struct crew_seat *crew_join(struct crew *crew, const struct crew_bell *bell);

enum crew_answer { CREW_LATER = 0, CREW_BLOCK = 1, CREW_END = 2 };

/** CREW_BLOCK when there is one to take: before that a helper need not begin. */
enum crew_answer crew_look(struct crew_seat *seat);

enum crew_answer crew_take(struct crew_seat *seat, struct block **out);
void crew_return(struct crew_seat *seat, struct block *block);

/** True once the owner wants everything back at once. */
bool crew_is_recalled(struct crew_seat *seat);

/** Why it will not do what it was lent; before that is returned. */
void crew_fail(struct crew_seat *seat, const struct sp_error *failure);

/** With nothing in its hands. The seat is gone. */
void crew_leave(struct crew_seat *seat);
