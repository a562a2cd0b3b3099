/** Amazon S3, as far as folders have it: doc/buckets.md. */

#include <string.h>

#include "api/form.h"
#include "api/guard.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/s3/copy_source.h"
#include "service/s3/operations.h"
#include "service/s3/request.h"
#include "service/services.h"

/* ---- shapes ---- */

static const struct shape any_text = { .type = SHAPE_STRING };
static const struct shape number = { .type = SHAPE_INTEGER, .max = INT32_MAX };
static const struct shape part_number = { .type = SHAPE_INTEGER, .min = 1, .max = 10000 };
static const struct shape boolean = { .type = SHAPE_BOOLEAN };
static const struct shape url = { .type = SHAPE_STRING, .pattern = "url" };
static const struct shape slash = { .type = SHAPE_STRING, .pattern = "/?" };
static const struct shape version = { .type = SHAPE_STRING, .pattern = "null" };
static const struct shape object = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Key", &any_text, true },
						  { "VersionId", &version, false },
						  { "ETag", &any_text, false },
						  { "LastModifiedTime", &any_text, false },
						  { "Size", &any_text, false },
						  { 0 } },
};
static const struct shape objects = {
	.type = SHAPE_LIST, .min = 1, .max = 1000, .element = &object
};
static const struct shape part = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "PartNumber", &part_number, true },
						  { "ETag", &any_text, true },
						  { 0 } },
};
static const struct shape parts = { .type = SHAPE_LIST, .min = 1, .max = 10000, .element = &part };

#define INPUT(...)                                                                                 \
	&(const struct shape)                                                                      \
	{                                                                                          \
		.type = SHAPE_STRUCTURE, .members = (const struct shape_member[])                  \
		{                                                                                  \
			__VA_ARGS__                                                                \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}

#define BUCKET  { "Bucket", &any_text, true },
#define OBJECT  BUCKET{ "Key", &any_text, true },
#define VERSION { "versionId", &version, false },
#define UPLOAD  OBJECT{ "uploadId", &any_text, true },
#define SOURCE  { "x-amz-copy-source", &any_text, true },
#define LISTED  BUCKET{ "prefix", &any_text, false }, { "encoding-type", &url, false },
#define RESPONSE                                                                                   \
	{ "response-content-type", &any_text, false },                                             \
		{ "response-content-language", &any_text, false },                                 \
		{ "response-content-encoding", &any_text, false },                                 \
		{ "response-content-disposition", &any_text, false },                              \
		{ "response-cache-control", &any_text, false },                                    \
		{ "response-expires", &any_text, false },

/* clang-format off */

/* The first that fits is it: what is asked for in more words stands in front. */
static const struct api_operation operations[] = {
	{ "ListBuckets", INPUT(), door_list_buckets, "GET", "/", .action = "ListAllMyBuckets", .resource = "*" },
	{ "GetBucketLocation", INPUT(BUCKET), door_get_bucket_location, "GET", "/{Bucket}?location",
	  .resource = "bucket/{Bucket}" },
	{ "GetBucketVersioning", INPUT(BUCKET), door_get_bucket_versioning, "GET", "/{Bucket}?versioning",
	  .resource = "bucket/{Bucket}" },
	{ "ListMultipartUploads", INPUT(LISTED { "delimiter", &slash, false }, { "key-marker", &any_text, false },
		{ "upload-id-marker", &any_text, false }, { "max-uploads", &number, false },), door_list_multipart_uploads, "GET",
	  "/{Bucket}?uploads", .action = "ListBucketMultipartUploads", .resource = "bucket/{Bucket}" },
	{ "ListObjectVersions", INPUT(LISTED { "delimiter", &slash, false }, { "max-keys", &number, false },
		{ "key-marker", &any_text, false }, { "version-id-marker", &version, false },), door_list_object_versions, "GET",
	  "/{Bucket}?versions", .action = "ListBucketVersions", .resource = "bucket/{Bucket}" },
	{ "ListObjectsV2", INPUT(LISTED { "delimiter", &slash, false }, { "max-keys", &number, false },
		{ "continuation-token", &any_text, false }, { "start-after", &any_text, false },
		{ "fetch-owner", &boolean, false },), door_list_objects_v2, "GET", "/{Bucket}?list-type",
	  .action = "ListBucket", .resource = "bucket/{Bucket}" },
	{ "ListObjects", INPUT(LISTED { "delimiter", &slash, false }, { "max-keys", &number, false },
		{ "marker", &any_text, false },), door_list_objects, "GET", "/{Bucket}",
	  .action = "ListBucket", .resource = "bucket/{Bucket}" },
	{ "HeadBucket", INPUT(BUCKET), door_head_bucket, "HEAD", "/{Bucket}", .action = "ListBucket", .resource = "bucket/{Bucket}" },
	{ "CreateBucket", INPUT(BUCKET { "LocationConstraint", &any_text, false },), door_create_bucket, "PUT",
	  "/{Bucket}", .resource = "bucket/{Bucket}" },
	{ "DeleteBucket", INPUT(BUCKET), door_delete_bucket, "DELETE", "/{Bucket}", .resource = "bucket/{Bucket}" },
	{ "DeleteObjects", INPUT(BUCKET { "Object", &objects, true }, { "Quiet", &boolean, false },), door_delete_objects,
	  "POST", "/{Bucket}?delete", .resource = GUARD_ANYBODY }, /* which asks for each key by itself */

	{ "ListParts", INPUT(UPLOAD { "max-parts", &number, false }, { "part-number-marker", &number, false },),
	  door_list_parts, "GET", "/{Bucket}/{Key+}?uploadId", .action = "ListMultipartUploadParts", .resource = "object/{Key}" },
	{ "GetObjectTagging", INPUT(OBJECT VERSION), door_get_object_tagging, "GET", "/{Bucket}/{Key+}?tagging",
	  .resource = "object/{Key}" },
	{ "GetObject", INPUT(OBJECT VERSION RESPONSE), door_get_object, "GET", "/{Bucket}/{Key+}",
	  .resource = "object/{Key}" },
	{ "HeadObject", INPUT(OBJECT VERSION RESPONSE), door_get_object, "HEAD", "/{Bucket}/{Key+}",
	  .action = "GetObject", .resource = "object/{Key}" },
	{ "UploadPartCopy", INPUT(UPLOAD SOURCE { "partNumber", &part_number, true },), door_upload_part_copy, "PUT",
	  "/{Bucket}/{Key+}?uploadId&partNumber&x-amz-copy-source",
	  .action = "PutObject", .resource = "object/{Key} s3:GetObject=source/{x-amz-copy-source}" },
	{ "UploadPart", INPUT(UPLOAD { "partNumber", &part_number, true },), .sink = &door_incoming_part,
	  .method = "PUT", .path = "/{Bucket}/{Key+}?uploadId&partNumber", .action = "PutObject", .resource = "object/{Key}" },
	{ "CopyObject", INPUT(OBJECT SOURCE), door_copy_object, "PUT", "/{Bucket}/{Key+}?x-amz-copy-source",
	  .action = "PutObject", .resource = "object/{Key} s3:GetObject=source/{x-amz-copy-source}" },
	{ "PutObject", INPUT(OBJECT), .sink = &door_incoming_object, .method = "PUT", .path = "/{Bucket}/{Key+}",
	  .resource = "object/{Key}" },
	{ "CreateMultipartUpload", INPUT(OBJECT), door_create_multipart_upload, "POST", "/{Bucket}/{Key+}?uploads",
	  .action = "PutObject", .resource = "object/{Key}" },
	{ "CompleteMultipartUpload", INPUT(UPLOAD { "Part", &parts, true },), door_complete_multipart_upload, "POST",
	  "/{Bucket}/{Key+}?uploadId", .action = "PutObject", .resource = "object/{Key}" },
	{ "AbortMultipartUpload", INPUT(UPLOAD), door_abort_multipart_upload, "DELETE", "/{Bucket}/{Key+}?uploadId",
	  .resource = "object/{Key}" },
	{ "DeleteObject", INPUT(OBJECT VERSION), door_delete_object, "DELETE", "/{Bucket}/{Key+}", .resource = "object/{Key}" },
	{ 0 },
};

static const struct api_error_type errors[] = {
	{ "AccessDenied", 403 },
	{ "BucketAlreadyOwnedByYou", 409 },
	{ "BucketNotEmpty", 409 },
	{ "InsufficientStorage", 507 },
	{ "InternalError", 500 },
	{ "InvalidRange", 416 },
	{ "MissingContentLength", 411 },
	{ "NoSuchBucket", 404 },
	{ S3_NO_SUCH_KEY, 404 },
	{ "NoSuchUpload", 404 },
	{ "NotImplemented", 501 },
	{ "OperationAborted", 409 },
	{ S3_PRECONDITION, 412 },
	{ "RequestTimeout", 400 },
	{ "SignatureDoesNotMatch", 403 },
	{ "SlowDown", 503 },
	{ 0 },
};

/* clang-format on */

/* Keys are behind their bucket: arn:aws:s3:::bucket/key. */
static char *find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	struct sp_buffer arn = { 0 };
	(void)context;
	const char *bucket = sp_json_string(input, "Bucket");
	if (strcmp(kind, "source/") == 0) {
		struct copy_source source;
		/* One that cannot be read is nobody's: the operation itself will say what is wrong with it. */
		if (copy_source_read(value, &source, NULL) != 0)
			return sp_strdup("arn:aws:s3:::*");
		sp_buffer_format(&arn, "arn:aws:s3:::%s/%s", source.bucket, source.key);
		copy_source_finish(&source);
	} else if (strcmp(kind, "object/") == 0) {
		sp_buffer_format(&arn, "arn:aws:s3:::%s/%s", bucket, value);
	} else {
		sp_buffer_format(&arn, "arn:aws:s3:::%s", value);
	}
	return sp_buffer_take(&arn);
}

const struct api_service service_s3 = {
	.signing_name = "s3",
	.title = "Amazon S3",
	.protocol = API_S3,
	.validation_error = S3_INVALID,
	.internal_error = "InternalError",
	.operations = operations,
	.find_arn = find_arn,
	.errors = errors,
};
