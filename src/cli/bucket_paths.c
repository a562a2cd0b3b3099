#include "cli/bucket_paths.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "base/xml_texts.h"

/* "/bucket/key" into its parts, owned by the caller; the key may be "". */
static int split(const char *path, char **out_bucket, char **out_key, struct sp_error *err)
{
	const char *bucket = path[0] == '/' ? path + 1 : path;
	size_t length = strcspn(bucket, "/");
	if (path[0] != '/' || length == 0)
		return sp_fail(err, SP_INVALID,
			       "cannot use \"%.200s\": what is in a bucket is written /BUCKET/KEY",
			       path);
	*out_bucket = sp_strdup(bucket);
	(*out_bucket)[length] = '\0';
	*out_key = sp_strdup(bucket[length] == '/' ? bucket + length + 1 : "");
	return 0;
}

/* ---- pages of a listing ------------------------------------------------------------------------------------------ */

/* A piece of a page: what it is called and, of an object, how large. False ends the listing. */
typedef int entry_fn(void *ctx, const char *key, bool is_folder, struct xml_piece piece,
		     struct sp_error *err);

static int take_entries(struct xml_piece page, const char *element, const char *name,
			bool is_folder, entry_fn *take, void *ctx, struct sp_error *err)
{
	struct xml_piece piece;
	while (xml_next(&page, element, &piece)) {
		SP_AUTO_FREE char *key = xml_text(piece, name);
		if (key != NULL && take(ctx, key, is_folder, piece, err) != 0)
			return -1;
	}
	return 0;
}

static int list(struct ask *ask, const char *bucket, const char *prefix, bool is_level,
		entry_fn *take, void *ctx, struct sp_error *err)
{
	SP_AUTO_FREE char *token = NULL;
	do {
		SP_AUTO_BUFFER target = { 0 };
		SP_AUTO_BUFFER page = { 0 };
		sp_buffer_add_char(&target, '/');
		ask_add_encoded(&target, bucket);
		ask_add_parameter(&target, "list-type", "2");
		ask_add_parameter(&target, "prefix", prefix);
		ask_add_parameter(&target, "delimiter", is_level ? "/" : NULL);
		ask_add_parameter(&target, "continuation-token", token);
		if (ask_s3(ask, "GET", sp_buffer_text(&target), &page, err) != 0)
			return -1;
		struct xml_piece whole = { sp_buffer_text(&page), page.length };
		if (take_entries(whole, "CommonPrefixes", "Prefix", true, take, ctx, err) != 0 ||
		    take_entries(whole, "Contents", "Key", false, take, ctx, err) != 0)
			return -1;
		free(token);
		token = xml_text(whole, "NextContinuationToken");
	} while (token != NULL);
	return 0;
}

/* "/bucket/key" as the API takes it. */
static char *path_of(const char *bucket, const char *key)
{
	SP_AUTO_FREE char *escaped = sp_name_escape(key);
	return sp_format("/%s/%s", bucket, escaped);
}

static int64_t size_of(struct xml_piece piece)
{
	uint64_t size;
	SP_AUTO_FREE char *text = xml_text(piece, "Size");
	return text != NULL && sp_text_to_u64(text, 0, INT64_MAX, &size) ? (int64_t)size : -1;
}

struct finding {
	struct path_list *out;
	const char *bucket;
	const char *pattern; /* of keys */
	bool is_recursive;
};

static int add(struct finding *finding, const char *key, const char *folder, struct xml_piece piece,
	       struct sp_error *err)
{
	SP_AUTO_FREE char *path = path_of(finding->bucket, key);
	if (path_list_add(finding->out, path, folder, size_of(piece), err) != 0)
		return -1;
	finding->out->entries[finding->out->count - 1].time = xml_text(piece, "LastModified");
	return 0;
}

/* ---- one level --------------------------------------------------------------------------------------------------- */

static int take_level(void *ctx, const char *key, bool is_folder, struct xml_piece piece,
		      struct sp_error *err)
{
	struct finding *finding = ctx;
	SP_AUTO_FREE char *name = sp_strdup(key);
	if (is_folder)
		name[strlen(name) - 1] = '\0';
	if (add(finding, name, "", piece, err) != 0)
		return -1;
	finding->out->entries[finding->out->count - 1].is_folder = is_folder;
	return 0;
}

int bucket_paths_level(struct ask *ask, const char *path, struct path_list *out,
		       struct sp_error *err)
{
	SP_AUTO_FREE char *bucket = NULL, *key = NULL;
	if (split(path, &bucket, &key, err) != 0)
		return -1;
	SP_AUTO_BUFFER prefix = { 0 };
	size_t length = strlen(key);
	sp_buffer_format(&prefix, "%s%s", key, length > 0 && key[length - 1] != '/' ? "/" : "");
	struct finding finding = { .out = out, .bucket = bucket };
	if (list(ask, bucket, sp_buffer_text(&prefix), true, take_level, &finding, err) != 0)
		return -1;
	return out->count > 0 || length == 0
		       ? 0
		       : sp_fail(err, SP_NOT_FOUND, "there is nothing in \"%.200s\"", path);
}

int bucket_paths_buckets(struct ask *ask, struct path_list *out, struct sp_error *err)
{
	SP_AUTO_BUFFER page = { 0 };
	if (ask_s3(ask, "GET", "/", &page, err) != 0)
		return -1;
	struct xml_piece rest = { sp_buffer_text(&page), page.length }, piece;
	while (xml_next(&rest, "Bucket", &piece)) {
		SP_AUTO_FREE char *name = xml_text(piece, "Name");
		SP_AUTO_BUFFER path = { 0 };
		sp_buffer_format(&path, "/%s", name == NULL ? "" : name);
		if (path_list_add(out, sp_buffer_text(&path), "", -1, err) != 0)
			return -1;
		out->entries[out->count - 1].is_folder = true;
	}
	return 0;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

enum { MATCHING = FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE };

/* The key itself, or a folder that it is in: then what is between that folder and its name is kept. */
static int take_match(void *ctx, const char *key, bool is_folder, struct xml_piece piece,
		      struct sp_error *err)
{
	struct finding *finding = ctx;
	SP_AUTO_FREE char *text = sp_name_escape(key);
	if (is_folder)
		return 0;
	if (fnmatch(finding->pattern, text, MATCHING) == 0)
		return add(finding, key, "", piece, err);
	for (char *slash = strchr(text, '/'); finding->is_recursive && slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool matches = finding->pattern[0] == '\0' ||
			       fnmatch(finding->pattern, text, MATCHING) == 0;
		*slash = '/';
		if (!matches)
			continue;
		char *folder = finding->pattern[0] == '\0' ? text : slash + 1;
		*(folder == path_base(folder) ? folder : strrchr(folder, '/')) = '\0';
		return add(finding, key, folder, piece, err);
	}
	return finding->is_recursive && finding->pattern[0] == '\0'
		       ? add(finding, key, "", piece, err)
		       : 0;
}

int bucket_paths_expand(struct ask *ask, const char *word, bool is_recursive, struct path_list *out,
			struct sp_error *err)
{
	SP_AUTO_FREE char *bucket = NULL, *pattern = NULL;
	if (split(word, &bucket, &pattern, err) != 0)
		return -1;
	if (path_is_pattern(bucket))
		return sp_fail(
			err, SP_INVALID,
			"cannot use \"%.200s\": a pattern is for keys, and the bucket is named "
			"as it is",
			word);
	if (!is_recursive && !path_is_pattern(pattern))
		return path_list_add(out, word, "", -1, err);
	size_t length = strlen(pattern), before = out->count;
	if (length > 0 && pattern[length - 1] == '/')
		pattern[length - 1] = '\0';
	SP_AUTO_FREE char *text = sp_strndup(pattern, strcspn(pattern, "*?["));
	SP_AUTO_FREE char *prefix = NULL;
	if (sp_name_unescape(text, &prefix, err) != 0)
		return -1;
	bool is_level = !is_recursive && strchr(pattern + strlen(text), '/') == NULL;
	struct finding finding = { out, bucket, pattern, is_recursive };
	if (list(ask, bucket, prefix, is_level, take_match, &finding, err) != 0)
		return -1;
	return out->count > before ? 0
				   : sp_fail(err, SP_NOT_FOUND, "nothing matches \"%.200s\"", word);
}

void bucket_paths_remove(struct ask *ask, const char *bucket, const char *key)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_BUFFER answer = { 0 };
	SP_AUTO_FREE char *copy = sp_strdup(key);
	sp_buffer_format(&target, "/%s", bucket);
	for (char *rest = copy, *part; (part = strsep(&rest, "/")) != NULL;) {
		sp_buffer_add_char(&target, '/');
		ask_add_encoded(&target, part);
	}
	ask_s3(ask, "DELETE", sp_buffer_text(&target), &answer, NULL);
}
