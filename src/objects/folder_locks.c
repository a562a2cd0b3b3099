#include "objects/folder_locks.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/scope.h"

struct held {
	dev_t device;
	ino_t inode;
};

struct folder_locks {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct held *held; /* owned; one for each thread that changes something: few */
	size_t count;
};

struct folder_locks *folder_locks_create(void)
{
	struct folder_locks *locks = sp_alloc(sizeof(*locks));
	pthread_mutex_init(&locks->lock, NULL);
	pthread_cond_init(&locks->changed, NULL);
	return locks;
}

void folder_locks_destroy(struct folder_locks *locks)
{
	if (locks == NULL)
		return;
	pthread_cond_destroy(&locks->changed);
	pthread_mutex_destroy(&locks->lock);
	free(locks->held);
	free(locks);
}

/* Under the lock. NULL: nobody has it. */
static struct held *find(struct folder_locks *locks, dev_t device, ino_t inode)
{
	for (size_t i = 0; i < locks->count; i++)
		if (locks->held[i].device == device && locks->held[i].inode == inode)
			return &locks->held[i];
	return NULL;
}

int folder_lock_take(struct folder_locks *locks, int folder_fd, struct folder_lock *out)
{
	struct stat status;
	if (fstat(folder_fd, &status) != 0)
		return -1;
	pthread_mutex_lock(&locks->lock);
	while (find(locks, status.st_dev, status.st_ino) != NULL)
		pthread_cond_wait(&locks->changed, &locks->lock);
	locks->held = sp_realloc(locks->held, (locks->count + 1) * sizeof(*locks->held));
	locks->held[locks->count++] = (struct held){ status.st_dev, status.st_ino };
	pthread_mutex_unlock(&locks->lock);
	*out = (struct folder_lock){ locks, status.st_dev, status.st_ino };
	return 0;
}

void folder_lock_release(struct folder_lock *lock)
{
	struct folder_locks *locks = lock->locks;
	if (locks == NULL)
		return;
	pthread_mutex_lock(&locks->lock);
	struct held *own = find(locks, lock->device, lock->inode);
	assert(own != NULL);
	*own = locks->held[--locks->count];
	pthread_cond_broadcast(&locks->changed);
	pthread_mutex_unlock(&locks->lock);
	*lock = (struct folder_lock){ 0 };
}
