#pragma once
/** Within objects/: the little that is read of S3's XML answers: texts between tags, in their order. Pure. */

#include <stdbool.h>
#include <stddef.h>

/**
 * The text of the next element <name>, with its entities resolved, owned by the caller; NULL when there is none before
 * @end. @at is moved behind it.
 */
char *s3_xml_next(const char **at, const char *end, const char *name);

/** The first one's, of a text that ends with a NUL. */
char *s3_xml_first(const char *text, const char *name);
