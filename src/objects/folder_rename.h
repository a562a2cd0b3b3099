#pragma once
/** Within objects/: the ways in which a temporary gets an object's name. Each returns 0, or -1 and errno. */

#include <stdbool.h>
#include <sys/stat.h>

/** A name in a folder: both borrowed. */
struct place_name {
	int folder_fd;
	const char *name;
};

/** Over whatever file has the name. */
int rename_over(struct place_name from, struct place_name to);

/** EEXIST: something has the name already, and keeps it. */
int rename_new(struct place_name from, struct place_name to);

/**
 * In the place of what was @seen under the name, which is gone then. EAGAIN: something else has the name by now, or nothing
 * has, and keeps it. On a file system where two names cannot be exchanged it is as rename_over().
 */
int rename_for(struct place_name from, struct place_name to, const struct stat *seen);
