#pragma once
/**
 * The object that a directory listing is (worker/listing_text.h writes it), read again a page at a time: memory follows the
 * page, not the object. Whoever may write into the bucket may have changed it: nothing of it is believed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"

/** Where a page begins, behind an entry; zeros: at the first one. Bytes. */
struct listing_place {
	int64_t offset;
	bool in_paths; /* of the object's two lists the second */
};

struct listing_page {
	struct listing_place next; /* where to begin; then where the next page does */
	json_t *files, *paths; /* arrays that entries are added to, as they stand in the object */
	bool more;             /* there is another page */
};

/**
 * Adds at most @max entries to the page's lists.
 *
 * @fd  borrowed: the object, for reading; its position is neither used nor moved
 *
 * Returns 0, or -1 with @err: SP_PROTOCOL when it is not such an object, naming the byte; SP_SYSTEM when it cannot be read.
 * What was added before stays. May block on the file system: in the bucket pool.
 */
int listing_page_read(int fd, size_t max, struct listing_page *page, struct sp_error *err);
