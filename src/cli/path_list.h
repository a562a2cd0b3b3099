#pragma once
/** Paths that a command is about: typed, or found by a pattern or in a folder. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { PATHS_MAX = 1000000 };

struct path_entry {
	char *path;   /* as the API takes it; owned, as all below */
	char *folder; /* below the folder that all goes to: "" or "a/b" */
	char *time;   /* as the API has it; NULL: not known */
	int64_t size; /* bytes; -1: not known */
	bool is_folder;
};

struct path_list {
	struct path_entry *entries;
	size_t count, room;
};

/** All of it is copied. SP_LIMIT at PATHS_MAX. @size as above. */
int path_list_add(struct path_list *list, const char *path, const char *folder, int64_t size,
		  struct sp_error *err);
void path_list_finish(struct path_list *list);

#define AUTO_PATHS __attribute__((cleanup(path_list_finish))) struct path_list

/** What stands behind the last slash. */
const char *path_base(const char *path);

/** Whether a shell would take it for a pattern. */
bool path_is_pattern(const char *path);

/** "a/b" and "c" make "a/b/c"; an empty one is left out. Owned by the caller. */
char *path_join(const char *folder, const char *name);

/** By folder, then by name, so that what goes to one folder stands together. SP_INVALID when two would get one name. */
int path_list_sort(struct path_list *list, struct sp_error *err);

/** Bytes of all files. False when one at least is not known. */
bool path_list_bytes(const struct path_list *list, int64_t *out);
