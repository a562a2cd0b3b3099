#pragma once
/** What goes back to the client, before HTTP has it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { API_ERROR_TYPE_SIZE = 96 };

struct api_answer {
	unsigned status;
	const char *content_type;
	char error_type
		[API_ERROR_TYPE_SIZE]; /* for the header that the JSON protocols have; "" without error */
	char *body; /* owned, a NUL behind it; NULL: empty. Wiped when it goes: it may be a secret */
	size_t length;
	bool has_file; /* instead of a body: @length bytes of the descriptor @fd, which is owned, from @offset on */
	int fd;
	uint64_t offset;
	struct api_stream
		*stream; /* instead of a body: what is written later; borrowed from the call */
	unsigned retry_after_s; /* when it may be asked for again; 0: nothing is said of that */
	bool close;             /* the connection ends with this answer */
};
