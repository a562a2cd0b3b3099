#include "cli/path_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"

int path_list_add(struct path_list *list, const char *path, const char *folder, int64_t size,
		  struct sp_error *err)
{
	if (list->count == PATHS_MAX)
		return sp_fail(err, SP_LIMIT, "cannot take more than %d paths at once", PATHS_MAX);
	if (list->count == list->room) {
		list->room = list->room == 0 ? 64 : 2 * list->room;
		list->entries = sp_realloc(list->entries, list->room * sizeof(*list->entries));
	}
	list->entries[list->count++] = (struct path_entry){ .path = sp_strdup(path),
							    .folder = sp_strdup(folder),
							    .size = size };
	return 0;
}

void path_list_finish(struct path_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].folder);
		free(list->entries[i].time);
	}
	free(list->entries);
	*list = (struct path_list){ 0 };
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

bool path_is_pattern(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

char *path_join(const char *folder, const char *name)
{
	struct sp_buffer out = { 0 };
	size_t length = strlen(folder);
	bool needs_slash = length > 0 && name[0] != '\0' && folder[length - 1] != '/';
	sp_buffer_format(&out, "%s%s%s", folder, needs_slash ? "/" : "", name);
	return sp_buffer_take(&out);
}

static int compare(const void *a, const void *b)
{
	const struct path_entry *one = a, *other = b;
	int order = strcmp(one->folder, other->folder);
	if (order == 0)
		order = strcmp(path_base(one->path), path_base(other->path));
	return order;
}

int path_list_sort(struct path_list *list, struct sp_error *err)
{
	if (list->count > 0)
		qsort(list->entries, list->count, sizeof(*list->entries), compare);
	for (size_t i = 1; i < list->count; i++)
		if (compare(&list->entries[i - 1], &list->entries[i]) == 0)
			return sp_fail(
				err, SP_INVALID,
				"\"%.150s\" and \"%.150s\" would get the same name: give them "
				"one by one, each with its own folder",
				list->entries[i - 1].path, list->entries[i].path);
	return 0;
}

bool path_list_bytes(const struct path_list *list, int64_t *out)
{
	*out = 0;
	bool all = true;
	for (size_t i = 0; i < list->count; i++) {
		all = all && list->entries[i].size >= 0;
		*out += list->entries[i].size < 0 ? 0 : list->entries[i].size;
	}
	return all;
}
