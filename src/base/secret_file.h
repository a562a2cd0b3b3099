#pragma once
/** A file with one line that is a secret: ours alone, or root's who lets us read it. */

#include <stddef.h>

#include "base/error.h"

/**
 * @what     in sentences: "master key"
 * @text     with a newline behind it in the file, which is of mode 0600 and never seen half; one that is there already
 *           stays
 */
int sp_secret_file_create(const char *path, const char *what, const char *text,
			  struct sp_error *err);

/**
 * SP_NOT_FOUND; SP_DENIED for a file that others can read, of another user (but root's) or behind a symbolic link;
 * SP_INVALID when there is more in it than fits.
 *
 * @out  has room for @size bytes; the text without its newline; wipe it after use
 */
int sp_secret_file_read(const char *path, const char *what, char *out, size_t size,
			struct sp_error *err);
