#pragma once
/**
 * What was said of an object when it was stored, and its ETag: kept with the file, in one extended attribute, so that it
 * travels, is replaced and goes with it. Any thread.
 *
 * The ETag is what whoever stored it was told: the MD5 of its bytes, or of its parts' MD5s with their number. It holds as
 * long as size and time of the file are what they were then. A file that came otherwise, or was written to since, has an
 * ETag made of what identifies it, which ends with "-0" and is no MD5: to read all bytes only to be listed would cost
 * too much, and nothing but the bytes says what their MD5 is.
 */

#include <sys/stat.h>

#include "base/json.h"
#include "objects/objects.h"

enum {
	OBJECT_ETAG_SIZE = 40, /* 32 hex digits, "-10000" and a NUL */
	OBJECT_NOTES_MAX =
		3 << 10, /* bytes; ext4 has room for one block with all of a file's attributes */
};

struct object_notes {
	char etag[OBJECT_ETAG_SIZE]; /* "": none is known */
	json_t *told;                /* owned; an object of texts; NULL: nothing */
};

void object_notes_finish(struct object_notes *notes);

/** Whether what was told will fit: SP_INVALID before there are bytes that wait for it. @told: NULL is nothing. */
int object_notes_check(const json_t *told, struct sp_error *err);

/**
 * Keeps @notes with the file @fd as it is now. SP_INVALID: they are too long. SP_UNSUPPORTED: its file system keeps no
 * extended attributes.
 */
int object_notes_write(int fd, const struct object_notes *notes, struct sp_error *err);

/** What is known of the file @fd. The ETag is never "". */
void object_notes_read(int fd, struct object_notes *out);

/** Its ETag alone. @status: the file's, just read. */
void object_notes_find_etag(int folder_fd, const char *name, const struct stat *status,
			    char out[OBJECT_ETAG_SIZE]);
