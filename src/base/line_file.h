#pragma once
/**
 * A file of lines that are only ever appended whole, rotated by size to FILE.1, FILE.2 … One thread at a time.
 *
 * A crash may cut the last line; the next start goes on behind it in a new one. A file that somebody has moved away is
 * begun anew.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sp_line_file;

struct sp_line_file_options {
	const char *what; /* in sentences: "flow log". Kept */
	const char *path; /* copied */
	int64_t size_max; /* bytes of one file */
	int64_t kept;     /* rotated ones */
};

/** Creates the file when it is not there. */
int sp_line_file_open(const struct sp_line_file_options *options, struct sp_line_file **out,
		      struct sp_error *err);
void sp_line_file_close(struct sp_line_file *file); /* NULL is fine */

/**
 * Returns how many bytes are in the file; fewer than all with @err, and then nothing of the line that follows is.
 * @lines  whole ones, each with its newline
 */
size_t sp_line_file_write(struct sp_line_file *file, const char *lines, size_t length,
			  struct sp_error *err);

/** All that was written is on disk, and so are the names of the files. */
int sp_line_file_sync(struct sp_line_file *file, struct sp_error *err);

const char *sp_line_file_path(const struct sp_line_file *file);
