#pragma once
/** Within service/iam/: what its operations share. */

#include "api/call.h"
#include "identity/identities.h"
#include "service/context.h"
#include "store/principals.h"

/** An operation under way: a closure on the store reads @input and fills @output. */
struct iam_request {
	const struct service_context *context;
	const json_t *input;
	json_t *output; /* owned; an object, empty at first */
	struct identity who;
	const char *code; /* of a refusal; NULL: by the error's own */
	int64_t now_ms;
};

typedef int iam_fn(struct iam_request *request, struct db *db, struct sp_error *err);

/** Runs @fn on a reader, or on the writer, and answers the call with its output or its error. What is written holds at once. */
void iam_read(struct api_call *call, iam_fn *fn);
void iam_write(struct api_call *call, iam_fn *fn);

#define IAM_INVALID   "ValidationError"
#define IAM_NO_ENTITY "NoSuchEntity"
#define IAM_CONFLICT  "DeleteConflict"
#define IAM_LIMIT     "LimitExceeded"
#define IAM_MALFORMED "MalformedPolicyDocument"

/** Returns -1. */
int iam_refuse(struct iam_request *request, struct sp_error *err, const char *code,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
#define iam_refuse(...) sp_failed(iam_refuse(__VA_ARGS__))

/** The text of a member, NULL when there is none. Borrowed. */
const char *iam_text(const struct iam_request *request, const char *name);

/** "AIDA" and the like, and 17 characters as AWS draws them. */
void iam_id_draw(const char *prefix, char out[PRINCIPAL_ID_SIZE]);

/** The member Path, "/" when there is none. */
const char *iam_path(const struct iam_request *request);

/** The user or role that the input names; without a name, the user who asks. @out is the caller's to finish. */
int iam_find_asked(struct iam_request *request, struct db *db, struct principal *out,
		   struct sp_error *err);

static inline void iam_cleanup_principal(struct principal *principal)
{
	principal_finish(principal);
}

#define AUTO_PRINCIPAL __attribute__((cleanup(iam_cleanup_principal))) struct principal

/** A time as answers have it. */
void iam_set_time(json_t *object, const char *name, int64_t time_ms);

/** A policy document as answers have it: percent-encoded. */
void iam_set_document(json_t *object, const char *name, const char *document);

/** Refuses what is no policy, or is longer than @max characters without white space (0: any length). */
int iam_check_document(struct iam_request *request, enum access_policy_kind kind,
		       const char *document, size_t max, const char *too_long,
		       struct sp_error *err);

/* ---- pages ---- */

struct iam_page {
	char *list;      /* its name: a marker of another list is refused; owned */
	json_t *entries; /* owned until iam_page_end() */
	size_t max;
	char *after; /* where it begins; NULL: at the start; owned */
	char *last;  /* position of the last entry; owned */
	bool more;
};

/** -1 when Marker is none of ours. @name: what is listed; whatever else the input has is a filter of it. */
int iam_page_begin(struct iam_request *request, const char *name, struct iam_page *out,
		   struct sp_error *err);
/** Takes @entry, which has its place at @position. 1: the page is full. */
int iam_page_add(struct iam_page *page, json_t *entry, const char *position);
/** A list that is never longer than a page: @entries, which are taken. -1 when there is a Marker, for none was given out. */
int iam_page_whole(struct iam_request *request, const char *name, json_t *entries,
		   struct sp_error *err);
/** Puts the entries into the output under @name. */
void iam_page_end(struct iam_request *request, struct iam_page *page, const char *name);
