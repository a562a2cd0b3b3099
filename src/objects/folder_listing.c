#include "objects/folder_listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/folder.h"
#include "objects/folder_staging.h"

/* One page in the making. */
struct walk {
	const struct listing_query *query;
	const char *bucket;
	struct object_listing *out;
	struct sp_error *err;
};

/* Names of one folder: never more than these are kept at a time, however many it has. A folder's name ends with a slash,
 * so that the order of names is that of the keys beneath them. */
enum { NAMES_KEPT = LISTING_PAGE_MAX + 1, NAMES_ROOM = 2 * NAMES_KEPT };

struct names {
	char **list; /* owned, as its texts */
	size_t count;
	bool cut; /* there were more, all of them after these */
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_finish(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

/* The smallest stay. */
static void cut_names(struct names *names)
{
	qsort(names->list, names->count, sizeof(*names->list), compare_names);
	for (; names->count > NAMES_KEPT; names->cut = true)
		free(names->list[--names->count]);
}

static void add_name(struct names *names, const char *name)
{
	if (names->count == NAMES_ROOM)
		cut_names(names);
	names->list[names->count++] = sp_strdup(name);
}

/*
 * Whoever mirrors a bucket removes what is not listed. So what cannot be read is a failure, unless it is gone: a page is
 * whole, or there is none.
 */
static int fail_unread(const struct walk *walk, const char *path, const char *name)
{
	int number = errno;
	SP_AUTO_FREE char *key = sp_format("%s%s", path, name);
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	errno = number;
	return sp_fail_errno(walk->err, "could not list bucket \"%s\": \"%s\" cannot be read",
			     walk->bucket, shown);
}

/* -1 and errno when nobody can say. */
static int type_of(int folder_fd, const struct dirent *entry)
{
	struct stat status;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return objects_says_gone(errno) ? DT_UNKNOWN : -1;
	return S_ISREG(status.st_mode) ? DT_REG : S_ISDIR(status.st_mode) ? DT_DIR : DT_UNKNOWN;
}

static bool is_no_part(const char *name, bool at_top)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       (at_top && strcmp(name, OBJECTS_STAGING_FOLDER) == 0);
}

/* A file system has this folder at its top, which only root may read. */
static bool is_of_file_system(const char *path)
{
	return strcmp(path, "lost+found/") == 0;
}

/*
 * What a page begins behind, as far as one folder has a part in it: names up to @after are behind, but for the folder
 * that the key lies in, which is @within ("" when there is none).
 */
struct threshold {
	bool is_all; /* everything in it is behind */
	const char *after;
	char within[NAME_MAX + 2];
};

static struct threshold threshold_of(const struct listing_query *query, const char *path)
{
	size_t length = strlen(path);
	struct threshold threshold = { .after = "" };
	if (!sp_text_starts_with(query->after, path)) {
		threshold.is_all = strcmp(path, query->after) < 0;
		return threshold;
	}
	threshold.after = query->after + length;
	size_t first = strcspn(threshold.after, "/");
	bool lies_deeper = threshold.after[first] == '/' &&
			   (!query->grouped || threshold.after[first + 1] != '\0');
	if (lies_deeper && first < NAME_MAX)
		snprintf(threshold.within, sizeof(threshold.within), "%.*s/", (int)first,
			 threshold.after);
	return threshold;
}

static bool is_wanted(const char *name, const struct threshold *threshold)
{
	return strcmp(name, threshold->after) > 0 ||
	       (threshold->within[0] != '\0' && strcmp(name, threshold->within) == 0);
}

static DIR *open_folder(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	if (folder == NULL)
		sp_close_fd(&fd);
	return folder;
}

/* Whether so many smaller ones are kept already that this one is not of this round. */
static bool is_beyond(const struct names *names, const char *name)
{
	return names->cut && strcmp(name, names->list[NAMES_KEPT - 1]) > 0;
}

/* The smallest names of the folder that begin with @start and come after @cursor. A page of a large folder reads all of
 * it: what costs time is done for few. */
static int read_names(DIR *folder, const struct walk *walk, const char *path, const char *start,
		      const char *cursor, struct names *names)
{
	const struct threshold threshold = threshold_of(walk->query, path);
	size_t path_length = strlen(path);
	char name[NAME_MAX + 2];
	struct dirent *entry;
	int found = 0;
	names->list = sp_alloc(NAMES_ROOM * sizeof(*names->list));
	rewinddir(folder);
	while (!threshold.is_all && (found = objects_next_entry(folder, &entry)) == 1) {
		if (!sp_text_starts_with(entry->d_name, start) ||
		    is_no_part(entry->d_name, *path == '\0'))
			continue;
		int type = type_of(dirfd(folder), entry);
		if (type == -1)
			return fail_unread(walk, path, entry->d_name);
		bool is_folder = type == DT_DIR;
		size_t length = strlen(entry->d_name);
		if ((type != DT_REG && !is_folder) || length > NAME_MAX)
			continue;
		memcpy(name, entry->d_name, length);
		name[length] = is_folder ? '/' : '\0';
		name[length + 1] = '\0';
		if (strcmp(name, cursor) > 0 && is_wanted(name, &threshold) &&
		    !is_beyond(names, name) && path_length + length < OBJECT_KEY_MAX &&
		    sp_utf8_valid(name, length))
			add_name(names, name);
	}
	if (found == -1)
		return fail_unread(walk, path, "");
	cut_names(names);
	return 0;
}

static bool is_full(const struct walk *walk)
{
	return walk->out->count == walk->query->max;
}

static struct listed_object *add_object(const struct walk *walk, const char *path, const char *name)
{
	struct object_listing *out = walk->out;
	struct listed_object *object = &out->objects[out->count++];
	size_t room = strlen(path) + strlen(name) + 1;
	object->key = sp_alloc(room);
	snprintf(object->key, room, "%s%s", path, name);
	return object;
}

/* One that is gone since the folder was read is not told. */
static int add_file(struct walk *walk, int folder_fd, const char *path, const char *name)
{
	struct stat status;
	char etag[OBJECT_ETAG_SIZE];
	if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return objects_says_gone(errno) ? 0 : fail_unread(walk, path, name);
	if (!S_ISREG(status.st_mode))
		return 0;
	if (is_full(walk)) {
		walk->out->more = true;
		return 0;
	}
	object_notes_find_etag(folder_fd, name, &status, etag);
	struct listed_object *object = add_object(walk, path, name);
	object->size = (uint64_t)status.st_size;
	object->time_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	memcpy(object->etag, etag, sizeof(etag));
	return 0;
}

static void add_group(struct walk *walk, const char *path, const char *name)
{
	if (is_full(walk))
		walk->out->more = true;
	else
		add_object(walk, path, name)->is_group = true;
}

static int walk_folder(struct walk *walk, DIR *folder, const char *path, const char *start,
		       int depth);

static int walk_beneath(struct walk *walk, DIR *above, const char *path, const char *name,
			int depth)
{
	char inner[OBJECT_KEY_MAX + 1];
	snprintf(inner, sizeof(inner), "%s%s", path, name);
	if (depth == LISTING_DEPTH_MAX) {
		SP_AUTO_FREE char *shown = sp_name_shown(inner);
		return sp_fail(walk->err, SP_UNSUPPORTED,
			       "cannot list bucket \"%s\": \"%s\" is deeper than %d folders",
			       walk->bucket, shown, LISTING_DEPTH_MAX);
	}
	DIR *folder = open_folder(dirfd(above), name);
	if (folder == NULL)
		/* One that somebody is removing just now has nothing in it. */
		return objects_says_gone(errno) || (errno == EACCES && is_of_file_system(inner))
			       ? 0
			       : fail_unread(walk, path, name);
	int result = walk_folder(walk, folder, inner, "", depth + 1);
	closedir(folder);
	return result;
}

static int walk_names(struct walk *walk, DIR *folder, const char *path, const struct names *names,
		      int depth)
{
	int result = 0;
	for (size_t i = 0; i < names->count && !walk->out->more && result == 0; i++) {
		const char *name = names->list[i];
		if (!sp_text_ends_with(name, "/"))
			result = add_file(walk, dirfd(folder), path, name);
		else if (walk->query->grouped)
			add_group(walk, path, name);
		else
			result = walk_beneath(walk, folder, path, name, depth);
	}
	return result;
}

/* @path: the folder's, with a slash behind it unless it is the bucket. @start: what names in it begin with. */
static int walk_folder(struct walk *walk, DIR *folder, const char *path, const char *start,
		       int depth)
{
	SP_AUTO_FREE char *cursor = sp_strdup("");
	for (bool goes_on = true; goes_on;) {
		struct names names = { 0 };
		int result = read_names(folder, walk, path, start, cursor, &names);
		if (result == 0)
			result = walk_names(walk, folder, path, &names, depth);
		goes_on = names.cut && !walk->out->more && result == 0;
		if (goes_on) {
			free(cursor);
			cursor = sp_strdup(names.list[names.count - 1]);
		}
		names_finish(&names);
		if (result != 0)
			return -1;
	}
	return 0;
}

/* The prefix up to its last slash is a folder; without that folder there is nothing. */
static int walk_prefix(struct walk *walk, int bucket_fd)
{
	const char *prefix = walk->query->prefix;
	const char *slash = strrchr(prefix, '/');
	size_t length = slash == NULL ? 0 : (size_t)(slash - prefix) + 1;
	SP_AUTO_FREE char *path = sp_strdup(prefix);
	path[length] = '\0';

	SP_AUTO_FREE char *folder_key = sp_strdup(path);
	if (length > 0) {
		folder_key[length - 1] = '\0';
		if (folder_check_key(folder_key, NULL) != 0)
			return 0; /* no key begins like this */
	}
	SP_AUTO_FD fd = objects_open_beneath(bucket_fd, length == 0 ? "." : folder_key,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EXDEV))
		return 0;
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	if (folder == NULL)
		return sp_fail_errno(walk->err, "could not list bucket \"%s\"", walk->bucket);
	sp_take_fd(&fd); /* the folder's now */
	int result = walk_folder(walk, folder, path, prefix + length, 0);
	closedir(folder);
	return result;
}

int objects_list(struct objects *objects, const char *bucket, const struct listing_query *query,
		 struct object_listing *out, struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	struct walk walk = { .query = query, .bucket = bucket, .out = out, .err = err };
	*out = (struct object_listing){ 0 };
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	out->objects = sp_alloc((query->max + 1) * sizeof(*out->objects));
	if (query->max == 0 || walk_prefix(&walk, bucket_fd) == 0)
		return 0;
	object_listing_finish(out);
	return -1;
}

void object_listing_finish(struct object_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->objects[i].key);
	free(listing->objects);
	*listing = (struct object_listing){ 0 };
}
