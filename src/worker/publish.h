#pragma once
/** The end of SEND: the part gets its final name; and RECOVER, which finds out whether it has it. */

#include "worker/task.h"

/** Before the first byte: whether the file may have its name at all, where that is not left to the end. */
int publish_check_name(struct task *task);

/**
 * Gives the part its final name, whatever stands in the way, as far as its connector's tags allow; asks the daemon
 * before it touches anything, or takes another name. SP_CLOSED and SP_TIMEOUT mean that nobody knows whether the server
 * did it; after any other failure the part still has its old name, or is gone (SP_NOT_FOUND), and the file that has the
 * name is the one that had it, unless the sentence says otherwise.
 */
int publish_part(struct task *task, enum publish_outcome *out);

/** Finds out what became of a publish whose answer nobody heard, and ends it. */
int publish_recover(struct task *task, enum publish_outcome *out);
