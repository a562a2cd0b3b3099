#pragma once
/**
 * How many files a connector's lane may have under way: so many small ones that a connection with a long way always has
 * the next one at hand, and few large ones. Pure.
 */

#include <stddef.h>
#include <stdint.h>

struct credit {
	size_t connections;
	uint64_t size_mean; /* bytes: of the files that came last */
};

/** The size of a file became known. */
void credit_note_size(struct credit *credit, uint64_t size);

/**
 * How many files may be under way.
 * @share  how many descriptors there are for this lane's; it counts only where there are few
 */
size_t credit_files(const struct credit *credit, size_t share);

/** How many places must be free before the queue is read again: one page for many files, not one for each. */
size_t credit_worth_reading(size_t files);
