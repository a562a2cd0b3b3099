#include "objects/folder_uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/folder.h"
#include "objects/folder_uploads_inside.h"

enum { ABOUT_MAX = 16 << 10 };

void upload_finish(struct upload *upload)
{
	free(upload->key);
	json_decref(upload->told);
	*upload = (struct upload){ 0 };
}

bool upload_id_of(const char *name, char out[UPLOAD_ID_SIZE])
{
	if (!sp_text_starts_with(name, UPLOAD_PREFIX))
		return false;
	const char *id = name + strlen(UPLOAD_PREFIX);
	if (strlen(id) != UPLOAD_ID_SIZE - 1 ||
	    strspn(id, "0123456789abcdef") != UPLOAD_ID_SIZE - 1)
		return false;
	memcpy(out, id, UPLOAD_ID_SIZE);
	return true;
}

static void folder_name(const char *id, char out[NAME_MAX + 1])
{
	snprintf(out, NAME_MAX + 1, UPLOAD_PREFIX "%s", id);
}

int upload_fail_gone(const char *id, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND,
		       "there is no upload \"%.64s\" for that key: it was completed or aborted, "
		       "or never begun",
		       id);
}

int upload_open_folder(int bucket_fd, const char *bucket, const char *id, int *out_fd,
		       struct sp_error *err)
{
	char name[NAME_MAX + 1], known[UPLOAD_ID_SIZE];
	SP_AUTO_FD staging_fd = -1;
	folder_name(id, name);
	if (!upload_id_of(name, known))
		return upload_fail_gone(id, err);
	if (staging_open_folder(bucket_fd, &staging_fd) == 0) {
		int fd = openat(staging_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd != -1) {
			*out_fd = fd;
			return 0;
		}
	}
	if (errno == ENOENT)
		return upload_fail_gone(id, err);
	return sp_fail_errno(err, "could not open an upload in bucket \"%s\"", bucket);
}

int upload_open(struct objects *objects, const char *bucket, const char *id, int *out_fd,
		struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	return upload_open_folder(bucket_fd, bucket, id, out_fd, err);
}

int upload_remove_folder(int staging_fd, const char *id)
{
	char name[NAME_MAX + 1];
	folder_name(id, name);
	SP_AUTO_FD folder_fd =
		openat(staging_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder_fd == -1)
		return -1;
	/* What it is for goes first: from then on it is no upload any more, and a sweep removes what a crash leaves. */
	unlinkat(folder_fd, UPLOAD_ABOUT, 0);
	DIR *folder = staging_list(folder_fd);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		unlinkat(folder_fd, entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
	return unlinkat(staging_fd, name, AT_REMOVEDIR);
}

/* ---- what it is for ----------------------------------------------------------------------------------------------- */

static int write_about(int folder_fd, const char *key, json_t *told)
{
	SP_AUTO_JSON json_t *about = json_object();
	json_object_set_new(about, "key", json_string(key));
	json_object_set_new(about, "begun_ms", json_integer(sp_now_ms()));
	if (told != NULL)
		json_object_set(about, "told", told);
	SP_AUTO_FREE char *text = sp_json_text(about);
	SP_AUTO_FD fd = openat(folder_fd, UPLOAD_ABOUT,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t length = strlen(text);
	if (fd == -1 || write(fd, text, length) != (ssize_t)length || fsync(fd) != 0)
		return -1;
	return fsync(folder_fd);
}

int upload_read_about(int folder_fd, const char *id, struct upload *out, struct sp_error *err)
{
	char text[ABOUT_MAX];
	SP_AUTO_FD fd = openat(folder_fd, UPLOAD_ABOUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t length = fd == -1 ? -1 : read(fd, text, sizeof(text));
	SP_AUTO_JSON json_t *about = NULL;
	if (length == -1 && !objects_says_gone(errno))
		return sp_fail_errno(err, "could not read what the upload \"%.64s\" is for", id);
	if (length <= 0 || sp_json_parse(text, (size_t)length, &about, NULL) != 0 ||
	    sp_json_string(about, "key") == NULL)
		return upload_fail_gone(id, err);
	*out = (struct upload){
		.key = sp_strdup(sp_json_string(about, "key")),
		.told = json_incref(json_object_get(about, "told")),
		.begun_ms = sp_json_integer(about, "begun_ms", 0),
	};
	snprintf(out->id, sizeof(out->id), "%s", id);
	return 0;
}

/* It is an upload from the moment that it says what for: until then nobody finds it, and a sweep removes it. */
static int begin(int bucket_fd, const char *bucket, const char *key, json_t *told, const char *id,
		 struct sp_error *err)
{
	char name[NAME_MAX + 1];
	SP_AUTO_FD staging_fd = -1;
	if (staging_make_folder(bucket_fd, bucket, &staging_fd, err) != 0)
		return -1;
	folder_name(id, name);
	if (mkdirat(staging_fd, name, 0700) == 0) {
		SP_AUTO_FD folder_fd =
			openat(staging_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (folder_fd != -1 && write_about(folder_fd, key, told) == 0 &&
		    fsync(staging_fd) == 0)
			return 0;
		int number = errno;
		upload_remove_folder(staging_fd, id);
		errno = number;
	}
	return sp_fail_errno(err, "could not begin an upload in bucket \"%s\"", bucket);
}

int uploads_begin(struct objects *objects, const char *bucket, const char *key, json_t *told,
		  char out_id[UPLOAD_ID_SIZE], struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	if (folder_check_key(key, err) != 0 || folder_check_depth(key, err) != 0 ||
	    object_notes_check(told, err) != 0 ||
	    objects_open_bucket(objects, bucket, &bucket_fd, err) != 0)
		return -1;
	sp_random_hex(out_id, UPLOAD_ID_SIZE - 1);
	return begin(bucket_fd, bucket, key, told, out_id, err);
}

int uploads_find(struct objects *objects, const char *bucket, const char *key, const char *id,
		 struct upload *out, struct sp_error *err)
{
	SP_AUTO_FD folder_fd = -1;
	if (upload_open(objects, bucket, id, &folder_fd, err) != 0 ||
	    upload_read_about(folder_fd, id, out, err) != 0)
		return -1;
	if (strcmp(out->key, key) == 0)
		return 0;
	upload_finish(out);
	return upload_fail_gone(id, err);
}

int uploads_remove(struct objects *objects, const char *bucket, const char *id,
		   struct sp_error *err)
{
	SP_AUTO_FD bucket_fd = -1;
	SP_AUTO_FD folder_fd = -1;
	SP_AUTO_FD staging_fd = -1;
	if (objects_open_bucket(objects, bucket, &bucket_fd, err) != 0 ||
	    upload_open_folder(bucket_fd, bucket, id, &folder_fd, err) != 0)
		return -1;
	if (staging_open_folder(bucket_fd, &staging_fd) != 0 ||
	    upload_remove_folder(staging_fd, id) != 0)
		return sp_fail_errno(err, "could not remove an upload in bucket \"%s\"", bucket);
	return 0;
}
