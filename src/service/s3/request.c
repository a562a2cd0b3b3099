#include "service/s3/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/xml.h"
#include "base/clock.h"
#include "base/scope.h"
#include "objects/buckets.h"

struct service_context *door_context(const struct api_call *call)
{
	return api_context(call);
}

const char *door_bucket(const struct api_call *call)
{
	return sp_json_string(api_input(call), "Bucket");
}

const char *door_key(const struct api_call *call)
{
	return sp_json_string(api_input(call), "Key");
}

int door_check_folder(const struct api_call *call, const char *bucket, struct sp_error *err)
{
	if (!objects_is_remote(door_context(call)->objects, bucket))
		return 0;
	return sp_fail(
		err, SP_UNSUPPORTED,
		"bucket \"%s\" is at storage that speaks S3 itself: ask for its objects there",
		bucket);
}

int door_open_object(const struct api_call *call, const char *bucket, const char *key, int *out_fd,
		     struct object_identity *out, struct sp_error *err)
{
	struct object_way way = { .fd = -1 };
	int result = door_check_folder(call, bucket, err);
	if (result == 0)
		result = objects_open_source(door_context(call)->objects, bucket, key, &way, out,
					     err);
	*out_fd = sp_take_fd(&way.fd);
	object_way_finish(&way);
	return result;
}

int door_check_object(const struct api_call *call, const char *action, const char *bucket,
		      const char *key, struct sp_error *err)
{
	SP_AUTO_BUFFER arn = { 0 };
	sp_buffer_format(&arn, "arn:aws:s3:::%s/%s", bucket, key);
	return api_check(call, action, sp_buffer_text(&arn), err);
}

struct errand_of_call {
	struct api_call *call;
	loop_fn *fn;
};

static void run_errand(void *ctx)
{
	struct errand_of_call *errand = ctx;
	loop_fn *fn = errand->fn;
	struct api_call *call = errand->call;
	free(errand);
	fn(call);
}

void door_run_unchecked(struct api_call *call, loop_fn *fn)
{
	struct sp_error err = { 0 };
	struct errand_of_call *errand = sp_alloc(sizeof(*errand));
	*errand = (struct errand_of_call){ call, fn };
	if (pool_submit(door_context(call)->buckets, run_errand, errand, &err) == 0)
		return;
	free(errand);
	api_fail(call, "SlowDown", "%s", err.message);
}

void door_run(struct api_call *call, loop_fn *fn)
{
	struct sp_error err = { 0 };
	if (door_bucket(call) == NULL || door_check_folder(call, door_bucket(call), &err) == 0)
		door_run_unchecked(call, fn);
	else
		door_error(call, &err);
}

static const struct {
	enum sp_code code;
	const char *name;
} names[] = {
	{ SP_INVALID, S3_INVALID },
	{ SP_NOT_FOUND, S3_NO_SUCH_KEY },
	{ SP_EXISTS, S3_PRECONDITION },
	{ SP_DENIED, "AccessDenied" },
	{ SP_CONFLICT, S3_INVALID_REQUEST },
	{ SP_LIMIT, "SlowDown" }, /* descriptors, or a queue: there are fewer in a moment */
	{ SP_NO_SPACE, "InsufficientStorage" },
	{ SP_UNSUPPORTED, "NotImplemented" },
	{ SP_PROTOCOL, S3_INVALID_REQUEST },
	{ SP_CHANGED, "OperationAborted" },
};

const char *door_error_code(const struct sp_error *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].code == err->code)
			return names[i].name;
	return "InternalError";
}

static bool has_bucket(const struct api_call *call)
{
	struct sp_error err = { 0 };
	const char *bucket = door_bucket(call);
	return bucket == NULL ||
	       objects_find_bucket(door_context(call)->objects, bucket, &err) == 0 ||
	       err.code != SP_NOT_FOUND;
}

/* What an operation that names no object did not find is ours: a folder that went away beneath it. */
static const char *code_of_missing(const struct api_call *call)
{
	if (!has_bucket(call))
		return "NoSuchBucket";
	return door_key(call) == NULL ? "InternalError" : S3_NO_SUCH_KEY;
}

void door_error(struct api_call *call, const struct sp_error *err)
{
	api_fail(call, err->code == SP_NOT_FOUND ? code_of_missing(call) : door_error_code(err),
		 "%s", err->message);
}

void door_fail(struct api_call *call, const char *code, const struct sp_error *err)
{
	if (code != NULL)
		api_fail(call, code, "%s", err->message);
	else
		door_error(call, err);
}

const char *door_upload_code(const struct api_call *call, const struct sp_error *err)
{
	return err->code == SP_NOT_FOUND && has_bucket(call) ? "NoSuchUpload" : NULL;
}

void door_reply_xml(struct api_call *call, struct sp_buffer *xml)
{
	api_reply_text(call, 200, "application/xml", sp_buffer_take(xml));
}

void door_add_etag_header(struct api_call *call, const char *etag)
{
	SP_AUTO_BUFFER quoted = { 0 };
	sp_buffer_format(&quoted, "\"%s\"", etag);
	api_add_header(call, "ETag", sp_buffer_text(&quoted));
}

void door_add_time(struct sp_buffer *xml, const char *name, int64_t time_ms)
{
	char time[SP_ISO_TIME_SIZE];
	sp_time_to_iso(time_ms, time);
	xml_add_element(xml, name, time);
}

void door_add_etag(struct sp_buffer *xml, const char *etag)
{
	sp_buffer_format(xml, "<ETag>&quot;%s&quot;</ETag>", etag);
}

void door_add_number(struct sp_buffer *xml, const char *name, uint64_t number)
{
	sp_buffer_format(xml, "<%s>%" PRIu64 "</%s>", name, number, name);
}

bool door_same_etag(const char *said, const char *etag)
{
	size_t length = strlen(etag);
	if (strcmp(said, "*") == 0)
		return true;
	if (strncmp(said, "W/", 2) == 0)
		said += 2;
	bool quoted = *said == '"';
	said += quoted;
	return strncmp(said, etag, length) == 0 && strcmp(said + length, quoted ? "\"" : "") == 0;
}
