/** REST-XML as S3 has it: method, path and query string name the operation; its input is in them, in headers, and in an XML document. */

#include <string.h>
#include <strings.h>

#include "api/protocol.h"
#include "api/xml_read.h"
#include "base/scope.h"
#include "base/text.h"

#define HEADER_PREFIX "x-amz-"

/* What the query string names that is another operation than the one without it. Whoever asks for the tags of an object
 * must not get its bytes. */
static const char *const subresources[] = {
	"accelerate",
	"acl",
	"analytics",
	"attributes",
	"append",
	"cors",
	"delete",
	"encryption",
	"intelligent-tiering",
	"inventory",
	"legal-hold",
	"lifecycle",
	"list-type",
	"location",
	"logging",
	"metadataTable",
	"metrics",
	"notification",
	"object-lock",
	"ownershipControls",
	"partNumber",
	"policy",
	"policyStatus",
	"publicAccessBlock",
	"renameObject",
	"replication",
	"requestPayment",
	"restore",
	"retention",
	"select",
	"session",
	"tagging",
	"torrent",
	"uploadId",
	"uploads",
	"versionId",
	"versioning",
	"versions",
	"website",
};

/* Headers that ask for something to be kept or done with an object that is not kept or done here. */
static const char *const beyond[] = {
	"x-amz-grant-full-control",
	"x-amz-grant-read",
	"x-amz-grant-read-acp",
	"x-amz-grant-write",
	"x-amz-grant-write-acp",
	"x-amz-object-lock-legal-hold",
	"x-amz-object-lock-mode",
	"x-amz-object-lock-retain-until-date",
	"x-amz-server-side-encryption",
	"x-amz-server-side-encryption-aws-kms-key-id",
	"x-amz-server-side-encryption-customer-algorithm",
	"x-amz-tagging",
	"x-amz-website-redirect-location",
	"x-amz-write-offset-bytes",
};

/* Headers, or beginnings of their names, that decide what is done: one that came twice would be passed over. */
static const char *const decisive[] = {
	"x-amz-copy-source",
	"x-amz-metadata-directive",
	"x-amz-expected-bucket-owner",
	"x-amz-source-",
	"x-amz-if-",
	"x-amz-acl",
	"if-",
	"content-md5",
};

/* ---- which operation ---------------------------------------------------------------------------------------------- */

/* "/bucket/the/key" in three: a bucket without a key may end with a slash. */
struct place {
	const char *bucket, *key; /* encoded; "" when there is none */
	size_t bucket_length, key_length;
};

static struct place find_place(const char *target)
{
	size_t length = strcspn(target, "?");
	struct place place = { .bucket = "", .key = "" };
	if (length <= 1)
		return place;
	place.bucket = target + 1;
	const char *slash = memchr(place.bucket, '/', length - 1);
	place.bucket_length = slash == NULL ? length - 1 : (size_t)(slash - place.bucket);
	if (slash != NULL) {
		place.key = slash + 1;
		place.key_length = length - (size_t)(place.key - target);
	}
	return place;
}

static bool fits_place(const char *path, const struct place *place)
{
	bool wants_bucket = sp_text_starts_with(path, "/{Bucket}");
	bool wants_key = sp_text_starts_with(path, "/{Bucket}/{Key+}");
	return wants_bucket == (place->bucket_length > 0) && wants_key == (place->key_length > 0);
}

/* What stands behind the row's "?": all of it must be there. */
static bool has_marks(const char *path, const struct form *query,
		      const struct sign_request *request)
{
	const char *mark = strchr(path, '?');
	while (mark != NULL && *mark != '\0') {
		size_t length = strcspn(++mark, "&");
		SP_AUTO_FREE char *name = sp_strndup(mark, length);
		if (sp_text_starts_with(name, HEADER_PREFIX)
			    ? sign_header_value(request, name) == NULL
			    : form_value(query, name) == NULL)
			return false;
		mark += length;
	}
	return true;
}

/* Whether the row says that the parameter may be there. */
static bool knows(const struct api_operation *operation, const char *name)
{
	for (const struct shape_member *at = operation->input->members; at->name != NULL; at++)
		if (strcmp(at->name, name) == 0)
			return true;
	const char *mark = strchr(operation->path, '?');
	while (mark != NULL && *mark != '\0') {
		size_t length = strcspn(++mark, "&");
		if (strlen(name) == length && memcmp(mark, name, length) == 0)
			return true;
		mark += length;
	}
	return false;
}

static bool is_decisive(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(decisive); i++)
		if (strncasecmp(name, decisive[i], strlen(decisive[i])) == 0)
			return true;
	for (size_t i = 0; i < SP_COUNT_OF(beyond); i++)
		if (strcasecmp(name, beyond[i]) == 0)
			return true;
	return false;
}

static int refuse_repeated(const struct sign_request *request, struct sp_error *err)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const char *name = request->headers[i].name;
		if (is_decisive(name) && sign_header_value(request, name) == NULL)
			return sp_fail(err, SP_UNSUPPORTED,
				       "the header %.64s came more than once, and it may say one "
				       "thing only",
				       name);
	}
	return 0;
}

static int refuse_beyond(const struct api_operation *operation, const struct form *query,
			 const struct sign_request *request, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(subresources); i++)
		if (form_value(query, subresources[i]) != NULL &&
		    !knows(operation, subresources[i]))
			return sp_fail(err, SP_UNSUPPORTED,
				       "the buckets of Sallyport are folders and have no \"?%s\"",
				       subresources[i]);
	for (size_t i = 0; i < SP_COUNT_OF(beyond); i++)
		if (sign_header_value(request, beyond[i]) != NULL)
			return sp_fail(err, SP_UNSUPPORTED,
				       "the buckets of Sallyport are folders, and what the header "
				       "%s asks for is not kept there",
				       beyond[i]);
	return 0;
}

static int find_row(struct api_call *call, const struct form *query,
		    const struct sign_request *request, struct sp_error *err)
{
	const struct place place = find_place(request->target);
	if (refuse_repeated(request, err) != 0)
		return -1;
	for (const struct api_operation *at = call->service->operations; at->name != NULL; at++) {
		if (strcmp(at->method, request->method) != 0 || !fits_place(at->path, &place) ||
		    !has_marks(at->path, query, request))
			continue;
		call->operation = at;
		return refuse_beyond(at, query, request, err);
	}
	return sp_fail(err, SP_UNSUPPORTED,
		       "the buckets of Sallyport are folders and have no %.16s of that",
		       request->method);
}

static int read_query(const struct sign_request *request, struct form *out, struct sp_error *err)
{
	const char *mark = strchr(request->target, '?');
	if (mark != NULL && form_add(out, mark + 1, strlen(mark + 1), err) != 0)
		return sp_fail(err, SP_INVALID, "the query string is no encoded UTF-8");
	return 0;
}

int s3_find_operation(struct api_call *call, struct sp_error *err)
{
	const struct sign_request request = call_request(call);
	__attribute__((cleanup(form_finish))) struct form query = { .may_repeat = true };
	return read_query(&request, &query, err) != 0 ? -1 : find_row(call, &query, &request, err);
}

/* Who says whose bucket it has to be is told when it is another's. */
static int check_owner(const struct api_call *call, const struct sign_request *request,
		       struct sp_error *err)
{
	const char *names[] = { "x-amz-expected-bucket-owner",
				"x-amz-source-expected-bucket-owner" };
	for (size_t i = 0; i < SP_COUNT_OF(names); i++) {
		const char *owner = sign_header_value(request, names[i]);
		if (owner != NULL && call->catalogue.account != NULL &&
		    strcmp(owner, call->catalogue.account) != 0)
			return sp_fail(
				err, SP_DENIED,
				"the bucket is not account %.32s's: all that is here is %s's",
				owner, call->catalogue.account);
	}
	return 0;
}

/* ---- its input ---------------------------------------------------------------------------------------------------- */

static int read_label(json_t *input, const char *name, const char *text, size_t length,
		      struct sp_error *err)
{
	SP_AUTO_FREE char *decoded = form_decode(text, length, false);
	if (decoded == NULL)
		return sp_fail(err, SP_INVALID,
			       "the path is no encoded UTF-8, or has a NUL: no object is called "
			       "like that");
	if (length > 0)
		json_object_set_new(input, name, json_string(decoded));
	return 0;
}

static bool is_parameter(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z' && !sp_text_starts_with(name, HEADER_PREFIX);
}

static void read_members(const struct shape *shape, const struct form *query,
			 const struct sign_request *request, json_t *input)
{
	for (const struct shape_member *at = shape->members; at->name != NULL; at++) {
		const char *value = is_parameter(at->name) ? form_value(query, at->name) : NULL;
		if (sp_text_starts_with(at->name, HEADER_PREFIX))
			value = sign_header_value(request, at->name);
		if (value != NULL && sp_utf8_valid(value, strlen(value)))
			json_object_set_new(input, at->name, form_scalar(at->shape, value));
	}
}

/* Members of the path, the query string and headers are not looked for in a document. */
static int read_document(struct api_call *call, const struct sign_request *request,
			 struct sp_error *err)
{
	SP_AUTO_JSON json_t *document = NULL;
	if (call->operation->sink != NULL || request->body_length == 0)
		return 0;
	if (xml_read(request->body, request->body_length, call->operation->input, &document, err) !=
	    0)
		return -1;
	json_object_update_missing(call->input, (json_t *)document);
	return 0;
}

static int read_s3(struct api_call *call, enum refusal_reason *reason, struct sp_error *err)
{
	const struct sign_request request = call_request(call);
	__attribute__((cleanup(form_finish))) struct form query = { .may_repeat = true };
	*reason = REFUSED_UNKNOWN_OPERATION;
	if (read_query(&request, &query, err) != 0 || find_row(call, &query, &request, err) != 0)
		return -1;
	*reason = REFUSED_DENIED;
	if (check_owner(call, &request, err) != 0)
		return -1;
	*reason = REFUSED_MALFORMED;
	const struct place place = find_place(request.target);
	call->input = json_object();
	if (read_label(call->input, "Bucket", place.bucket, place.bucket_length, err) != 0 ||
	    read_label(call->input, "Key", place.key, place.key_length, err) != 0)
		return -1;
	read_members(call->operation->input, &query, &request, call->input);
	return read_document(call, &request, err);
}

/* ---- its answer --------------------------------------------------------------------------------------------------- */

/* Handlers write their own documents. */
static void write_s3(const struct api_call *call, const json_t *output, struct api_answer *out)
{
	(void)call, (void)output;
	*out = (struct api_answer){ .status = 200 };
}

static void refuse_s3(const struct api_call *call, enum refusal_reason reason,
		      const struct sp_error *err, struct api_answer *out)
{
	if (err->code == SP_INVALID)
		refusal_write_modelled(FORM_S3, 400, "InvalidURI", err->message, NULL, NULL,
				       call->id, out);
	else
		refusal_write(FORM_S3, reason, err->message, call->id, out);
}

static void refuse_input_s3(const struct api_call *call, const struct shape_fault *fault,
			    struct api_answer *out)
{
	struct sp_error err = { 0 };
	shape_tell_fault(fault, &err);
	call_write_error(call, call->service->validation_error, err.message, NULL, out);
}

const struct protocol protocol_s3 = {
	.read = read_s3,
	.write = write_s3,
	.refuse = refuse_s3,
	.refuse_input = refuse_input_s3,
};
