#pragma once
/**
 * How files are published, as the tags of their connector say: our additions to what AWS has. Pure.
 */

#include <stdbool.h>

#include "base/error.h"

#define PUBLISHING_TAG_PREFIX   "sallyport:"
#define PUBLISHING_TAG_CONFLICT "sallyport:on-conflict"
#define PUBLISHING_TAG_UPLOAD   "sallyport:upload"
#define PUBLISHING_TAG_STAGING  "sallyport:upload-staging"
#define PUBLISHING_TAG_TEMP     "sallyport:upload-temp"
#define PUBLISHING_TAG_VERIFY   "sallyport:verify"

/** What happens to a file whose final name is taken. Numbers go over the wire and are kept. */
enum conflict_policy { CONFLICT_OVERWRITE, CONFLICT_FAIL, CONFLICT_KEEP_BOTH, CONFLICT_COUNT };
/** Numbers go over the wire and are kept. */
enum upload_mode { UPLOAD_PART, UPLOAD_DIRECT, UPLOAD_STRIPED, UPLOAD_MODE_COUNT };
/** What is looked at after the last byte. Numbers go over the wire. */
enum verify_wish { VERIFY_SIZE, VERIFY_SERVER_HASH, VERIFY_REREAD, VERIFY_WISH_COUNT };

enum {
	PUBLISHING_PATTERN_MAX = 100, /* bytes of a pattern for parts' names */
	KEEP_BOTH_FIRST = 2,          /* "name (2).ext" is what the second one is called … */
	KEEP_BOTH_LAST = 1000,        /* … and the last */
	FILE_NAME_MAX = 255,          /* bytes of a name that we make: what file systems take */
};

/** Starts as { 0 }: what AWS does. */
struct publishing {
	enum conflict_policy conflict;
	enum upload_mode upload;
	enum verify_wish verify;
	char *staging; /* remote directory of parts, bytes; NULL: beside the target. Owned, as below */
	char *temp_pattern; /* of parts' names, bytes, with "{id}" in it; NULL: PART_PATTERN */
};

void publishing_finish(struct publishing *publishing);
struct publishing publishing_copy(const struct publishing *publishing);

/**
 * Notes what one tag of a connector says; tags that are not ours are none of its matter.
 * SP_INVALID: one sentence, which names the tag and what it may be.
 */
int publishing_read_tag(struct publishing *publishing, const char *key, const char *value,
			struct sp_error *err);

/** Whether they make sense together. SP_INVALID. */
int publishing_check(const struct publishing *publishing, struct sp_error *err);

/** As the tags have them: "overwrite", "fail", "keep-both" … */
const char *conflict_policy_name(enum conflict_policy policy);
const char *upload_mode_name(enum upload_mode mode);

/* ---- names that we make; owned by the caller -------------------------------------------------------------------- */

#define PART_PATTERN ".sp-{id}.part"

/**
 * What a part is called: "{id}" is the file's id, a dash and the attempt, "{name}" the name that the file will have.
 * @pattern  NULL: PART_PATTERN
 */
char *part_name(const char *pattern, const char *file_id, unsigned attempt, const char *name);

/** What a file is called that is put aside for the one with this id: no pattern's matter, it lies among others' files. */
char *aside_name(const char *file_id);

/**
 * What the @number-th file of a name is called where all are kept: "report.csv" → "report (2).csv". Of a path, the last
 * part. NULL: it would be longer than FILE_NAME_MAX.
 */
char *keep_both_name(const char *path, unsigned number);

/** Whether @name is what keep_both_name() makes of @path, for some number that it may have. */
bool keep_both_is_of(const char *path, const char *name);
