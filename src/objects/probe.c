/* What transfers need of a bucket, tried once each. */

#include "objects/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "objects/s3.h"

#define BYTES "Sallyport tests this bucket.\n"

/* A probe while it runs. */
struct probing {
	struct s3_place *place;
	struct object_probe *out;
	int64_t began_ms; /* the step */
	bool ends;        /* what failed lets nothing behind it work */
	struct s3_answer answer;
	char *upload_id;
};

const char *object_probe_status_name(enum object_probe_status status)
{
	static const char *const names[] = { "OK", "WARNING", "FAILED" };
	return names[status];
}

const struct object_probe_step *object_probe_worst(const struct object_probe *probe)
{
	for (size_t i = 0; i < probe->count; i++)
		if (probe->steps[i].status == probe->status)
			return &probe->steps[i];
	return NULL;
}

const char *objects_next_remote(const struct objects *objects, size_t *at)
{
	const struct s3_place *place = bucket_next_place(objects, at);
	return place == NULL ? NULL : place->name;
}

static void note(struct object_probe *out, const char *name, int64_t began_ms,
		 enum object_probe_status status, const char *message)
{
	struct object_probe_step *step = &out->steps[out->count++];
	*step = (struct object_probe_step){ .name = name,
					    .status = status,
					    .milliseconds = sp_monotonic_ms() - began_ms };
	snprintf(step->message, sizeof(step->message), "%s", message);
	if (status > out->status)
		out->status = status;
}

/* ---- what an answer says ---------------------------------------------------------------------------------------- */

/* The storage's own words for what stands in the way, whatever was asked. */
static const struct {
	const char *code, *help;
} causes[] = {
	{ "NoSuchBucket",
	  "there is no such bucket: look at the name behind s3://, and at the endpoint" },
	{ "InvalidAccessKeyId", "it does not know the access key: look at the credentials" },
	{ "SignatureDoesNotMatch", "the secret is another one: look at the credentials" },
	{ "AuthorizationHeaderMalformed", "it has another region: look at the setting region" },
	{ "AuthorizationQueryParametersError",
	  "it does not take the signature's parameters: look at the setting region" },
	{ "PermanentRedirect", "the bucket is at another endpoint or in another region" },
	{ "RequestTimeTooSkewed", "its clock and ours differ too much" },
	{ "ExpiredToken", "the session token has expired: new credentials are needed" },
	{ "InvalidToken", "the session token is not a good one: new credentials are needed" },
};

static const char *cause_of(const char *code)
{
	for (size_t i = 0; code != NULL && i < SP_COUNT_OF(causes); i++)
		if (strcmp(causes[i].code, code) == 0)
			return causes[i].help;
	return NULL;
}

/* @needs  the permission that may be missing */
static void note_refusal(struct probing *probing, const char *name, enum object_probe_status status,
			 const char *needs)
{
	const struct s3_place *place = probing->place;
	SP_AUTO_FREE char *code = s3_answer_text(&probing->answer, "Code");
	SP_AUTO_BUFFER text = { 0 };
	if (code != NULL)
		sp_text_make_readable(code);
	const char *cause = cause_of(code);
	sp_buffer_format(&text, "the storage at %s answered %ld%s%.64s", place->origin,
			 probing->answer.status, code == NULL ? "" : " ", code == NULL ? "" : code);
	if (cause != NULL)
		sp_buffer_format(&text, ": %s", cause);
	else if (probing->answer.status == 403)
		sp_buffer_format(&text, ": the credentials have not the permission %s", needs);
	probing->ends = probing->ends || cause != NULL;
	note(probing->out, name, probing->began_ms, cause != NULL ? OBJECT_PROBE_FAILED : status,
	     sp_buffer_text(&text));
}

/* ---- one question ----------------------------------------------------------------------------------------------- */

/* 0 with the answer, which is the caller's to finish; -1: it was none, and that was noted. */
static int ask(struct probing *probing, const char *name, const struct s3_wish *what,
	       const char *body)
{
	struct s3_wish wish = *what;
	struct sp_error why = { 0 };
	SP_AUTO_BUFFER bytes = { 0 };
	if (body != NULL)
		sp_buffer_add_text(&bytes, body);
	wish.key = OBJECT_PROBE_KEY;
	wish.patience_ms = OBJECT_PROBE_MS;
	probing->began_ms = sp_monotonic_ms();
	if (s3_call(probing->place, &wish, body == NULL ? NULL : &bytes, &probing->answer, &why) ==
	    0)
		return 0;
	note(probing->out, name, probing->began_ms, OBJECT_PROBE_FAILED, why.message);
	probing->ends = true;
	return -1;
}

/* A question that has to be answered with success. True: it was, and the answer is the caller's to finish. */
static bool must(struct probing *probing, const char *name, const struct s3_wish *wish,
		 const char *body, const char *needs)
{
	if (ask(probing, name, wish, body) != 0)
		return false;
	if (s3_succeeded(&probing->answer))
		return true;
	note_refusal(probing, name, OBJECT_PROBE_FAILED, needs);
	s3_answer_finish(&probing->answer);
	return false;
}

static void good(struct probing *probing, const char *name, const char *message)
{
	note(probing->out, name, probing->began_ms, OBJECT_PROBE_OK, message);
	s3_answer_finish(&probing->answer);
}

/* ---- the steps -------------------------------------------------------------------------------------------------- */

/* By GET and not by HEAD, whose answers have no words. The object is not there, unless one has stayed. */
static void look(struct probing *probing)
{
	static const char name[] = "Look";
	if (ask(probing, name, &(struct s3_wish){ .method = "GET" }, NULL) != 0)
		return;
	SP_AUTO_FREE char *code = s3_answer_text(&probing->answer, "Code");
	if (s3_succeeded(&probing->answer) ||
	    (probing->answer.status == 404 && sp_text_equal(code, "NoSuchKey"))) {
		good(probing, name, "the bucket is there, and the credentials are good");
		return;
	}
	/* Who may not list is told this of what is not there. */
	note_refusal(
		probing, name,
		probing->answer.status == 403 ? OBJECT_PROBE_WARNING : OBJECT_PROBE_FAILED,
		"s3:ListBucket, so that what is missing cannot be told from what is forbidden, "
		"or none for this bucket at all");
	s3_answer_finish(&probing->answer);
}

static bool put(struct probing *probing)
{
	if (!must(probing, "PutObject", &(struct s3_wish){ .method = "PUT" }, BYTES,
		  "s3:PutObject"))
		return false;
	good(probing, "PutObject", "an object was put under \"" OBJECT_PROBE_KEY "\"");
	return true;
}

static void read_back(struct probing *probing)
{
	if (!must(probing, "GetObject", &(struct s3_wish){ .method = "GET" }, NULL, "s3:GetObject"))
		return;
	if (strcmp(sp_buffer_text(&probing->answer.body), BYTES) == 0) {
		good(probing, "GetObject", "it has the bytes that were put");
		return;
	}
	note(probing->out, "GetObject", probing->began_ms, OBJECT_PROBE_FAILED,
	     "the storage gave other bytes than were put just before");
	s3_answer_finish(&probing->answer);
}

/* The object is there: who knows the condition refuses. */
static void put_if_free(struct probing *probing)
{
	static const char name[] = "PutObject If-None-Match";
	const struct s3_wish wish = { .method = "PUT",
				      .headers = { { "if-none-match", OBJECT_PUT_FREE } } };
	if (ask(probing, name, &wish, BYTES) != 0)
		return;
	if (probing->answer.status == 412) {
		good(probing, name, "nothing is put where something is, if that was asked for");
		return;
	}
	if (s3_succeeded(&probing->answer) || s3_lacks_condition(&probing->answer))
		note(probing->out, name, probing->began_ms, OBJECT_PROBE_WARNING,
		     "the storage holds to no condition: an object that comes at the same moment "
		     "from somebody else may be replaced (doc/storage.md)");
	else
		note_refusal(probing, name, OBJECT_PROBE_WARNING, "s3:PutObject");
	s3_answer_finish(&probing->answer);
}

static bool begin_upload(struct probing *probing)
{
	static const char name[] = "CreateMultipartUpload";
	if (!must(probing, name, &(struct s3_wish){ .method = "POST", .query = "uploads=" }, NULL,
		  "s3:PutObject"))
		return false;
	probing->upload_id = s3_answer_text(&probing->answer, "UploadId");
	if (s3_upload_id_is_good(probing->upload_id)) {
		good(probing, name, "an upload in parts was begun");
		return true;
	}
	note(probing->out, name, probing->began_ms, OBJECT_PROBE_FAILED,
	     "the storage told no usable upload id");
	s3_answer_finish(&probing->answer);
	return false;
}

static void use_upload(struct probing *probing)
{
	SP_AUTO_FREE char *part = sp_format("uploadId=%s&partNumber=1", probing->upload_id);
	SP_AUTO_FREE char *all = sp_format("uploadId=%s", probing->upload_id);
	if (must(probing, "UploadPart", &(struct s3_wish){ .method = "PUT", .query = part }, BYTES,
		 "s3:PutObject"))
		good(probing, "UploadPart", "a part was sent");
	if (!probing->ends &&
	    must(probing, "ListParts", &(struct s3_wish){ .method = "GET", .query = all }, NULL,
		 "s3:ListMultipartUploadParts, without which no upload is completed"))
		good(probing, "ListParts", "its parts were listed");
	/* Also when the storage fell silent meanwhile: what was begun is not to stay. */
	if (must(probing, "AbortMultipartUpload",
		 &(struct s3_wish){ .method = "DELETE", .query = all }, NULL,
		 "s3:AbortMultipartUpload, so that what was begun and is not needed stays"))
		good(probing, "AbortMultipartUpload", "the upload was ended");
}

/* Transfers delete nothing, so that only the test needs it. */
static void clean_up(struct probing *probing)
{
	static const char name[] = "DeleteObject";
	if (ask(probing, name, &(struct s3_wish){ .method = "DELETE" }, NULL) != 0)
		return;
	bool gone = s3_succeeded(&probing->answer) || probing->answer.status == 404;
	good(probing, name,
	     gone ? "the object of the test is gone"
		  : "it was refused, and transfers do not need it: \"" OBJECT_PROBE_KEY "\" stays");
}

static void probe_storage(struct probing *probing, bool writes)
{
	look(probing);
	if (probing->ends || !writes)
		return;
	bool is_there = put(probing);
	if (!probing->ends && is_there)
		read_back(probing);
	if (!probing->ends && is_there)
		put_if_free(probing);
	if (!probing->ends && begin_upload(probing))
		use_upload(probing);
	free(probing->upload_id);
	if (!probing->ends && is_there)
		clean_up(probing);
}

/* ---- folders ---------------------------------------------------------------------------------------------------- */

static int probe_folder(struct objects *objects, const char *bucket, struct object_probe *out,
			struct sp_error *err)
{
	const int64_t began_ms = sp_monotonic_ms();
	struct sp_error why = { 0 };
	SP_AUTO_FD fd = -1;
	if (objects_open_bucket(objects, bucket, &fd, &why) != 0) {
		if (why.code == SP_NOT_FOUND)
			return sp_fail(err, why.code, "%s", why.message);
		note(out, "Folder", began_ms, OBJECT_PROBE_FAILED, why.message);
	} else if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0) {
		note(out, "Folder", began_ms, OBJECT_PROBE_OK,
		     "the folder is there, and can be written to");
	} else {
		sp_fail_errno(&why, "the service cannot write to the folder");
		note(out, "Folder", began_ms, OBJECT_PROBE_FAILED, why.message);
	}
	return 0;
}

int objects_probe(struct objects *objects, const char *bucket, bool writes,
		  struct object_probe *out, struct sp_error *err)
{
	struct probing probing = { .place = bucket_place(objects, bucket), .out = out };
	*out = (struct object_probe){ 0 };
	if (probing.place == NULL)
		return probe_folder(objects, bucket, out, err);
	probe_storage(&probing, writes);
	return 0;
}
