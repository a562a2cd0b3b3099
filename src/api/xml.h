#pragma once
/** Writing XML: answers of the Query protocols and their errors. */

#include "base/buffer.h"
#include "base/json.h"

/** Text with everything escaped that XML would read as its own; what XML 1.0 cannot hold becomes U+FFFD. */
void xml_add_text(struct sp_buffer *out, const char *text);

/** <name>text</name> */
void xml_add_element(struct sp_buffer *out, const char *name, const char *text);

/**
 * <name>…</name> for a JSON value: members of an object as elements, elements of an array as <@element>: Query has
 * "member", EC2 has "item". Null writes nothing.
 */
void xml_add_value(struct sp_buffer *out, const char *name, const json_t *value,
		   const char *element);

/** The members of an object, each as xml_add_value() writes it. @object may be NULL: nothing. */
void xml_add_members(struct sp_buffer *out, const json_t *object, const char *element);
