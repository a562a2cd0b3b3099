/* SFTP version 3 for a folder, with the extensions that OpenSSH's server has and its clients use. */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/scope.h"
#include "peer.h"

enum {
	LENGTH_SIZE = 4,
	READ_MAX = 261120,
	OPEN_WRITE = 0x02,
	OPEN_CREATE = 0x08,
	OPEN_TRUNCATE = 0x10,
	OPEN_EXCLUSIVE = 0x20,
	NAMES_A_REPLY = 100, /* as many as OpenSSH's server sends */
	ATTRIBUTES_ALL = 0x01 | 0x02 | 0x04 | 0x08,
};

enum status {
	OK,
	END_OF_FILE,
	NO_SUCH_FILE,
	PERMISSION_DENIED,
	FAILURE,
	BAD_MESSAGE,
	UNSUPPORTED = 8
};

static const struct {
	uint8_t type;
	const char *name;      /* for --on */
	const char *extension; /* on the wire, with … */
	const char *version;   /* … as it is announced */
} kinds[] = {
	{ SFTP_INIT, "init", NULL, NULL },
	{ SFTP_OPEN, "open", NULL, NULL },
	{ SFTP_CLOSE, "close", NULL, NULL },
	{ SFTP_READ, "read", NULL, NULL },
	{ SFTP_WRITE, "write", NULL, NULL },
	{ SFTP_LSTAT, "lstat", NULL, NULL },
	{ SFTP_FSTAT, "fstat", NULL, NULL },
	{ SFTP_OPENDIR, "opendir", NULL, NULL },
	{ SFTP_READDIR, "readdir", NULL, NULL },
	{ SFTP_REMOVE, "remove", NULL, NULL },
	{ SFTP_RMDIR, "rmdir", NULL, NULL },
	{ SFTP_STAT, "stat", NULL, NULL },
	{ SFTP_RENAME, "rename", NULL, NULL },
	{ SFTP_POSIX_RENAME, "posix-rename", "posix-rename@openssh.com", "1" },
	{ SFTP_FSYNC, "fsync", "fsync@openssh.com", "1" },
	{ SFTP_STATVFS, "statvfs", "statvfs@openssh.com", "2" },
	{ SFTP_LIMITS, "limits", "limits@openssh.com", "1" },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

uint8_t sftp_type_of(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].type;
	return 0;
}

const char *sftp_name_of(uint8_t type)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].type == type)
			return kinds[i].name;
	return "unknown";
}

/* ---- replies ------------------------------------------------------------------------------------------------------- */

void reply_begin(struct peer *peer, uint8_t type)
{
	sp_buffer_clear(&peer->draft);
	put_u32(&peer->draft, 0);
	put_u8(&peer->draft, type);
	if (type != SFTP_VERSION)
		put_u32(&peer->draft, peer->request.id);
}

void reply_end(struct peer *peer)
{
	set_u32(&peer->draft, 0, (uint32_t)(peer->draft.length - LENGTH_SIZE));
	if (fault_acts(peer, AT_REPLY))
		return;
	sp_buffer_add(&peer->to_client, peer->draft.data, peer->draft.length);
	flush_to_client(peer);
}

void reply_status(struct peer *peer, uint32_t code, const char *text)
{
	reply_begin(peer, SFTP_STATUS);
	put_u32(&peer->draft, code);
	put_text(&peer->draft, text);
	put_text(&peer->draft, "");
	reply_end(peer);
}

static void reply_errno(struct peer *peer)
{
	static const struct {
		int number;
		enum status status;
	} known[] = { { ENOENT, NO_SUCH_FILE },
		      { EACCES, PERMISSION_DENIED },
		      { EPERM, PERMISSION_DENIED } };
	enum status status = FAILURE;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == errno)
			status = known[i].status;
	reply_status(peer, status, "");
}

static void reply_result(struct peer *peer, int result)
{
	if (result == 0)
		reply_status(peer, OK, "");
	else
		reply_errno(peer);
}

static void put_attributes(struct peer *peer, const struct stat *attributes)
{
	put_u32(&peer->draft, ATTRIBUTES_ALL);
	put_u64(&peer->draft, (uint64_t)attributes->st_size);
	put_u32(&peer->draft, attributes->st_uid);
	put_u32(&peer->draft, attributes->st_gid);
	put_u32(&peer->draft, attributes->st_mode);
	put_u32(&peer->draft, (uint32_t)attributes->st_atime);
	put_u32(&peer->draft, (uint32_t)attributes->st_mtime);
}

static void reply_attributes(struct peer *peer, int result, const struct stat *attributes)
{
	if (result != 0) {
		reply_errno(peer);
		return;
	}
	reply_begin(peer, SFTP_ATTRS);
	put_attributes(peer, attributes);
	reply_end(peer);
}

/* ---- what requests name -------------------------------------------------------------------------------------------- */

/* A path below the root. False: it makes no sense, and was answered. */
static bool read_path(struct peer *peer, char out[PATH_MAX])
{
	size_t length;
	const uint8_t *bytes = sp_read_string(&peer->request.rest, &length);
	int written = snprintf(out, PATH_MAX, "%s/%.*s", peer->plan->root, (int)length,
			       (const char *)bytes);
	if (bytes != NULL && written > 0 && written < PATH_MAX && strstr(out, "..") == NULL)
		return true;
	reply_status(peer, BAD_MESSAGE, "");
	return false;
}

static struct handle *read_handle(struct peer *peer)
{
	size_t length;
	const uint8_t *bytes = sp_read_string(&peer->request.rest, &length);
	if (bytes != NULL && length == 1 && *bytes < HANDLES_MAX && peer->handles[*bytes].fd != -1)
		return &peer->handles[*bytes];
	reply_status(peer, FAILURE, "no such handle");
	return NULL;
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

static void serve_init(struct peer *peer)
{
	reply_begin(peer, SFTP_VERSION);
	put_u32(&peer->draft, 3);
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].extension == NULL)
			continue;
		put_text(&peer->draft, kinds[i].extension);
		put_text(&peer->draft, kinds[i].version);
	}
	reply_end(peer);
}

static int system_flags(uint32_t flags)
{
	int result = O_CLOEXEC | ((flags & OPEN_WRITE) != 0 ? O_RDWR : O_RDONLY);
	result |= (flags & OPEN_CREATE) != 0 ? O_CREAT : 0;
	result |= (flags & OPEN_TRUNCATE) != 0 ? O_TRUNC : 0;
	return result | ((flags & OPEN_EXCLUSIVE) != 0 ? O_EXCL : 0);
}

static void open_handle(struct peer *peer, const char *path, int flags)
{
	uint8_t number = 0;
	while (number < HANDLES_MAX && peer->handles[number].fd != -1)
		number++;
	if (number == HANDLES_MAX) {
		reply_status(peer, FAILURE, "too many open files");
		return;
	}
	int fd = open(path, flags, 0666);
	if (fd == -1) {
		reply_errno(peer);
		return;
	}
	peer->handles[number] = (struct handle){ .fd = fd };
	reply_begin(peer, SFTP_HANDLE);
	put_string(&peer->draft, &number, 1);
	reply_end(peer);
}

static void serve_open(struct peer *peer)
{
	char path[PATH_MAX];
	if (read_path(peer, path))
		open_handle(peer, path, system_flags(sp_read_u32(&peer->request.rest)));
}

static void serve_opendir(struct peer *peer)
{
	char path[PATH_MAX];
	if (read_path(peer, path))
		open_handle(peer, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Those behind the first @handle->listed; returns how many. */
static uint32_t put_names(struct peer *peer, struct handle *handle)
{
	uint32_t count = 0;
	size_t place = 0;
	int fd = openat(handle->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;
	while (folder != NULL && count < NAMES_A_REPLY && (entry = readdir(folder)) != NULL) {
		struct stat attributes;
		if (place++ < handle->listed ||
		    fstatat(handle->fd, entry->d_name, &attributes, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		put_text(&peer->draft, entry->d_name);
		put_text(&peer->draft, "");
		put_attributes(peer, &attributes);
		count++;
	}
	if (folder != NULL)
		closedir(folder);
	handle->listed += count;
	return count;
}

static void serve_readdir(struct peer *peer)
{
	struct handle *handle = read_handle(peer);
	if (handle == NULL)
		return;
	reply_begin(peer, SFTP_NAME);
	size_t count_at = peer->draft.length;
	put_u32(&peer->draft, 0);
	uint32_t count = put_names(peer, handle);
	set_u32(&peer->draft, count_at, count);
	if (count > 0)
		reply_end(peer);
	else
		reply_status(peer, END_OF_FILE, "");
}

static void serve_rmdir(struct peer *peer)
{
	char path[PATH_MAX];
	if (read_path(peer, path))
		reply_result(peer, rmdir(path));
}

static void serve_close(struct peer *peer)
{
	struct handle *handle = read_handle(peer);
	if (handle == NULL)
		return;
	reply_result(peer, close(handle->fd));
	handle->fd = -1;
}

static void serve_read(struct peer *peer)
{
	static char data[READ_MAX];
	const struct handle *handle = read_handle(peer);
	if (handle == NULL)
		return;
	off_t offset = (off_t)sp_read_u64(&peer->request.rest);
	size_t wanted = sp_read_u32(&peer->request.rest);
	ssize_t count =
		pread(handle->fd, data, wanted < sizeof(data) ? wanted : sizeof(data), offset);
	if (count < 0) {
		reply_errno(peer);
	} else if (count == 0) {
		reply_status(peer, END_OF_FILE, "");
	} else {
		reply_begin(peer, SFTP_DATA);
		put_string(&peer->draft, data, (size_t)count);
		reply_end(peer);
	}
}

static void serve_write(struct peer *peer)
{
	const struct handle *handle = read_handle(peer);
	if (handle == NULL)
		return;
	off_t offset = (off_t)sp_read_u64(&peer->request.rest);
	size_t length;
	const uint8_t *data = sp_read_string(&peer->request.rest, &length);
	reply_result(peer,
		     data != NULL && pwrite(handle->fd, data, length, offset) == (ssize_t)length
			     ? 0
			     : -1);
}

static void serve_stat(struct peer *peer)
{
	char path[PATH_MAX];
	struct stat attributes;
	if (read_path(peer, path))
		reply_attributes(peer, stat(path, &attributes), &attributes);
}

static void serve_lstat(struct peer *peer)
{
	char path[PATH_MAX];
	struct stat attributes;
	if (read_path(peer, path))
		reply_attributes(peer, lstat(path, &attributes), &attributes);
}

static void serve_fstat(struct peer *peer)
{
	struct stat attributes;
	const struct handle *handle = read_handle(peer);
	if (handle != NULL)
		reply_attributes(peer, fstat(handle->fd, &attributes), &attributes);
}

static void serve_remove(struct peer *peer)
{
	char path[PATH_MAX];
	if (read_path(peer, path))
		reply_result(peer, unlink(path));
}

/* Does not replace what is there, as version 3 has it. */
static void serve_rename(struct peer *peer)
{
	char from[PATH_MAX];
	char to[PATH_MAX];
	if (!read_path(peer, from) || !read_path(peer, to))
		return;
	if (peer->request.type == SFTP_RENAME && access(to, F_OK) == 0)
		reply_status(peer, FAILURE, "");
	else
		reply_result(peer, rename(from, to));
}

static void serve_fsync(struct peer *peer)
{
	const struct handle *handle = read_handle(peer);
	if (handle != NULL)
		reply_status(peer, OK, ""); /* what a crash of this server loses is nobody's loss */
}

static void serve_statvfs(struct peer *peer)
{
	char path[PATH_MAX];
	struct statvfs space;
	if (!read_path(peer, path))
		return;
	if (statvfs(path, &space) != 0) {
		reply_errno(peer);
		return;
	}
	const uint64_t numbers[] = { space.f_bsize,  space.f_frsize, space.f_blocks, space.f_bfree,
				     space.f_bavail, space.f_files,  space.f_ffree,  space.f_favail,
				     space.f_fsid,   space.f_flag,   space.f_namemax };
	reply_begin(peer, SFTP_EXTENDED_REPLY);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		put_u64(&peer->draft, numbers[i]);
	reply_end(peer);
}

static void serve_limits(struct peer *peer)
{
	reply_begin(peer, SFTP_EXTENDED_REPLY);
	put_u64(&peer->draft, PACKET_MAX);
	put_u64(&peer->draft, READ_MAX);
	put_u64(&peer->draft, READ_MAX);
	put_u64(&peer->draft, HANDLES_MAX);
	reply_end(peer);
}

static const struct {
	uint8_t type;
	void (*serve)(struct peer *peer);
} services[] = {
	{ SFTP_INIT, serve_init },       { SFTP_OPEN, serve_open },
	{ SFTP_CLOSE, serve_close },     { SFTP_READ, serve_read },
	{ SFTP_WRITE, serve_write },     { SFTP_LSTAT, serve_lstat },
	{ SFTP_FSTAT, serve_fstat },     { SFTP_REMOVE, serve_remove },
	{ SFTP_STAT, serve_stat },       { SFTP_RENAME, serve_rename },
	{ SFTP_FSYNC, serve_fsync },     { SFTP_POSIX_RENAME, serve_rename },
	{ SFTP_LIMITS, serve_limits },   { SFTP_STATVFS, serve_statvfs },
	{ SFTP_OPENDIR, serve_opendir }, { SFTP_READDIR, serve_readdir },
	{ SFTP_RMDIR, serve_rmdir },
};

/* ---- all of them ---------------------------------------------------------------------------------------------------- */

static uint8_t extended_type(struct sp_reader *rest)
{
	size_t length;
	const char *name = (const char *)sp_read_string(rest, &length);
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].extension != NULL && strlen(kinds[i].extension) == length &&
		    memcmp(name, kinds[i].extension, length) == 0)
			return kinds[i].type;
	return SFTP_EXTENDED;
}

/* "open in/a.bin": what a story waits for. Writes and reads would be too many. */
static void tell_request(const struct request *request)
{
	struct sp_reader rest = request->rest;
	size_t length = 0;
	const uint8_t *path = (const uint8_t *)"";
	if (request->type == SFTP_READ || request->type == SFTP_WRITE)
		return;
	if (request->type != SFTP_INIT && request->type != SFTP_CLOSE &&
	    request->type != SFTP_FSTAT && request->type != SFTP_READDIR)
		path = sp_read_string(&rest, &length);
	tell("%s %.*s", sftp_name_of(request->type), path == NULL ? 0 : (int)length,
	     (const char *)path);
}

static void serve(struct peer *peer, struct sp_reader packet)
{
	uint8_t type = sp_read_u8(&packet);
	uint32_t id = type == SFTP_INIT ? 0 : sp_read_u32(&packet);
	if (type == SFTP_EXTENDED)
		type = extended_type(&packet);
	peer->request = (struct request){ .type = type, .id = id, .rest = packet };
	tell_request(&peer->request);
	if (fault_acts(peer, AT_REQUEST))
		return;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (services[i].type == type) {
			services[i].serve(peer);
			return;
		}
	}
	reply_status(peer, UNSUPPORTED, "");
}

void sftp_serve(struct peer *peer)
{
	struct sp_buffer *in = &peer->from_client;
	size_t at = 0;
	while (in->length - at >= LENGTH_SIZE) {
		uint32_t length = get_u32(in, at);
		if (length > PACKET_MAX + LENGTH_SIZE)
			errx(1, "the client announced an SFTP packet of %u bytes", length);
		if (in->length - at - LENGTH_SIZE < length)
			break;
		serve(peer, sp_reader_of(in->data + at + LENGTH_SIZE, length));
		at += LENGTH_SIZE + length;
	}
	if (at > 0)
		memmove(in->data, in->data + at, in->length - at);
	in->length -= at;
}
