#pragma once
/**
 * Within service/s3/: what clients say of an object (its type, how to keep it, their own metadata), from the headers of
 * one request to those of another answer. Between them it is an object of texts: names of headers in lower case.
 */

#include "api/call.h"
#include "base/json.h"
#include "objects/folder_notes.h"

enum {
	TOLD_METADATA_MAX = 2048, /* S3's limit for names and values of x-amz-meta-…, bytes */
	TOLD_NAMES_MAX = 48,      /* of them: an answer has room for these (API_HEADERS_MAX) */
};

/** SP_INVALID: too much metadata. SP_UNSUPPORTED: an ACL or a class that there is not. @out is owned by the caller. */
int told_read(const struct api_call *call, json_t **out, struct sp_error *err);

/** Adds them to the answer. @overrides: parameters "response-content-type" … of the request may say otherwise. */
void told_add_headers(struct api_call *call, const struct object_notes *notes, bool overrides);

/** The checksum that the object came with: its header and value. */
void told_set_checksum(json_t *told, const char *name, const char *value);
void told_add_checksum_header(struct api_call *call, const struct object_notes *notes);

/** Whether there is anything that a file system has to keep. */
bool told_has_metadata(const json_t *told);
