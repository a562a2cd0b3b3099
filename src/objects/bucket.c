#include "objects/bucket.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"
#include "model/bucket_name.h"

enum {
	BENEATH_TRIES = 64,       /* a rename beside us makes the kernel give up on a path */
	SENTENCE_NAMES_MAX = 10,  /* buckets that a sentence lists … */
	SENTENCE_BYTES_MAX = 300, /* … and the bytes they may take */
};

struct named_bucket {
	char *name, *path;
	struct s3_place *place; /* NULL: a folder. Owned */
};

struct objects {
	char *directory;
	struct named_bucket *named;
	size_t named_count;
	size_t storages;
	struct upload_book book;    /* without functions: there is none */
	struct folder_locks *locks; /* owned */
};

static const struct named_bucket *find_named(const struct objects *objects, const char *name)
{
	for (size_t i = 0; i < objects->named_count; i++)
		if (strcmp(objects->named[i].name, name) == 0)
			return &objects->named[i];
	return NULL;
}

static int check_folder(const struct bucket_option *option, struct sp_error *err)
{
	if (option->path[0] != '/')
		return sp_fail(err, SP_INVALID,
			       "cannot use bucket.%s = %s: needed is a folder's path, which begins "
			       "with \"/\", or s3://bucket",
			       option->name, option->path);
	SP_AUTO_FD fd = open(option->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return sp_fail_errno(err, "could not open the folder of bucket.%s = %s",
				     option->name, option->path);
	return 0;
}

/* Buckets at one host and port are at one storage. */
static size_t number_storage(struct objects *objects, const struct s3_place *place)
{
	size_t at = 0;
	for (const struct s3_place *other; (other = bucket_next_place(objects, &at)) != NULL;)
		if (strcmp(other->server, place->server) == 0)
			return other->storage;
	return objects->storages++;
}

size_t objects_storages(const struct objects *objects)
{
	return objects->storages;
}

bool objects_storage_of(const struct objects *objects, const char *bucket, size_t *out)
{
	const struct s3_place *place = bucket_place(objects, bucket);
	if (place != NULL)
		*out = place->storage;
	return place != NULL;
}

/* A worker's connections to an origin serve all buckets there. */
static int check_trust(const struct objects *objects, const struct s3_place *place,
		       struct sp_error *err)
{
	size_t at = 0;
	for (struct s3_place *other; (other = bucket_next_place(objects, &at)) != NULL;) {
		const char *ours = place->ca == NULL ? "" : place->ca;
		const char *theirs = other->ca == NULL ? "" : other->ca;
		if (strcmp(other->origin, place->origin) == 0 && strcmp(ours, theirs) != 0)
			return sp_fail(
				err, SP_INVALID,
				"cannot use bucket.%s.ca: bucket.%s is at %s as well, and has "
				"another one",
				place->name, other->name, place->origin);
	}
	return 0;
}

static int add_named(struct objects *objects, const struct bucket_option *option,
		     struct sp_error *err)
{
	if (!bucket_name_is_valid(option->name))
		return sp_fail(err, SP_INVALID, "cannot use bucket.%s: %s", option->name,
			       bucket_name_rule);
	if (find_named(objects, option->name) != NULL)
		return sp_fail(err, SP_EXISTS, "cannot use bucket.%s twice", option->name);
	struct s3_place *place = NULL;
	if (sp_text_starts_with(option->path, "s3://")) {
		if (s3_place_create(option, &place, err) != 0)
			return -1;
		if (check_trust(objects, place, err) != 0) {
			s3_place_destroy(place);
			return -1;
		}
		place->storage = number_storage(objects, place);
	} else if (check_folder(option, err) != 0) {
		return -1;
	}
	objects->named[objects->named_count++] = (struct named_bucket){
		.name = sp_strdup(option->name),
		.path = sp_strdup(option->path),
		.place = place,
	};
	return 0;
}
int objects_open(const char *directory, const struct bucket_option *named, size_t named_count,
		 struct objects **out, struct sp_error *err)
{
	if (named_count > BUCKETS_MAX)
		return sp_fail(err, SP_LIMIT, "cannot serve %zu buckets: at most %d", named_count,
			       BUCKETS_MAX);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return sp_fail(err, SP_SYSTEM, "could not prepare libcurl");
	if (mkdir(directory, 0755) == -1 && errno != EEXIST)
		return sp_fail_errno(err, "could not create the folder of buckets %s", directory);

	struct objects *objects = sp_alloc(sizeof(*objects));
	objects->directory = sp_strdup(directory);
	objects->locks = folder_locks_create();
	objects->named = sp_alloc((named_count + 1) * sizeof(*objects->named));
	for (size_t i = 0; i < named_count; i++) {
		if (add_named(objects, &named[i], err) != 0) {
			objects_close(objects);
			return -1;
		}
	}
	*out = objects;
	return 0;
}

void objects_close(struct objects *objects)
{
	if (objects == NULL)
		return;
	for (size_t i = 0; i < objects->named_count; i++) {
		free(objects->named[i].name);
		free(objects->named[i].path);
		s3_place_destroy(objects->named[i].place);
	}
	free(objects->named);
	free(objects->directory);
	folder_locks_destroy(objects->locks);
	free(objects);
}

void objects_set_book(struct objects *objects, const struct upload_book *book)
{
	objects->book = *book;
}

struct folder_locks *bucket_locks(const struct objects *objects)
{
	return objects->locks;
}

const struct upload_book *bucket_book(const struct objects *objects)
{
	return objects->book.add == NULL ? NULL : &objects->book;
}

struct s3_place *bucket_place(const struct objects *objects, const char *bucket)
{
	const struct named_bucket *named = find_named(objects, bucket);
	return named == NULL ? NULL : named->place;
}

struct s3_place *bucket_next_place(const struct objects *objects, size_t *at)
{
	while (*at < objects->named_count)
		if (objects->named[(*at)++].place != NULL)
			return objects->named[*at - 1].place;
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int objects_next_entry(DIR *folder, struct dirent **out)
{
	errno = 0;
	*out = readdir(folder);
	return *out != NULL ? 1 : errno == 0 ? 0 : -1;
}

bool objects_says_gone(int number)
{
	return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

/* 1: it is a bucket. -1 and errno: nobody can say. */
static int is_bucket(const struct objects *objects, DIR *folder, const char *name)
{
	struct stat status;
	if (!bucket_name_is_valid(name) || find_named(objects, name) != NULL)
		return 0;
	if (fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return objects_says_gone(errno) ? 0 : -1;
	return S_ISDIR(status.st_mode);
}

static int list_folders(const struct objects *objects, char **names, size_t room, size_t *count)
{
	struct dirent *entry;
	DIR *folder = opendir(objects->directory);
	int found = folder == NULL ? -1 : 1;
	while (found == 1 && *count < room && (found = objects_next_entry(folder, &entry)) == 1) {
		int is_one = is_bucket(objects, folder, entry->d_name);
		if (is_one == 1)
			names[(*count)++] = sp_strdup(entry->d_name);
		else if (is_one == -1)
			found = -1;
	}
	int number = errno;
	if (folder != NULL)
		closedir(folder);
	errno = number;
	return found == -1 ? -1 : 0;
}

int objects_list_buckets(const struct objects *objects, char **names, size_t room,
			 size_t *out_count, struct sp_error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < objects->named_count && count < room; i++)
		names[count++] = sp_strdup(objects->named[i].name);
	int result = list_folders(objects, names, room, &count);
	if (result != 0)
		sp_fail_errno(err, "could not read the folder of buckets");
	qsort(names, count, sizeof(*names), compare_names);
	*out_count = count;
	return result;
}

/* What the daemon started with exists: while it is away, nobody should hear that there is no such bucket or object. */
static int fail_away(const char *path, const char *what, struct sp_error *err)
{
	if (objects_says_gone(errno))
		return sp_fail(
			err, SP_SYSTEM,
			"could not open the folder of %s, %s: it is not there, perhaps because "
			"what it lies on is not mounted",
			what, path);
	return sp_fail_errno(err, "could not open the folder of %s", what);
}

int objects_open_directory(const struct objects *objects, int *out_fd, struct sp_error *err)
{
	int fd = open(objects->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return fail_away(objects->directory, "buckets", err);
	*out_fd = fd;
	return 0;
}

static int open_named(const struct named_bucket *named, int *out_fd, struct sp_error *err)
{
	SP_AUTO_FREE char *what = sp_format("bucket \"%s\"", named->name);
	int fd = open(named->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return fail_away(named->path, what, err);
	*out_fd = fd;
	return 0;
}

bool objects_is_named(const struct objects *objects, const char *bucket)
{
	return find_named(objects, bucket) != NULL;
}

static int fail_unknown(const struct objects *objects, const char *bucket, struct sp_error *err)
{
	SP_AUTO_FREE char *shown = sp_name_shown(bucket);
	SP_AUTO_FREE char **names = sp_alloc(BUCKETS_MAX * sizeof(*names));
	size_t count;
	objects_list_buckets(objects, names, BUCKETS_MAX, &count, NULL);
	if (count == 0)
		return sp_fail(err, SP_NOT_FOUND,
			       "there is no bucket \"%s\" and no other: a bucket is a folder in "
			       "buckets/ of the state folder",
			       shown);

	SP_AUTO_BUFFER list = { 0 };
	size_t listed = 0;
	for (size_t i = 0; i < count; i++) {
		if (i < SENTENCE_NAMES_MAX &&
		    list.length + strlen(names[i]) + 2 <= SENTENCE_BYTES_MAX) {
			sp_buffer_format(&list, "%s%s", i > 0 ? ", " : "", names[i]);
			listed++;
		}
		free(names[i]);
	}
	if (listed < count)
		sp_buffer_format(&list, " and %zu more", count - listed);
	return sp_fail(err, SP_NOT_FOUND, "there is no bucket \"%s\"; %s %s", shown,
		       count == 1 ? "the only one is" : "there are", sp_buffer_text(&list));
}

int objects_open_bucket(struct objects *objects, const char *bucket, int *out_fd,
			struct sp_error *err)
{
	const struct named_bucket *named = find_named(objects, bucket);
	if (named != NULL && named->place != NULL)
		return sp_fail(err, SP_UNSUPPORTED, "bucket \"%s\" is no folder", bucket);
	if (named != NULL)
		return open_named(named, out_fd, err);
	if (!bucket_name_is_valid(bucket)) {
		SP_AUTO_FREE char *shown = sp_name_shown(bucket);
		return sp_fail(err, SP_NOT_FOUND, "there is no bucket \"%s\": %s", shown,
			       bucket_name_rule);
	}

	SP_AUTO_FD folder = -1;
	if (objects_open_directory(objects, &folder, err) != 0)
		return -1;
	int fd = openat(folder, bucket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd == -1 && fstatat(folder, bucket, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(status.st_mode))
		return sp_fail(err, SP_NOT_FOUND,
			       "cannot use bucket \"%s\": it is a symbolic link, and a folder "
			       "elsewhere becomes a bucket by the setting bucket.%s",
			       bucket, bucket);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return fail_unknown(objects, bucket, err);
	if (fd == -1)
		return sp_fail_errno(err, "could not open bucket \"%s\"", bucket);
	*out_fd = fd;
	return 0;
}

int objects_open_beneath(int fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long opened = -1;
	for (int i = 0; i < BENEATH_TRIES; i++) {
		opened = syscall(SYS_openat2, fd, path, &how, sizeof(how));
		if (opened != -1 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)opened;
}

int objects_fail_beneath(struct sp_error *err, const char *what, const char *bucket,
			 const char *key)
{
	int number = errno;
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return sp_fail(
			err, SP_NOT_FOUND, "there is no \"%s\" in bucket \"%s\"%s", shown, bucket,
			strpbrk(key, "*?[") != NULL ? ", and wildcards are not expanded" : "");
	case EXDEV:
		return sp_fail(err, SP_DENIED,
			       "%s \"%s\": a symbolic link on its path leads out of bucket \"%s\"",
			       what, shown, bucket);
	case ELOOP:
		return sp_fail(err, SP_DENIED,
			       "%s \"%s\" in bucket \"%s\": too many symbolic links on its path",
			       what, shown, bucket);
	default:
		errno = number;
		return sp_fail_errno(err, "%s \"%s\" in bucket \"%s\"", what, shown, bucket);
	}
}

int objects_fail_changed(struct sp_error *err, const char *bucket, const char *key,
			 const char *what)
{
	SP_AUTO_FREE char *shown = sp_name_shown(key);
	return sp_fail(err, SP_CHANGED, "\"%s\" in bucket \"%s\" changed while it was read: %s",
		       shown, bucket, what);
}
