#pragma once
/**
 * Whether a bucket works: what transfers ask of its storage is asked once, and each step says what was answered and what is
 * needed for it. Blocks as calls to storage do, but gives each question OBJECT_PROBE_MS only, and asks it once. Any thread.
 */

#include "objects/objects.h"

enum {
	OBJECT_PROBE_MS =
		8000, /* for a whole question and its answer: two fit what an ending waits */
	OBJECT_PROBE_STEPS_MAX = 12,
};

/** The object that a probe puts and removes; it stays where the credentials may not delete. One has just this key. */
#define OBJECT_PROBE_KEY ".sallyport-test"

enum object_probe_status {
	OBJECT_PROBE_OK,
	OBJECT_PROBE_WARNING, /* transfers work without it, and less well */
	OBJECT_PROBE_FAILED,
};

struct object_probe_step {
	const char *name; /* static: the call of S3 that was made, as "PutObject" */
	enum object_probe_status status;
	int64_t milliseconds;
	char message[SP_ERROR_MESSAGE_MAX];
};

struct object_probe {
	struct object_probe_step steps[OBJECT_PROBE_STEPS_MAX];
	size_t count;
	enum object_probe_status status; /* the worst of them */
};

/**
 * Of a folder there is one step: whether it is there and can be written to.
 * @writes  false: looks only, and leaves nothing behind whatever happens
 * SP_NOT_FOUND: there is no such bucket. What does not work is no failure of this call.
 */
int objects_probe(struct objects *objects, const char *bucket, bool writes,
		  struct object_probe *out, struct sp_error *err);

/** "OK", "WARNING" or "FAILED". */
const char *object_probe_status_name(enum object_probe_status status);

/** The first step that has the probe's status; NULL when nothing was asked. */
const struct object_probe_step *object_probe_worst(const struct object_probe *probe);

/** The names of buckets at storage, from @at on (0), which is moved; NULL at their end. Borrowed. */
const char *objects_next_remote(const struct objects *objects, size_t *at);
