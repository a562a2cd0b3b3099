/* Buckets: those that there are, one that comes, one that goes. */

#include <string.h>

#include "api/xml.h"
#include "objects/buckets.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"

/* Where S3 says nothing of a bucket's region, it is this one. */
#define FIRST_REGION "us-east-1"

static void list(void *ctx)
{
	struct api_call *call = ctx;
	struct service_context *context = door_context(call);
	struct listed_bucket *buckets;
	size_t count;
	struct sp_error err = { 0 };
	SP_AUTO_BUFFER xml = { 0 };
	if (objects_all_buckets(context->objects, &buckets, &count, &err) != 0) {
		door_error(call, &err);
		return;
	}
	sp_buffer_add_text(&xml, S3_XML "<ListAllMyBucketsResult" S3_XMLNS "><Owner>");
	xml_add_element(&xml, "ID", context->account);
	sp_buffer_add_text(&xml, "</Owner><Buckets>");
	for (size_t i = 0; i < count; i++) {
		sp_buffer_add_text(&xml, "<Bucket>");
		xml_add_element(&xml, "Name", buckets[i].name);
		door_add_time(&xml, "CreationDate", buckets[i].time_ms);
		sp_buffer_add_text(&xml, "</Bucket>");
	}
	sp_buffer_add_text(&xml, "</Buckets></ListAllMyBucketsResult>");
	listed_buckets_finish(buckets, count);
	door_reply_xml(call, &xml);
}

void door_list_buckets(struct api_call *call)
{
	door_run(call, list);
}

static void create(void *ctx)
{
	struct api_call *call = ctx;
	struct service_context *context = door_context(call);
	const char *bucket = door_bucket(call);
	const char *region = sp_json_string(api_input(call), "LocationConstraint");
	struct sp_error err = { 0 };
	if (region != NULL && strcmp(region, context->region) != 0) {
		api_fail(call, "IllegalLocationConstraintException",
			 "cannot make bucket \"%.80s\" in region \"%.64s\": everything here is in "
			 "%s",
			 bucket, region, context->region);
	} else if (objects_make_bucket(context->objects, bucket, &err) == 0) {
		SP_AUTO_BUFFER location = { 0 };
		sp_buffer_format(&location, "/%s", bucket);
		api_add_header(call, "Location", sp_buffer_text(&location));
		api_reply_empty(call, 200);
	} else if (err.code == SP_EXISTS) {
		api_fail(call, "BucketAlreadyOwnedByYou", "%s", err.message);
	} else if (err.code == SP_INVALID) {
		api_fail(call, "InvalidBucketName", "%s", err.message);
	} else if (err.code == SP_CONFLICT) {
		api_fail(call, "TooManyBuckets", "%s", err.message);
	} else {
		door_error(call, &err);
	}
}

void door_create_bucket(struct api_call *call)
{
	door_run_unchecked(call, create);
}

/* Also one at storage: of that only the objects are asked for there. False when there is none, and the call is answered. */
static bool finds_bucket(struct api_call *call)
{
	struct sp_error err = { 0 };
	if (objects_find_bucket(door_context(call)->objects, door_bucket(call), &err) == 0)
		return true;
	door_error(call, &err);
	return false;
}

static void head(void *ctx)
{
	struct api_call *call = ctx;
	if (!finds_bucket(call))
		return;
	api_add_header(call, "x-amz-bucket-region", door_context(call)->region);
	api_reply_empty(call, 200);
}

void door_head_bucket(struct api_call *call)
{
	door_run_unchecked(call, head);
}

static void remove_bucket(void *ctx)
{
	struct api_call *call = ctx;
	struct sp_error err = { 0 };
	if (objects_remove_bucket(door_context(call)->objects, door_bucket(call), &err) == 0)
		api_reply_empty(call, 204);
	else if (err.code == SP_CONFLICT)
		api_fail(call, "BucketNotEmpty", "%s", err.message);
	else
		door_error(call, &err);
}

void door_delete_bucket(struct api_call *call)
{
	door_run_unchecked(call, remove_bucket);
}

static void tell_location(void *ctx)
{
	struct api_call *call = ctx;
	const char *region = door_context(call)->region;
	if (!finds_bucket(call))
		return;
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_format(&xml, S3_XML "<LocationConstraint" S3_XMLNS ">%s</LocationConstraint>",
			 strcmp(region, FIRST_REGION) == 0 ? "" : region);
	door_reply_xml(call, &xml);
}

void door_get_bucket_location(struct api_call *call)
{
	door_run_unchecked(call, tell_location);
}

/* Without a status: versions were never kept. */
static void tell_versioning(void *ctx)
{
	struct api_call *call = ctx;
	if (!finds_bucket(call))
		return;
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, S3_XML "<VersioningConfiguration" S3_XMLNS "/>");
	door_reply_xml(call, &xml);
}

void door_get_bucket_versioning(struct api_call *call)
{
	door_run(call, tell_versioning);
}
