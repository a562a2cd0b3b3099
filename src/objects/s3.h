#pragma once
/** Within objects/: buckets at storage that speaks S3; the files of this backend. */

#include "objects/bucket.h"
#include "objects/s3_call.h"

/* ---- s3_source.c: looking and reading ---- */

/** HEAD. 0 with an answer of success, or -1 with the sentence; SP_NOT_FOUND. */
int s3_look(struct s3_place *place, const char *key, struct s3_answer *out, struct sp_error *err);

int s3_open_source(struct objects *objects, const char *bucket, const char *key,
		   struct object_way *out, struct object_identity *out_identity,
		   struct sp_error *err);
int s3_open_bytes(struct objects *objects, const char *bucket, const char *key, uint64_t max,
		  int *out_fd, struct object_identity *out_identity, struct sp_error *err);
int s3_check_source(struct objects *objects, const char *bucket, const char *key,
		    const struct object_identity *identity, struct sp_error *err);
int s3_source_url(struct objects *objects, const char *bucket, const char *key, char **out_url,
		  struct sp_error *err);
bool s3_is_taken(struct objects *objects, const char *bucket, const char *key, const char *but_of);

/* ---- s3_put.c: what is put as a whole, and under which condition ---- */

int s3_allow_put(struct objects *objects, const char *bucket, const char *key,
		 struct object_put *put, struct sp_error *err);

/** Whether If-None-Match is worth a try at this storage, and that it is not. */
bool s3_knows_free(struct s3_place *place);
void s3_learn_no_free(struct s3_place *place);

/* ---- s3_upload.c: multipart uploads from their beginning to their end ---- */

int s3_part_urls(struct objects *objects, const char *bucket, const char *key, const char *file_id,
		 int attempt, uint32_t first, uint32_t count, char **out_urls,
		 struct sp_error *err);

/** All its parts, which must be without a gap, as the body of a completion and as numbers. */
struct s3_parts {
	struct sp_buffer body;
	uint64_t size; /* of the parts that were counted */
	uint32_t count;
};

/** What is there of it, as far as @size bytes: parts behind those are left out. SP_NOT_FOUND: no such upload (any more). */
int s3_list_parts(struct s3_place *place, const struct object_upload *upload, uint64_t size,
		  struct s3_parts *out, struct sp_error *err);
void s3_parts_finish(struct s3_parts *parts);

/** SP_NOT_FOUND when the attempt has none. */
int s3_find_upload(struct objects *objects, const char *file_id, int attempt,
		   struct object_upload *out, struct sp_error *err);

/** Aborts it and strikes it out of the book; what is gone already is no failure. @err: why nobody answered. */
bool s3_abort(struct objects *objects, const struct object_upload *upload, struct sp_error *err);

/** Whether an id can be used as it is. NULL is none. */
bool s3_upload_id_is_good(const char *id);

/** "uploadId=…", owned by the caller. */
char *s3_upload_query(const struct object_upload *upload, const char *more);
