#pragma once
/**
 * Within egress/: the flow log's file (base/line_file.h). A thread of its own writes, so that a file system that hangs
 * holds up nobody. What could not be written waits, FLOW_FILE_WAITING_MAX bytes at most, and goes out with the next line.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct flow_file;

enum { FLOW_FILE_WAITING_MAX = 4 << 20 /* bytes; further lines are lost, and counted */ };

/** Creates the file when it is not there. @path is copied; @size_max: bytes of one file; @kept: rotated ones. */
int flow_file_open(const char *path, int64_t size_max, int64_t kept, struct flow_file **out,
		   struct sp_error *err);

/** Writes what waits. NULL is fine. */
void flow_file_close(struct flow_file *file);

/** Any thread, never blocks. @lines: whole ones, each with its newline; copied. NULL, for @file, is fine. */
void flow_file_add(struct flow_file *file, const char *lines, size_t length);
