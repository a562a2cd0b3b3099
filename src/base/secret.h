#pragma once
/** Secrets in memory: wiped when they go, never printed. */

#include <stdlib.h>
#include <string.h>

/** Overwrites and frees. NULL is fine. */
static inline void sp_secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static inline void sp_cleanup_secret(char **secret)
{
	sp_secret_free(*secret);
}

/**
 * For secrets that stay: memory that is not swapped out, as long as the process may lock that much (RLIMIT_MEMLOCK), and
 * in no core file. Zeroed, whole pages, never NULL; see sp_alloc().
 */
void *sp_secret_pages(size_t size);

/** Overwrites them first. NULL is fine */
void sp_secret_pages_free(void *pages, size_t size);

/** Overwrites what functions that were called from here have left on this thread's stack: copies in registers, parts of
 *  what was hashed. */
void sp_secret_wipe_stack(void);

/** How much a process of ours may want to lock, bytes. */
enum { SP_SECRET_PAGES_MAX = 256 * 1024 };

/** In front of a C string that must not outlive its scope: SP_AUTO_SECRET char *password = …; */
#define SP_AUTO_SECRET __attribute__((cleanup(sp_cleanup_secret)))
