#pragma once
/** A temporary folder for one test. */

#include <stdio.h>
#include <unistd.h>

#include "test.h"

struct folder {
	char path[64];
};

static inline void folder_make(struct folder *folder)
{
	strcpy(folder->path, "/tmp/sallyport-store-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
}

static inline void folder_remove(struct folder *folder)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder->path);
	assert_int_equal(system(command), 0);
}

/** "<folder>/<name>" in a static place that the next call overwrites. */
static inline const char *folder_file(const struct folder *folder, const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	return path;
}
