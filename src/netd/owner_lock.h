#pragma once
/**
 * One process at a time works on the networks of an owner: one whose daemon is gone may still be at its last request
 * when the next daemon comes with another.
 */

#include "base/error.h"

struct owner_lock {
	int fd; /* -1: not held */
	char *path;
};

/** Waits a while for another process to end. Held already: nothing to do. SP_CONFLICT when it does not end. */
int owner_lock_take(struct owner_lock *lock, const char *owner, struct sp_error *err);
/** Leaves no file behind. Not held is fine. */
void owner_lock_release(struct owner_lock *lock);
