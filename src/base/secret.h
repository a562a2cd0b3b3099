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

/** In front of a C string that must not outlive its scope: SP_AUTO_SECRET char *password = …; */
#define SP_AUTO_SECRET __attribute__((cleanup(sp_cleanup_secret)))
