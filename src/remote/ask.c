#include "remote/ask.h"

#include <assert.h>

#include "remote/outbox.h"

static struct sp_writer *begin(struct remote *remote, enum reply_kind wants, struct asker asker,
			       uint32_t *out_id)
{
	struct request request = { .wants = wants, .fn = asker.fn, .owner = asker.owner };
	struct sp_writer *writer = session_begin(remote, &request, out_id);
	assert(writer != NULL);
	return writer;
}

void ask_open(struct remote *remote, const char *path, uint32_t flags, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_HANDLE, asker, &id);
	wire_put_open(writer, id, path, flags);
	session_end(remote, NULL, 0);
}

void ask_fstat(struct remote *remote, const struct wire_handle *handle, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_ATTRIBUTES, asker, &id);
	wire_put_handle(writer, WIRE_FSTAT, id, handle);
	session_end(remote, NULL, 0);
}

void ask_copy(struct remote *remote, const struct wire_handle *from, const struct wire_handle *to,
	      uint64_t offset, uint64_t length, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_STATUS, asker, &id);
	wire_put_copy(writer, id, from, to, offset, length);
	session_end(remote, NULL, 0);
}

void ask_fsync(struct remote *remote, const struct wire_handle *handle, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_STATUS, asker, &id);
	wire_put_extended_handle(writer, id, "fsync@openssh.com", handle);
	session_end(remote, NULL, 0);
}

void ask_close(struct remote *remote, const struct wire_handle *handle, struct asker asker)
{
	uint32_t id;
	struct request request = {
		.wants = REPLY_STATUS, .fn = asker.fn, .owner = asker.owner, .closes = true
	};
	struct sp_writer *writer = session_begin(remote, &request, &id);
	if (writer == NULL)
		return;
	wire_put_handle(writer, WIRE_CLOSE, id, handle);
	session_end(remote, NULL, 0);
}

static void ask_paths(struct remote *remote, enum reply_kind wants, enum wire_type type,
		      const char *first, const char *second, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, wants, asker, &id);
	wire_put_paths(writer, type, id, first, second);
	session_end(remote, NULL, 0);
}

static void ask_extended(struct remote *remote, enum reply_kind wants, const char *name,
			 const char *first, const char *second, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, wants, asker, &id);
	wire_put_extended_paths(writer, id, name, first, second);
	session_end(remote, NULL, 0);
}

void ask_stat(struct remote *remote, enum wire_type type, const char *path, struct asker asker)
{
	ask_paths(remote, REPLY_ATTRIBUTES, type, path, NULL, asker);
}

void ask_open_directory(struct remote *remote, const char *path, struct asker asker)
{
	ask_paths(remote, REPLY_HANDLE, WIRE_OPENDIR, path, NULL, asker);
}

void ask_names(struct remote *remote, const struct wire_handle *handle, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_NAMES, asker, &id);
	wire_put_handle(writer, WIRE_READDIR, id, handle);
	session_end(remote, NULL, 0);
}

void ask_remove(struct remote *remote, enum wire_type type, const char *path, struct asker asker)
{
	ask_paths(remote, REPLY_STATUS, type, path, NULL, asker);
}

void ask_rename(struct remote *remote, const char *from, const char *to, bool posix,
		struct asker asker)
{
	if (posix)
		ask_extended(remote, REPLY_STATUS, "posix-rename@openssh.com", from, to, asker);
	else
		ask_paths(remote, REPLY_STATUS, WIRE_RENAME, from, to, asker);
}

void ask_space(struct remote *remote, const char *path, struct asker asker)
{
	ask_extended(remote, REPLY_SPACE, "statvfs@openssh.com", path, NULL, asker);
}

void ask_hash(struct remote *remote, const char *path, struct asker asker)
{
	uint32_t id;
	struct sp_writer *writer = begin(remote, REPLY_HASH, asker, &id);
	wire_put_check_file(writer, id, path);
	session_end(remote, NULL, 0);
}

void ask_limits(struct remote *remote, struct asker asker)
{
	ask_extended(remote, REPLY_LIMITS, "limits@openssh.com", NULL, NULL, asker);
}

static struct request piece_request(enum reply_kind wants, const struct piece *piece,
				    struct asker asker)
{
	return (struct request){
		.wants = wants,
		.fn = asker.fn,
		.owner = asker.owner,
		.item = piece->item,
		.offset = piece->offset,
		.length = piece->length,
	};
}

void ask_read(struct remote *remote, const struct wire_handle *handle, const struct piece *piece,
	      uint8_t *into, struct asker asker)
{
	uint32_t id;
	struct request request = piece_request(REPLY_DATA, piece, asker);
	request.into = into;
	struct sp_writer *writer = session_begin(remote, &request, &id);
	assert(writer != NULL);
	wire_put_read(writer, id, handle, piece->offset, piece->length);
	session_end(remote, NULL, 0);
}

void ask_write(struct remote *remote, const struct wire_handle *handle, const struct piece *piece,
	       const uint8_t *data, struct asker asker)
{
	uint32_t id;
	struct request request = piece_request(REPLY_STATUS, piece, asker);
	struct sp_writer *writer = session_begin(remote, &request, &id);
	assert(writer != NULL);
	wire_put_write_head(writer, id, handle, piece->offset, piece->length);
	if (piece->length > OUTBOX_COPY_MAX) {
		session_end(remote, data, piece->length);
		return;
	}
	sp_write_bytes(writer, data, piece->length);
	session_end(remote, NULL, 0);
}
