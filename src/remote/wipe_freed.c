#include "remote/wipe_freed.h"

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* glibc overwrites what is freed if it is asked to, in the whole process and at a price. It does not do so for small
 * pieces that it keeps for the thread's next ones: up to CACHED_PER_SIZE of each size. */
enum { CACHED_SIZE_MIN = 24, CACHED_SIZE_STEP = 16, CACHED_SIZE_MAX = 1032, CACHED_PER_SIZE = 7 };

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER; /* as the switch is */

void wipe_freed_begin(void)
{
	pthread_mutex_lock(&one_at_a_time);
	mallopt(M_PERTURB, 1);
}

static void wipe_kept_pieces(size_t size)
{
	void *pieces[CACHED_PER_SIZE];
	for (size_t i = 0; i < CACHED_PER_SIZE; i++) {
		pieces[i] = malloc(size);
		if (pieces[i] != NULL)
			explicit_bzero(pieces[i], size);
	}
	for (size_t i = 0; i < CACHED_PER_SIZE; i++)
		free(pieces[i]);
}

void wipe_freed_end(void)
{
	mallopt(M_PERTURB, 0);
	pthread_mutex_unlock(&one_at_a_time);
	for (size_t size = CACHED_SIZE_MIN; size <= CACHED_SIZE_MAX; size += CACHED_SIZE_STEP)
		wipe_kept_pieces(size);
	sp_secret_wipe_stack();
}
