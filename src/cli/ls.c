/* sallyport ls: buckets, what is in one, or what is in a partner's folder. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "cli/amount.h"
#include "cli/bucket_paths.h"
#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/remote_paths.h"

static void print_json(const struct path_list *list, bool is_truncated)
{
	json_t *entries = json_array();
	for (size_t i = 0; i < list->count; i++) {
		const struct path_entry *entry = &list->entries[i];
		json_t *one =
			json_pack("{s:s, s:b}", "Path", entry->path, "IsFolder", entry->is_folder);
		if (entry->size >= 0)
			json_object_set_new(one, "Size", json_integer(entry->size));
		sp_json_set_text(one, "Modified", entry->time);
		json_array_append_new(entries, one);
	}
	output_json(json_pack("{s:o, s:b}", "Entries", entries, "Truncated", is_truncated));
}

static void print_text(const struct path_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct path_entry *entry = &list->entries[i];
		char size[AMOUNT_SIZE] = "-";
		if (entry->size >= 0)
			snprintf(size, sizeof(size), "%lld", (long long)entry->size);
		printf("%14s  %-24s  %s%s\n", size, entry->time == NULL ? "-" : entry->time,
		       entry->path, entry->is_folder ? "/" : "");
	}
}

static int compare_paths(const void *a, const void *b)
{
	const struct path_entry *one = a, *other = b;
	return strcmp(one->path, other->path);
}

static void print(const struct run *run, const struct path_list *list, bool is_truncated)
{
	if (run_has(run, OPTION_JSON)) {
		print_json(list, is_truncated);
		return;
	}
	print_text(list);
	if (is_truncated)
		output_note("there is more: a listing can have %zu entries", list->count);
}

static int list_remote(struct ask *ask, const struct run *run, struct path_list *out,
		       bool *out_truncated, struct sp_error *err)
{
	char connector_id[CONNECTOR_ID_ROOM];
	SP_AUTO_FREE char *via = NULL;
	const char *folder = run_word(run, 1);
	if (names_find_connector(ask, run_word(run, 0), connector_id, err) != 0 ||
	    remote_paths_find_via(ask, run, NULL, &via, err) != 0)
		return -1;
	const struct remote_paths remote = { ask, connector_id, via };
	return remote_paths_level(&remote, folder == NULL ? "" : folder, out, out_truncated, err);
}

static int list_any(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PATHS list = { 0 };
	bool is_truncated = false;
	const char *what = run_word(run, 0);
	int result;
	if (what == NULL)
		result = bucket_paths_buckets(ask, &list, err);
	else if (what[0] != '/')
		result = list_remote(ask, run, &list, &is_truncated, err);
	else if (run->word_count == 1)
		result = bucket_paths_level(ask, what, &list, err);
	else
		result = sp_fail(err, SP_INVALID,
				 "a bucket's folder is listed by itself: sallyport ls \"%.100s\"",
				 what);
	if (result != 0)
		return -1;
	if (list.count > 0)
		qsort(list.entries, list.count, sizeof(*list.entries), compare_paths);
	print(run, &list, is_truncated);
	return 0;
}

int list_paths(struct run *run, struct sp_error *err)
{
	return ask_within(run, list_any, err);
}
