#pragma once
/**
 * The packets of SFTP version 3, and OpenSSH's extensions, as bytes. Pure: writers put one whole request (its length
 * in front) into an sp_writer, readers take one reply apart. Nothing here keeps state or allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "remote/session.h"

enum wire_type {
	WIRE_INIT = 1,
	WIRE_VERSION = 2,
	WIRE_OPEN = 3,
	WIRE_CLOSE = 4,
	WIRE_READ = 5,
	WIRE_WRITE = 6,
	WIRE_LSTAT = 7,
	WIRE_FSTAT = 8,
	WIRE_OPENDIR = 11,
	WIRE_READDIR = 12,
	WIRE_REMOVE = 13,
	WIRE_RMDIR = 15,
	WIRE_STAT = 17,
	WIRE_RENAME = 18,
	WIRE_STATUS = 101,
	WIRE_HANDLE = 102,
	WIRE_DATA = 103,
	WIRE_NAME = 104,
	WIRE_ATTRS = 105,
	WIRE_EXTENDED = 200,
	WIRE_EXTENDED_REPLY = 201,
};

enum wire_open_flag {
	WIRE_OPEN_READ = 0x01,
	WIRE_OPEN_WRITE = 0x02,
	WIRE_OPEN_CREATE = 0x08,
	WIRE_OPEN_TRUNCATE = 0x10,
	WIRE_OPEN_EXCLUSIVE = 0x20,

	/* There are servers (npm's ssh2 helps to write them) that know only the combinations that fopen() has: "wx" for a
	 * file that is not there yet, where there is nothing to truncate, and "r+" for one that is. */
	WIRE_OPEN_NEW =
		WIRE_OPEN_WRITE | WIRE_OPEN_CREATE | WIRE_OPEN_TRUNCATE | WIRE_OPEN_EXCLUSIVE,
	WIRE_OPEN_OVER = WIRE_OPEN_WRITE | WIRE_OPEN_CREATE | WIRE_OPEN_TRUNCATE, /* "w" */
	WIRE_OPEN_CHANGE = WIRE_OPEN_READ | WIRE_OPEN_WRITE,
};

/** Status codes: 0 to 8 are version 3's, the later ones are used by servers that know more. */
enum wire_status_code {
	WIRE_OK = 0,
	WIRE_EOF = 1,
	WIRE_NO_SUCH_FILE = 2,
	WIRE_PERMISSION_DENIED = 3,
	WIRE_FAILURE = 4,
	WIRE_BAD_MESSAGE = 5,
	WIRE_NO_CONNECTION = 6,
	WIRE_CONNECTION_LOST = 7,
	WIRE_OP_UNSUPPORTED = 8,
	WIRE_NO_SUCH_PATH = 10,
	WIRE_FILE_EXISTS = 11,
	WIRE_WRITE_PROTECT = 12,
	WIRE_NO_SPACE = 14,
	WIRE_QUOTA_EXCEEDED = 15,
};

enum {
	WIRE_PROTOCOL_VERSION = 3,
	WIRE_HANDLE_MAX = 256, /* bytes; the draft's limit */
	WIRE_LENGTH_SIZE = 4,
	WIRE_DATA_HEAD =
		13, /* a DATA packet up to its bytes: length, type, id, length of the bytes */
	/* The longest request without a WRITE's bytes: an extended rename with two paths. */
	WIRE_REQUEST_MAX = 2 * (REMOTE_PATH_MAX + WIRE_LENGTH_SIZE) + 128,
	/* The longest request that names a handle, without a WRITE's bytes. */
	WIRE_HANDLE_REQUEST_MAX = WIRE_HANDLE_MAX + 64,
};

/** A server's name for an open file. */
struct wire_handle {
	uint8_t bytes[WIRE_HANDLE_MAX];
	size_t length;
};

/* ---- requests -------------------------------------------------------------------------------------------------- */

void wire_put_init(struct sp_writer *writer);
void wire_put_open(struct sp_writer *writer, uint32_t id, const char *path, uint32_t flags);

/** CLOSE, FSTAT, READDIR. */
void wire_put_handle(struct sp_writer *writer, enum wire_type type, uint32_t id,
		     const struct wire_handle *handle);
void wire_put_read(struct sp_writer *writer, uint32_t id, const struct wire_handle *handle,
		   uint64_t offset, uint32_t length);

/** All of a WRITE but its @length bytes, which have to follow. */
void wire_put_write_head(struct sp_writer *writer, uint32_t id, const struct wire_handle *handle,
			 uint64_t offset, uint32_t length);

/** LSTAT, STAT, REMOVE, RMDIR, OPENDIR, and with @second RENAME. */
void wire_put_paths(struct sp_writer *writer, enum wire_type type, uint32_t id, const char *first,
		    const char *second);

/** An extended request with up to two paths; NULL ends them. */
void wire_put_extended_paths(struct sp_writer *writer, uint32_t id, const char *name,
			     const char *first, const char *second);
/** draft-ietf-secsh-filexfer-extensions-00, "check-file-name": one SHA-256 of the whole file. */
void wire_put_check_file(struct sp_writer *writer, uint32_t id, const char *path);
/** draft-ietf-secsh-filexfer-extensions-00, "copy-data": the same offset in both. */
void wire_put_copy(struct sp_writer *writer, uint32_t id, const struct wire_handle *from,
		   const struct wire_handle *to, uint64_t offset, uint64_t length);
void wire_put_extended_handle(struct sp_writer *writer, uint32_t id, const char *name,
			      const struct wire_handle *handle);

/* ---- replies: what follows type (and id); false when malformed. Bytes are borrowed from the packet. ------------- */

struct wire_status {
	uint32_t code;
	const uint8_t *text; /* the server's words, any bytes; old servers send none */
	size_t text_length;
};

struct wire_bytes {
	const uint8_t *data;
	size_t length;
};

/** NAME: what is in a directory. Every entry has been looked at: there are as many as it says. */
struct wire_names {
	uint32_t left; /* entries */
	struct sp_reader entries;
};

struct wire_name {
	struct wire_bytes name;
	struct wire_bytes line; /* as `ls -l` shows it, in any form */
	struct remote_attributes attributes;
};

/** limits@openssh.com; 0 means: not said. */
struct wire_limits {
	uint64_t packet, read, write, handles;
};

/** statvfs@openssh.com, the part that we use. */
struct wire_space {
	uint64_t unit;      /* bytes */
	uint64_t available; /* units that an ordinary user may take */
};

/** What "check-file-name" is answered with. */
struct wire_hash {
	bool is_sha256;
	uint8_t bytes[SP_SHA256_SIZE];
};

/** Version and extensions; sets @out's version and booleans. */
bool wire_get_version(struct sp_reader *reader, struct remote_features *out);
bool wire_get_status(struct sp_reader *reader, struct wire_status *out);
bool wire_get_handle(struct sp_reader *reader, struct wire_handle *out);
bool wire_get_attributes(struct sp_reader *reader, struct remote_attributes *out);

bool wire_get_names(struct sp_reader *reader, struct wire_names *out);
/** The next one; false behind the last. */
bool wire_next_name(struct wire_names *names, struct wire_name *out);

bool wire_get_limits(struct sp_reader *reader, struct wire_limits *out);
bool wire_get_hash(struct sp_reader *reader, struct wire_hash *out);
bool wire_get_space(struct sp_reader *reader, struct wire_space *out);

/** "HANDLE", "DATA" …, "unknown" for other numbers. */
const char *wire_type_name(uint8_t type);
