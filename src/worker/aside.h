#pragma once
/**
 * The file that has the name which a part is to get, at a server whose rename does not replace: it is put aside, under a
 * name of ours in its folder (model/publishing.h), and removed once the new one has its name; or it gets its name back.
 * What nothing of ours is left of after a crash follows from what lies there: as long as the part does, it can be done
 * again; and the file that was put aside lies where everybody finds it who knows the file's id.
 */

#include "worker/task.h"

/** The daemon has committed that this may be done. Where the server puts nothing aside, the file is removed. */
int aside_put(struct task *task);

/** RECOVER: what an earlier process has left. -1: the connection is dead. */
int aside_find(struct task *task);

/** The part is gone, and what this task has put aside may be it: it gets its name back. -1: the connection is dead. */
int aside_undo(struct task *task);

/**
 * @result  of the publish. 0: what was put aside is removed; if it cannot be, @task->leaves_aside. -1: it gets its name
 *          back; the sentence says what became of it otherwise.
 * Returns @result.
 */
int aside_settle(struct task *task, int result);

/** REMOVE: nothing is left aside afterwards; whether it gets its name back is in the order. */
int aside_clear(struct task *task);
