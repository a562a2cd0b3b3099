#pragma once
/** LIST: a partner's directory becomes an object. */

#include "worker/task.h"

/** @fd, of the object, is taken. */
int list_directory(struct task *task, int fd);
