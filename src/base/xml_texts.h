#pragma once
/**
 * The texts in an XML answer, by the name of the element they stand in. No parser of XML: it reads what S3 and this service
 * answer, where no element that is asked for stands in one of its own name or has attributes, and of anything else it finds
 * nothing. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/** A part of an answer, borrowed. */
struct xml_piece {
	const char *at;
	size_t length;
};

/** What is inside the next element <name> of @rest, which then begins behind it. False when there is none. */
bool xml_next(struct xml_piece *rest, const char *name, struct xml_piece *out);

/** The text of the first element <name> in @piece, decoded, owned by the caller; NULL when there is none. */
char *xml_text(struct xml_piece piece, const char *name);
