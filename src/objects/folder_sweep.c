#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "objects/folder.h"
#include "objects/folder_uploads_inside.h"

struct sweep {
	int64_t before_ms;
	size_t max, removed;
	objects_needed_fn *is_needed;
	void *ctx;
};

/* The file that a temporary is named after: only a name that staging_name() makes. */
static bool file_of(const char *name, char out[FILE_ID_SIZE])
{
	uint64_t attempt;
	char made[STAGING_NAME_SIZE];
	const size_t length = FILE_ID_SIZE - 1;
	if (strspn(name, "0123456789abcdef") != length || name[length] != '-' ||
	    !sp_text_to_u64(name + length + 1, 0, INT32_MAX, &attempt))
		return false;
	memcpy(out, name, length);
	out[length] = '\0';
	return staging_name(out, (int)attempt, made, NULL) == 0 && strcmp(made, name) == 0;
}

/* Somebody is writing to it, perhaps for a client that has paused: folder_create_staging() locked it. */
static bool is_in_use(int folder_fd, const char *name)
{
	SP_AUTO_FD fd = openat(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd != -1 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static bool is_old_and_ours(const struct sweep *sweep, int folder_fd, const char *name)
{
	struct stat status;
	if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	int64_t written_ms =
		(int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	return S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
	       written_ms < sweep->before_ms;
}

/* An upload that nobody has touched for long, or the rest of one that was on its way out: a part changes its folder. */
static bool sweep_upload(const struct sweep *sweep, int folder_fd, const char *name)
{
	char id[UPLOAD_ID_SIZE];
	struct stat status;
	SP_AUTO_FREE char *about = sp_alloc(NAME_MAX + sizeof("/" UPLOAD_ABOUT));
	if (!upload_id_of(name, id) ||
	    fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
		return false;
	stpcpy(stpcpy(about, name), "/" UPLOAD_ABOUT);
	int64_t kept_ms =
		faccessat(folder_fd, about, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? UPLOADS_KEPT_MS : 0;
	if ((int64_t)status.st_mtim.tv_sec * 1000 >= sweep->before_ms - kept_ms)
		return false;
	/* Nobody completes it, however old it is, and nobody begins to (uploads_hold()). */
	SP_AUTO_FD hold = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return hold != -1 && flock(hold, LOCK_EX | LOCK_NB) == 0 &&
	       upload_remove_folder(folder_fd, id) == 0;
}

static void sweep_folder(struct sweep *sweep, int folder_fd)
{
	DIR *folder = staging_list(folder_fd);
	if (folder == NULL)
		return;
	struct dirent *entry;
	while (sweep->removed < sweep->max && (entry = readdir(folder)) != NULL) {
		char file_id[FILE_ID_SIZE];
		if (sweep_upload(sweep, folder_fd, entry->d_name)) {
			sweep->removed++;
			continue;
		}
		if (!file_of(entry->d_name, file_id) ||
		    !is_old_and_ours(sweep, folder_fd, entry->d_name) ||
		    sweep->is_needed(sweep->ctx, file_id) || is_in_use(folder_fd, entry->d_name) ||
		    unlinkat(folder_fd, entry->d_name, 0) != 0)
			continue;
		sweep->removed++;
	}
	closedir(folder);
}

size_t folder_sweep_staging(struct objects *objects, size_t storage, int64_t before_ms, size_t max,
			    objects_needed_fn *is_needed, void *ctx)
{
	(void)storage; /* folders are at none */
	struct sweep sweep = {
		.before_ms = before_ms, .max = max, .is_needed = is_needed, .ctx = ctx
	};
	SP_AUTO_FREE char **names = sp_alloc(BUCKETS_MAX * sizeof(*names));
	size_t count;
	objects_list_buckets(objects, names, BUCKETS_MAX, &count, NULL);
	for (size_t i = 0; i < count; i++) {
		SP_AUTO_FREE char *name = names[i];
		SP_AUTO_FD bucket_fd = -1;
		SP_AUTO_FD folder_fd = -1;
		if (sweep.removed < max &&
		    objects_open_bucket(objects, name, &bucket_fd, NULL) == 0 &&
		    staging_open_folder(bucket_fd, &folder_fd) == 0)
			sweep_folder(&sweep, folder_fd);
	}
	return sweep.removed;
}
