#pragma once
/**
 * Object bytes, the worker's side: a source is read, a sink is written. Behind the door: a descriptor (a bucket that
 * is a folder); later HTTP. Called by the worker's file thread only; calls may block on the disk.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct stream;

/** @fd is taken. */
int stream_open_descriptor(int fd, struct stream **out, struct sp_error *err);
void stream_close(struct stream *stream); /* NULL is fine */

/** Fills @room bytes from @offset but for the end of the file. Returns the bytes read, 0 at the end, or -1. */
ssize_t stream_read(struct stream *stream, uint64_t offset, void *out, size_t room,
		    struct sp_error *err);

/** All @length bytes at @offset, or -1 (SP_NO_SPACE …). */
int stream_write(struct stream *stream, uint64_t offset, const void *data, size_t length,
		 struct sp_error *err);
