#include "cli/remote_paths.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "base/text.h"
#include "cli/bucket_paths.h"
#include "cli/interrupt.h"

enum {
	ITEMS_MAX = 200000, /* of a listing; the service's own limit */
	DEPTH_MAX = 64,
	FIRST_LOOK_MS = 20,
	LOOK_MAX_MS = 1000,
};

int remote_paths_find_via(struct ask *ask, const struct run *run, const char *given, char **out,
			  struct sp_error *err)
{
	const char *option = run_option(run, OPTION_VIA), *variable = getenv("SALLYPORT_LISTINGS");
	if (option == NULL && given == NULL && variable != NULL && variable[0] != '\0')
		given = variable;
	if (option != NULL || given != NULL) {
		*out = sp_strdup(option != NULL ? option : given);
		return 0;
	}
	AUTO_PATHS buckets = { 0 };
	if (bucket_paths_buckets(ask, &buckets, err) != 0)
		return -1;
	if (buckets.count != 1)
		return sp_fail(
			err, SP_INVALID,
			"a partner's folder is listed into a bucket, and there are %zu of them: "
			"say with --via /BUCKET where a listing may lie for a moment",
			buckets.count);
	*out = sp_strdup(buckets.entries[0].path);
	return 0;
}

/* ---- one listing ------------------------------------------------------------------------------------------------- */

static int begin(const struct remote_paths *paths, const char *folder, json_t **out,
		 struct sp_error *err)
{
	json_t *input = json_pack("{s:s, s:s, s:s, s:i}", "ConnectorId", paths->connector_id,
				  "RemoteDirectoryPath", folder[0] == '\0' ? "." : folder,
				  "OutputDirectoryPath", paths->via, "MaxItems", ITEMS_MAX);
	return ask_json(paths->ask, ASK_TRANSFER, "StartDirectoryListing", input, out, err);
}

static int get_page(const struct remote_paths *paths, const char *id, const char *token,
		    json_t **out, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	sp_buffer_add_text(&target, "/v1/listings/");
	ask_add_encoded(&target, id);
	ask_add_parameter(&target, "MaxResults", "1000");
	ask_add_parameter(&target, "NextToken", token);
	return ask_native(paths->ask, "GET", sp_buffer_text(&target), out, err);
}

/* SP_UNSUPPORTED: it is no folder, or may not be read. */
static enum sp_code code_of(const char *failure_code)
{
	if (sp_text_equal(failure_code, "DIRECTORY_NOT_FOUND"))
		return SP_NOT_FOUND;
	return sp_text_equal(failure_code, "LIST_DIRECTORY_ERROR") ? SP_UNSUPPORTED : SP_CONFLICT;
}

/* Looks again and again, ever more slowly, until it has ended. */
static int wait_for_page(const struct remote_paths *paths, const char *id, json_t **out,
			 struct sp_error *err)
{
	for (long wait_ms = FIRST_LOOK_MS;;) {
		if (get_page(paths, id, NULL, out, err) != 0)
			return -1;
		const char *state = sp_json_string(*out, "StatusCode");
		const char *failure = sp_json_string(*out, "FailureMessage");
		if (state != NULL && strcmp(state, "COMPLETED") == 0)
			return 0;
		if (state != NULL && strcmp(state, "FAILED") == 0) {
			const char *code = sp_json_string(*out, "FailureCode");
			return sp_fail(err, code_of(code), "%s",
				       failure == NULL ? "the listing has failed" : failure);
		}
		if (interrupt_came())
			return sp_fail(err, SP_CANCELLED,
				       "it was interrupted before anything was asked for");
		const struct timespec time = { .tv_sec = wait_ms / 1000,
					       .tv_nsec = wait_ms % 1000 * 1000000 };
		nanosleep(&time, NULL);
		wait_ms = 2 * wait_ms < LOOK_MAX_MS ? 2 * wait_ms : LOOK_MAX_MS;
		json_decref(*out);
		*out = NULL;
	}
}

static int take_page(const json_t *page, struct path_list *out, struct sp_error *err)
{
	size_t i;
	json_t *entry;
	json_array_foreach (json_object_get(page, "Files"), i, entry) {
		const char *path = sp_json_string(entry, "filePath");
		if (path_list_add(out, path == NULL ? "" : path, "",
				  sp_json_integer(entry, "size", -1), err) != 0)
			return -1;
		out->entries[out->count - 1].time =
			sp_strdup(sp_json_string(entry, "modifiedTimestamp"));
	}
	json_array_foreach (json_object_get(page, "Paths"), i, entry) {
		const char *path = sp_json_string(entry, "path");
		if (path_list_add(out, path == NULL ? "" : path, "", -1, err) != 0)
			return -1;
		out->entries[out->count - 1].is_folder = true;
	}
	return 0;
}

static int take_pages(const struct remote_paths *paths, const char *id, json_t **page,
		      struct path_list *out, struct sp_error *err)
{
	for (;;) {
		const char *unreadable = sp_json_string(*page, "Unreadable");
		if (unreadable != NULL)
			return sp_fail(err, SP_CONFLICT, "%s", unreadable);
		if (take_page(*page, out, err) != 0)
			return -1;
		SP_AUTO_FREE char *token = sp_strdup(sp_json_string(*page, "NextToken"));
		if (token == NULL)
			return 0;
		json_decref(*page);
		*page = NULL;
		if (get_page(paths, id, token, page, err) != 0)
			return -1;
	}
}

int remote_paths_level(const struct remote_paths *paths, const char *folder, struct path_list *out,
		       bool *out_truncated, struct sp_error *err)
{
	SP_AUTO_JSON json_t *begun = NULL;
	SP_AUTO_JSON json_t *page = NULL;
	if (begin(paths, folder, &begun, err) != 0)
		return -1;
	const char *id = sp_json_string(begun, "ListingId");
	if (id == NULL || wait_for_page(paths, id, &page, err) != 0)
		return -1;
	*out_truncated = json_is_true(json_object_get(page, "Truncated"));
	SP_AUTO_FREE char *bucket = sp_strdup(sp_json_string(page, "Bucket"));
	SP_AUTO_FREE char *key = sp_strdup(sp_json_string(page, "Key"));
	int result = take_pages(paths, id, &page, out, err);
	if (bucket != NULL && key != NULL)
		bucket_paths_remove(paths->ask, bucket, key);
	return result;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

struct expanding {
	const struct remote_paths *paths;
	enum remote_expansion expansion;
	struct path_list *out;
};

static int read_level(const struct expanding *expanding, const char *folder, struct path_list *out,
		      struct sp_error *err)
{
	bool is_truncated = false;
	if (remote_paths_level(expanding->paths, folder, out, &is_truncated, err) != 0)
		return -1;
	return is_truncated
		       ? sp_fail(err, SP_LIMIT,
				 "\"%.200s\" has more than %d entries: no listing can have them "
				 "all",
				 folder, ITEMS_MAX)
		       : 0;
}

static int add_folder(const struct expanding *expanding, const char *path, const char *below,
		      struct sp_error *err)
{
	if (expanding->expansion != REMOTE_TREES)
		return 0;
	if (path_list_add(expanding->out, path, below, -1, err) != 0)
		return -1;
	expanding->out->entries[expanding->out->count - 1].is_folder = true;
	return 0;
}

/* All that is in @path, with the folders between. */
static int add_tree(const struct expanding *expanding, const char *path, const char *below,
		    int depth, struct sp_error *err)
{
	AUTO_PATHS level = { 0 };
	if (depth > DEPTH_MAX)
		return sp_fail(err, SP_LIMIT, "\"%.200s\" lies more than %d folders deep", path,
			       DEPTH_MAX);
	if (add_folder(expanding, path, below, err) != 0 ||
	    read_level(expanding, path, &level, err) != 0)
		return -1;
	for (size_t i = 0; i < level.count; i++) {
		const struct path_entry *entry = &level.entries[i];
		SP_AUTO_FREE char *deeper = path_join(below, path_base(entry->path));
		int result = entry->is_folder
				     ? add_tree(expanding, entry->path, deeper, depth + 1, err)
				     : path_list_add(expanding->out, entry->path, below,
						     entry->size, err);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int expand(const struct expanding *expanding, const char *folder, const char *rest,
		  int depth, struct sp_error *err);

/* An entry that the pattern's part matches, and what is left of the pattern. */
static int take_match(const struct expanding *expanding, const struct path_entry *entry,
		      const char *rest, int depth, struct sp_error *err)
{
	if (rest != NULL)
		return entry->is_folder ? expand(expanding, entry->path, rest, depth + 1, err) : 0;
	if (!entry->is_folder)
		return path_list_add(expanding->out, entry->path, "", entry->size, err);
	return expanding->expansion == REMOTE_FILES ? 0
						    : add_tree(expanding, entry->path, "", 0, err);
}

/* A name as it is. Whether it is a folder's is only known by looking into it; what cannot be listed is taken for a file, of
 * which whoever moves or deletes it tells the truth. */
static int take_name(const struct expanding *expanding, const char *path, const char *rest,
		     int depth, struct sp_error *err)
{
	struct sp_error reason = { 0 };
	size_t before = expanding->out->count;
	if (rest != NULL)
		return expand(expanding, path, rest, depth + 1, err);
	if (expanding->expansion == REMOTE_FILES)
		return path_list_add(expanding->out, path, "", -1, err);
	if (add_tree(expanding, path, "", 0, &reason) == 0)
		return 0;
	bool is_itself = expanding->out->count <= before + 1; /* and nothing in it */
	if (reason.code != SP_UNSUPPORTED || !is_itself)
		return sp_fail(err, reason.code, "%s", reason.message);
	if (expanding->out->count == before)
		return path_list_add(expanding->out, path, "", -1, err);
	expanding->out->entries[before].is_folder = false;
	return 0;
}

static int expand(const struct expanding *expanding, const char *folder, const char *rest,
		  int depth, struct sp_error *err)
{
	SP_AUTO_FREE char *part = sp_strndup(rest, strcspn(rest, "/"));
	const char *behind = rest[strlen(part)] == '/' ? rest + strlen(part) + 1 : NULL;
	if (behind != NULL && behind[0] == '\0')
		behind = NULL;
	if (!path_is_pattern(part)) {
		SP_AUTO_FREE char *path = path_join(folder, part);
		return take_name(expanding, path, behind, depth, err);
	}
	AUTO_PATHS level = { 0 };
	if (read_level(expanding, folder, &level, err) != 0)
		return -1;
	for (size_t i = 0; i < level.count; i++)
		if (fnmatch(part, path_base(level.entries[i].path), FNM_PERIOD | FNM_NOESCAPE) ==
			    0 &&
		    take_match(expanding, &level.entries[i], behind, depth, err) != 0)
			return -1;
	return 0;
}

int remote_paths_expand(const struct remote_paths *paths, const char *word,
			enum remote_expansion expansion, struct path_list *out,
			struct sp_error *err)
{
	const struct expanding expanding = { paths, expansion, out };
	size_t before = out->count;
	bool is_absolute = word[0] == '/';
	if (expand(&expanding, is_absolute ? "/" : "", word + is_absolute, 0, err) != 0)
		return -1;
	return out->count > before ? 0
				   : sp_fail(err, SP_NOT_FOUND, "nothing matches \"%.200s\"", word);
}
