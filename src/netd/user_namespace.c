#include "netd/user_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "netd/namespaces.h"

static int write_file(const char *path, const char *text, struct sp_error *err)
{
	SP_AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length = (ssize_t)strlen(text);
	if (fd == -1 || write(fd, text, (size_t)length) != length)
		return sp_fail_errno(err, "could not write \"%s\"", path);
	return 0;
}

static int become_root_inside(uid_t user, gid_t group, struct sp_error *err)
{
	char users[32], groups[32];
	snprintf(users, sizeof(users), "0 %u 1\n", (unsigned)user);
	snprintf(groups, sizeof(groups), "0 %u 1\n", (unsigned)group);
	if (write_file("/proc/self/uid_map", users, err) != 0 ||
	    write_file("/proc/self/setgroups", "deny\n", err) != 0 ||
	    write_file("/proc/self/gid_map", groups, err) != 0)
		return -1;
	return 0;
}

/* /run is the host's and may have no netns in it, nor let us make one: ours lies over it. */
static int mount_own_run(struct sp_error *err)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") == -1 ||
	    (mkdir(NAMESPACES_FOLDER, 0755) == -1 && errno != EEXIST))
		return sp_fail_errno(err, "could not mount a \"" NAMESPACES_FOLDER "\" of our own");
	return 0;
}

int user_namespace_enter(struct sp_error *err)
{
	uid_t user = geteuid();
	gid_t group = getegid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == -1)
		return sp_fail_errno(err,
				     "could not make a user namespace (this host may forbid it: "
				     "user.max_user_namespaces, kernel.unprivileged_userns_clone, "
				     "kernel.apparmor_restrict_unprivileged_userns)");
	if (become_root_inside(user, group, err) != 0)
		return -1;
	return mount_own_run(err);
}
