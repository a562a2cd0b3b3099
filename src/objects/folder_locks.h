#pragma once
/**
 * Within objects/: who changes what a name in a folder stands for, after looking at it, has the folder for itself
 * meanwhile. By the folder and not by its path, for links give it several. Others than this process know nothing of it. Any
 * thread; one waits for the same folder only, for a file system may hang.
 */

#include <sys/types.h>

struct folder_locks;

struct folder_locks *folder_locks_create(void);
void folder_locks_destroy(struct folder_locks *locks); /* NULL is fine */

/** A folder that is held; starts as { 0 }. */
struct folder_lock {
	struct folder_locks *locks; /* NULL: none is held */
	dev_t device;
	ino_t inode;
};

/** Waits. -1 and errno when @folder_fd cannot be looked at. */
int folder_lock_take(struct folder_locks *locks, int folder_fd, struct folder_lock *out);
void folder_lock_release(struct folder_lock *lock);

#define SP_AUTO_FOLDER_LOCK __attribute__((cleanup(folder_lock_release))) struct folder_lock
