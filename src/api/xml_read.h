#pragma once
/** Reading XML: the document that a request to S3 has as its body. */

#include <stddef.h>

#include "api/shape.h"
#include "base/error.h"

/**
 * The elements below the root that @shape (a STRUCTURE) names, as an object; others are passed over, as AWS does. A list
 * is an element that comes several times. Text of what is a number or truth value becomes one (form_scalar()).
 *
 * Returns 0, or -1 with SP_PROTOCOL: it is no XML, has a document type (entities could make much of little), is deeper
 * than any document of S3's, or has an element twice that may come once. @out is owned by the caller.
 */
int xml_read(const char *text, size_t length, const struct shape *shape, json_t **out,
	     struct sp_error *err);
