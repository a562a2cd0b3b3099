#include "netd/namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

#define OWN_NAMESPACE "/proc/self/ns/net"

enum {
	PINS_MAX = 16, /* mounts that lie on one name, should somebody have mounted twice */
	NAMES_MAX = 1 << 17,
};

static char *path_of(const char *name)
{
	return sp_format(NAMESPACES_FOLDER "/%s", name);
}

/* ---- the folder ------------------------------------------------------------------------------------------------ */

/* Others who come and go (`ip netns`) take the same lock while they look whether the folder is a mount already. */
static int share_folder(struct sp_error *err)
{
	if (mkdir(NAMESPACES_FOLDER, 0755) == -1 && errno != EEXIST)
		return sp_fail_errno(err, "could not create \"" NAMESPACES_FOLDER "\"");
	SP_AUTO_FD lock = open(NAMESPACES_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock == -1 || flock(lock, LOCK_EX) == -1)
		return sp_fail_errno(err, "could not lock \"" NAMESPACES_FOLDER "\"");

	if (mount("", NAMESPACES_FOLDER, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno == EINVAL && /* it is no mount yet */
	    mount(NAMESPACES_FOLDER, NAMESPACES_FOLDER, "none", MS_BIND | MS_REC, NULL) == 0 &&
	    mount("", NAMESPACES_FOLDER, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	return sp_fail_errno(err, "could not make \"" NAMESPACES_FOLDER "\" a shared mount");
}

int namespaces_open(struct namespaces *out, struct sp_error *err)
{
	out->home_fd = -1;
	if (share_folder(err) != 0)
		return -1;
	out->home_fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	if (out->home_fd == -1)
		return sp_fail_errno(err, "could not note the current network namespace");
	return 0;
}

void namespaces_close(struct namespaces *namespaces)
{
	sp_close_fd(&namespaces->home_fd);
}

int namespace_enter(int fd, struct sp_error *err)
{
	if (setns(fd, CLONE_NEWNET) == -1)
		return sp_fail_errno(err, "could not enter a network namespace");
	return 0;
}

void namespace_leave(const struct namespaces *namespaces)
{
	if (setns(namespaces->home_fd, CLONE_NEWNET) == -1)
		sp_die("could not return to the own network namespace: %s", strerror(errno));
}

/* ---- one of them ----------------------------------------------------------------------------------------------- */

/* The pin is a plain file before a namespace is mounted on it, and when a crash came in between. */
static int open_pin(const char *path, const char *name, int *out_fd, struct sp_error *err)
{
	SP_AUTO_FD look = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (look == -1)
		return sp_fail_errno(err, "cannot find the namespace \"%s\"", name);
	struct statfs what;
	if (fstatfs(look, &what) == -1)
		return sp_fail_errno(err, "could not look at the namespace \"%s\"", name);
	if (what.f_type != NSFS_MAGIC)
		return sp_fail(err, SP_NOT_FOUND,
			       "cannot use the namespace \"%s\": it is half made", name);

	SP_AUTO_FD fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return sp_fail_errno(err, "could not open the namespace \"%s\"", name);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return sp_fail(err, SP_CONFLICT,
			       "cannot use the namespace \"%s\": it is not one of the network",
			       name);
	*out_fd = sp_take_fd(&fd);
	return 0;
}

int namespace_open(const char *name, int *out_fd, struct sp_error *err)
{
	SP_AUTO_FREE char *path = path_of(name);
	return open_pin(path, name, out_fd, err);
}

/* A namespace that nobody has a name for yet goes with the last look at it, so nothing is left when this fails. */
static int pin_new(const struct namespaces *namespaces, const char *path, int *out_fd,
		   struct sp_error *err)
{
	if (unshare(CLONE_NEWNET) == -1)
		return sp_fail_errno(err, "could not make a network namespace");
	SP_AUTO_FD fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	int result = fd == -1 ? sp_fail_errno(err, "could not open the new network namespace") : 0;
	if (result == 0 && mount(OWN_NAMESPACE, path, "none", MS_BIND, NULL) == -1)
		result = sp_fail_errno(err, "could not mount a network namespace on \"%s\"", path);
	namespace_leave(namespaces);
	if (result == 0)
		*out_fd = sp_take_fd(&fd);
	return result;
}

int namespace_make(const struct namespaces *namespaces, const char *name, int *out_fd,
		   struct sp_error *err)
{
	SP_AUTO_FREE char *path = path_of(name);
	struct sp_error why = { 0 };
	if (open_pin(path, name, out_fd, &why) == 0)
		return 0;
	if (why.code != SP_NOT_FOUND) {
		*err = why;
		return -1;
	}

	SP_AUTO_FD file = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (file == -1)
		return sp_fail_errno(err, "could not create \"%s\"", path);
	if (pin_new(namespaces, path, out_fd, err) == 0)
		return 0;
	unlink(path);
	return -1;
}

int namespace_remove(const char *name, struct sp_error *err)
{
	SP_AUTO_FREE char *path = path_of(name);
	int pins = 0;
	while (pins < PINS_MAX && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		pins++;
	/* EINVAL: nothing is mounted there (any more) */
	if (pins < PINS_MAX && errno != EINVAL && errno != ENOENT)
		return sp_fail_errno(err, "could not unmount \"%s\"", path);
	if (unlink(path) == -1 && errno != ENOENT)
		return sp_fail_errno(err, "could not remove \"%s\"", path);
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

void namespaces_list_free(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

int namespaces_list(const char *prefix, char ***out, size_t *out_count, struct sp_error *err)
{
	DIR *folder = opendir(NAMESPACES_FOLDER);
	if (folder == NULL)
		return sp_fail_errno(err, "could not read \"" NAMESPACES_FOLDER "\"");
	char **names = NULL;
	size_t count = 0, room = 0;
	for (const struct dirent *entry; count < NAMES_MAX && (entry = readdir(folder)) != NULL;) {
		if (!sp_text_starts_with(entry->d_name, prefix))
			continue;
		if (count == room) {
			room = room == 0 ? 64 : 2 * room;
			names = sp_realloc(names, room * sizeof(*names));
		}
		names[count++] = sp_strdup(entry->d_name);
	}
	closedir(folder);
	*out = names;
	*out_count = count;
	return 0;
}
