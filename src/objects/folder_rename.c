#include "objects/folder_rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int rename_over(struct place_name from, struct place_name to)
{
	return renameat(from.folder_fd, from.name, to.folder_fd, to.name);
}

static bool look(struct place_name at, struct stat *out)
{
	return fstatat(at.folder_fd, at.name, out, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_same_file(struct place_name a, struct place_name b)
{
	struct stat first, second;
	return look(a, &first) && look(b, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* For file systems whose rename always replaces: link() never does. A crash in between leaves both names. */
static int link_new(struct place_name from, struct place_name to)
{
	if (linkat(from.folder_fd, from.name, to.folder_fd, to.name, 0) != 0) {
		if (errno != EEXIST)
			return -1;
		bool ours = is_same_file(from, to);
		errno = EEXIST;
		if (!ours)
			return -1;
	}
	return unlinkat(from.folder_fd, from.name, 0);
}

int rename_new(struct place_name from, struct place_name to)
{
	if (renameat2(from.folder_fd, from.name, to.folder_fd, to.name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS || errno == EEXIST)
		return link_new(from, to);
	return -1;
}

static int exchange(struct place_name a, struct place_name b)
{
	return renameat2(a.folder_fd, a.name, b.folder_fd, b.name, RENAME_EXCHANGE);
}

/* Not by the time of the inode's change, which the exchange itself is on some file systems. */
static bool is_what_was_seen(struct place_name at, const struct stat *seen)
{
	struct stat status;
	return look(at, &status) && status.st_dev == seen->st_dev &&
	       status.st_ino == seen->st_ino && status.st_size == seen->st_size &&
	       status.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	       status.st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
}

/* Somebody's who came between the look and the exchange. When ours has been taken away since, only a name is missing. */
static int give_back(struct place_name from, struct place_name to)
{
	if (exchange(from, to) == 0 || (errno == ENOENT && rename_new(from, to) == 0))
		errno = EAGAIN;
	return -1;
}

int rename_for(struct place_name from, struct place_name to, const struct stat *seen)
{
	if (exchange(from, to) == 0) {
		if (!is_what_was_seen(from, seen))
			return give_back(from, to);
		return unlinkat(from.folder_fd, from.name, 0);
	}
	if (errno == EINVAL || errno == ENOSYS)
		return rename_over(from, to);
	if (errno == ENOENT)
		errno = EAGAIN;
	return -1;
}
