#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/scope.h"

enum {
	FOLDER_MODE = 0700,
	FILE_MODE = 0600,
	PID_TEXT_MAX = 32,
	LOCK_PATIENCE_MS = 2000,
	LOCK_LOOK_AGAIN_MS = 20,
};

static const char *user_name(uid_t id)
{
	const struct passwd *entry = getpwuid(id);
	return entry != NULL ? entry->pw_name : "a user without a name";
}

/* Whoever owns the folder, or may write to it, could put another store in the place of ours. */
static int check_owner(const struct state *state, struct sp_error *err)
{
	struct stat status;
	if (fstat(state->directory_fd, &status) == -1)
		return sp_fail_errno(err, "could not look at \"%s\"", state->directory);
	if (status.st_uid != geteuid()) {
		/* The second name is looked up after the first one was copied. */
		SP_AUTO_FREE char *owner = sp_strdup(user_name(status.st_uid));
		return sp_fail(err, SP_DENIED,
			       "cannot keep state in \"%s\": it belongs to %s, and this process "
			       "runs as %s%s",
			       state->directory, owner, user_name(geteuid()),
			       geteuid() == 0 ? " (see the setting user)" : "");
	}
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return sp_fail(err, SP_DENIED,
			       "cannot keep state in \"%s\": others may write to it (mode %04o)",
			       state->directory, (unsigned)status.st_mode & 07777);
	return 0;
}

static int fail_locked(const struct state *state, struct sp_error *err)
{
	char text[PID_TEXT_MAX] = "";
	ssize_t length = pread(state->lock_fd, text, sizeof(text) - 1, 0);
	text[length > 0 ? strcspn(text, "\n") : 0] = '\0';
	return sp_fail(err, SP_CONFLICT,
		       "cannot keep state in \"%s\": the daemon with process id %s does already",
		       state->directory, text[0] != '\0' ? text : "(not written yet)");
}

/* A daemon that was killed while it started a worker leaves a child of it, which has all its descriptors until it has
 * become that worker: the lock is ours in a moment. */
static int lock_soon(int fd)
{
	int64_t deadline_ms = sp_monotonic_ms() + LOCK_PATIENCE_MS;
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK || sp_monotonic_ms() > deadline_ms)
			return -1;
		usleep(LOCK_LOOK_AGAIN_MS * 1000);
	}
	return 0;
}

static int take_lock(struct state *state, struct sp_error *err)
{
	state->lock_fd = openat(state->directory_fd, "lock",
				O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (state->lock_fd == -1)
		return sp_fail_errno(err, "could not open \"%s/lock\"", state->directory);
	if (lock_soon(state->lock_fd) == -1) {
		if (errno == EWOULDBLOCK)
			return fail_locked(state, err);
		return sp_fail_errno(err, "could not lock \"%s/lock\"", state->directory);
	}
	char text[PID_TEXT_MAX];
	int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(state->lock_fd, 0) == -1 ||
	    pwrite(state->lock_fd, text, (size_t)length, 0) != length)
		return sp_fail_errno(err, "could not write \"%s/lock\"", state->directory);
	return 0;
}

static int make_folder(const struct state *state, const char *name, char **out,
		       struct sp_error *err)
{
	if (mkdirat(state->directory_fd, name, FOLDER_MODE) == -1 && errno != EEXIST)
		return sp_fail_errno(err, "could not create \"%s/%s\"", state->directory, name);
	*out = sp_format("%s/%s", state->directory, name);
	return 0;
}

int state_visit(struct state *state, const char *directory, struct sp_error *err)
{
	*state = (struct state){ .directory_fd = -1, .lock_fd = -1 };
	state->directory = realpath(directory, NULL);
	if (state->directory == NULL)
		return sp_fail_errno(err, "could not find the state folder \"%s\"", directory);
	state->directory_fd = open(state->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state->directory_fd == -1)
		return sp_fail_errno(err, "could not open the state folder \"%s\"", directory);
	return check_owner(state, err);
}

int state_open(struct state *state, const char *directory, struct sp_error *err)
{
	*state = (struct state){ .directory_fd = -1, .lock_fd = -1 };
	if (mkdir(directory, FOLDER_MODE) == -1 && errno != EEXIST)
		return sp_fail_errno(err, "could not create the state folder \"%s\"", directory);
	if (state_visit(state, directory, err) != 0 || take_lock(state, err) != 0 ||
	    make_folder(state, "buckets", &state->buckets, err) != 0 ||
	    make_folder(state, "run", &state->run, err) != 0)
		return -1;
	return 0;
}

void state_close(struct state *state)
{
	free(state->directory);
	free(state->buckets);
	free(state->run);
	sp_close_fd(&state->directory_fd);
	sp_close_fd(&state->lock_fd); /* the lock goes with it */
}

char *state_master_key_path(const struct state *state, const char *setting)
{
	if (setting != NULL)
		return sp_strdup(setting);
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	if (credentials != NULL) {
		SP_AUTO_FREE char *path = sp_format("%s/master.key", credentials);
		if (access(path, F_OK) == 0)
			return sp_take_pointer(&path);
	}
	return sp_format("%s/master.key", state->directory);
}

static bool write_all(int fd, const char *text)
{
	size_t length = strlen(text);
	while (length > 0) {
		ssize_t written = write(fd, text, length);
		if (written == -1 && errno == EINTR)
			continue;
		if (written == -1)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

int state_write_file(const struct state *state, const char *name, const char *text,
		     struct sp_error *err)
{
	/* Only the holder of the lock writes here: what has this name was left by a daemon that was killed. */
	SP_AUTO_BUFFER part = { 0 };
	sp_buffer_format(&part, ".%s.part", name);
	const char *part_name = sp_buffer_text(&part);
	unlinkat(state->directory_fd, part_name, 0);
	SP_AUTO_FD fd = openat(state->directory_fd, part_name,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd == -1 || !write_all(fd, text) || fsync(fd) == -1 ||
	    renameat(state->directory_fd, part_name, state->directory_fd, name) == -1 ||
	    fsync(state->directory_fd) == -1)
		return sp_fail_errno(err, "could not write \"%s/%s\"", state->directory, name);
	return 0;
}

int state_remove_file(const struct state *state, const char *name, struct sp_error *err)
{
	if (unlinkat(state->directory_fd, name, 0) == -1 && errno != ENOENT)
		return sp_fail_errno(err, "could not remove \"%s/%s\"", state->directory, name);
	return 0;
}
