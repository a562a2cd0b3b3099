#pragma once
/**
 * The object that a directory listing is: one JSON object with what is no directory ("files"), the directories ("paths")
 * and whether there is more ("truncated"). Pure: text is added to a buffer, piece by piece, so that it may be any size.
 */

#include "base/buffer.h"
#include "remote/listing.h"

struct listing_text {
	struct sp_buffer
		prefix;      /* of every path: the directory, as it stands within a JSON string */
	size_t files, paths; /* so far */
};

/** @directory: bytes, as the request has it. Paths begin with it. */
void listing_text_init(struct listing_text *text, const char *directory);
void listing_text_finish(struct listing_text *text);

void listing_text_begin(struct sp_buffer *out);
/** One of "files", before the first of "paths". */
void listing_text_file(struct listing_text *text, const struct remote_entry *entry,
		       struct sp_buffer *out);
/** "files" ends, "paths" begins. */
void listing_text_between(struct sp_buffer *out);
void listing_text_path(struct listing_text *text, const struct remote_entry *entry,
		       struct sp_buffer *out);
void listing_text_end(bool truncated, struct sp_buffer *out);
