#pragma once
/** Looking at more than the size. */

#include "worker/task.h"

/**
 * What the connector's tag asks for beyond the size: the server's own hash of the file at @path, or its bytes once more,
 * have to be @sha256. @task->verification says what was done. SP_CHANGED when it is another.
 */
int verify_remote(struct task *task, const char *path, uint64_t size, const char *sha256);
