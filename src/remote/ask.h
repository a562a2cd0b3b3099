#pragma once
/**
 * Asking the server, inside this room: each call puts one request into the session's out-queue, with the function
 * that gets its reply. Nothing waits. Callers look at remote_room() first, and keep paths below REMOTE_PATH_MAX;
 * ask_read() and ask_close() may also be called once from a reply function without looking, in the place of the
 * request that was just answered.
 *
 * @owner  stands for the job: session_forget() goes by it
 */

#include "remote/requests.h"
#include "remote/session_within.h"
#include "remote/wire.h"

/** Who gets the reply. @fn NULL: nobody. */
struct asker {
	reply_fn *fn;
	void *owner;
};

void ask_open(struct remote *remote, const char *path, uint32_t flags, struct asker asker);
void ask_fstat(struct remote *remote, const struct wire_handle *handle, struct asker asker);
void ask_fsync(struct remote *remote, const struct wire_handle *handle, struct asker asker);

/** "copy-data": @length bytes at @offset of one open file into another. */
void ask_copy(struct remote *remote, const struct wire_handle *from, const struct wire_handle *to,
	      uint64_t offset, uint64_t length, struct asker asker);

/** When not even the requests kept for closing are left, nothing is asked: the server closes it with the session. */
void ask_close(struct remote *remote, const struct wire_handle *handle, struct asker asker);

/** WIRE_STAT, WIRE_LSTAT. */
void ask_stat(struct remote *remote, enum wire_type type, const char *path, struct asker asker);

/** A directory, and what is in it next: NAME, or a STATUS that says EOF. */
void ask_open_directory(struct remote *remote, const char *path, struct asker asker);
void ask_names(struct remote *remote, const struct wire_handle *handle, struct asker asker);

/** WIRE_REMOVE, WIRE_RMDIR. */
void ask_remove(struct remote *remote, enum wire_type type, const char *path, struct asker asker);
void ask_rename(struct remote *remote, const char *from, const char *to, bool posix,
		struct asker asker);
void ask_space(struct remote *remote, const char *path, struct asker asker);
/** "check-file-name". */
void ask_hash(struct remote *remote, const char *path, struct asker asker);
void ask_limits(struct remote *remote, struct asker asker);

/** A piece of a file: what READ and WRITE are about. Offset, length and item come back with the reply. */
struct piece {
	uint64_t offset;
	uint32_t length;
	void *item;
};

/** @into: at least piece.length bytes, kept until the reply came or the owner was forgotten. */
void ask_read(struct remote *remote, const struct wire_handle *handle, const struct piece *piece,
	      uint8_t *into, struct asker asker);

/** @data: kept as @into above. */
void ask_write(struct remote *remote, const struct wire_handle *handle, const struct piece *piece,
	       const uint8_t *data, struct asker asker);
