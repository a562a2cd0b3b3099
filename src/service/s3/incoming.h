#pragma once
/**
 * Within service/s3/: an object on its way into a bucket. Its bytes go into a temporary, which gets the object's name when
 * all of them are there and are what was said; until then nobody sees anything.
 */

#include "api/payload.h"
#include "objects/folder_uploads.h"
#include "service/context.h"
#include "service/s3/conditions.h"

struct incoming {
	struct service_context *context;
	char *bucket, *key; /* owned */
	char file_id[UPLOAD_ID_SIZE];
	int fd;                            /* of the temporary; -1: there is none */
	uint64_t unsent;                   /* bytes that the kernel was not told to write yet */
	json_t *told;                      /* owned; NULL: nothing */
	struct change_condition condition; /* of what has the name */
	struct payload payload;
	char etag[OBJECT_ETAG_SIZE]; /* once it is published */
};

/** Makes the temporary, if the condition holds. @out is to be abandoned, or finished, also after a failure. */
int incoming_open(struct incoming *out, struct service_context *context, const char *bucket,
		  const char *key, struct sp_error *err);

/** Writes. A sign_bytes_fn. */
int incoming_take(void *incoming, const void *data, size_t length, struct sp_error *err);

/** Whether its condition holds so far: before there are bytes that come in vain. */
int incoming_check(const struct incoming *incoming, struct sp_error *err);

/** Gives it its name. @etag: MD5, or what stands for it. */
int incoming_publish(struct incoming *incoming, const char *etag, struct sp_error *err);

/** The temporary goes, if it has no name yet: before a failure is answered, so that nothing is left then. */
void incoming_discard(struct incoming *incoming);

/** The same, and all else. */
void incoming_finish(struct incoming *incoming);
