#pragma once
/**
 * Scopes clean up: SP_AUTO_… variables are released when they go out of scope, so every error path is a plain return.
 * sp_take_…() hands the thing on and leaves nothing to release.
 */

#include <stdlib.h>
#include <unistd.h>

static inline void sp_cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void sp_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

/** A descriptor, -1 when there is none. */
#define SP_AUTO_FD __attribute__((cleanup(sp_cleanup_fd))) int

/** In front of a pointer that malloc() and its family gave: SP_AUTO_FREE char *text = …; */
#define SP_AUTO_FREE __attribute__((cleanup(sp_cleanup_free)))

static inline int sp_take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/** The pointer itself; what held it is NULL from now on. */
#define sp_take_pointer(pointer)                                                                   \
	__extension__({                                                                            \
		__auto_type taken_ = *(pointer);                                                   \
		*(pointer) = NULL;                                                                 \
		taken_;                                                                            \
	})

/** Closes what is open and notes that it is closed. */
static inline void sp_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/** Memory or an end of the program: for small things whose failure nobody could handle better. Never NULL. */
void *sp_alloc(size_t size); /* zeroed */
void *sp_realloc(void *old, size_t size);
char *sp_strdup(const char *text); /* NULL stays NULL */
/* The first @length bytes, or up to the NUL. */
char *sp_strndup(const char *text, size_t length) __attribute__((returns_nonnull));
