#pragma once
/** A file of this machine, read whole. */

#include "base/buffer.h"
#include "base/error.h"

/**
 * Adds what @path has to @out; "-" is standard input. A file with a secret: set @out->secret before.
 * @max  bytes; more is SP_INVALID, and so is a folder; SP_NOT_FOUND, SP_DENIED, SP_SYSTEM.
 */
int text_file_read(const char *path, size_t max, struct sp_buffer *out, struct sp_error *err);
