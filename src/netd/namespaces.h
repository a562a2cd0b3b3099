#pragma once
/**
 * Network namespaces with names: pinned in /run/netns as `ip netns` does, so that an administrator sees them with it and
 * they live as long as they are named. A crash leaves at most a file without a namespace behind it, which is recognised.
 *
 * The process has one thread: it enters a namespace for a moment and comes back.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define NAMESPACES_FOLDER "/run/netns"

struct namespaces {
	int home_fd; /* where this process belongs */
};

/** Makes the folder what `ip netns` wants it to be: a shared mount of its own. */
int namespaces_open(struct namespaces *out, struct sp_error *err);
void namespaces_close(struct namespaces *namespaces);

/** One that is there, or a new one. @out_fd: owned by the caller */
int namespace_make(const struct namespaces *namespaces, const char *name, int *out_fd,
		   struct sp_error *err);

/** SP_NOT_FOUND when it is not there, or only half. @out_fd: owned by the caller */
int namespace_open(const char *name, int *out_fd, struct sp_error *err);

/** It lives on while a process or a socket is inside, nameless. Not being there is fine. */
int namespace_remove(const char *name, struct sp_error *err);

/** Those whose names begin with @prefix, also half-made ones. @out: an array of owned texts, owned by the caller. */
int namespaces_list(const char *prefix, char ***out, size_t *out_count, struct sp_error *err);
void namespaces_list_free(char **names, size_t count);

int namespace_enter(int fd, struct sp_error *err);
/** Back home. Never fails: a process in the wrong namespace must not go on, and dies. */
void namespace_leave(const struct namespaces *namespaces);
