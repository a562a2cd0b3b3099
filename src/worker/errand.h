#pragma once
/** MOVE and DELETE: one request that changes names at the partner. */

#include "worker/task.h"

/** @fd is -1. */
int errand_run(struct task *task, int fd);
