#include "protocol_call.h"

static void nothing(struct api_call *call)
{
	(void)call;
}

static const struct shape text = { .type = SHAPE_STRING };
static const struct shape number = { .type = SHAPE_INTEGER, .max = 100 };
static const struct api_sink sink = { 0 };

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
#define BUCKET { "Bucket", &text, true },
#define OBJECT BUCKET{ "Key", &text, true },

static const struct api_operation operations[] = {
	{ "Buckets", INPUT(), nothing, "GET", "/", .resource = "*" },
	{ "Uploads", INPUT(BUCKET), nothing, "GET", "/{Bucket}?uploads", .resource = "*" },
	{ "List", INPUT(BUCKET{ "prefix", &text, false }, { "max-keys", &number, false }, ),
	  nothing, "GET", "/{Bucket}", .resource = "*" },
	{ "Make", INPUT(BUCKET{ "Where", &text, false }, ), nothing, "PUT", "/{Bucket}",
	  .resource = "*" },
	{ "Copy", INPUT(OBJECT{ "x-amz-copy-source", &text, true }, ), nothing, "PUT",
	  "/{Bucket}/{Key+}?x-amz-copy-source", .resource = "*" },
	{ "Part", INPUT(OBJECT{ "uploadId", &text, true }, ), .sink = &sink, .method = "PUT",
	  .path = "/{Bucket}/{Key+}?uploadId", .resource = "*" },
	{ "Put", INPUT(OBJECT), .sink = &sink, .method = "PUT", .path = "/{Bucket}/{Key+}",
	  .resource = "*" },
	{ 0 },
};

static const struct api_service toy = {
	.signing_name = "s3",
	.title = "Toy",
	.protocol = API_S3,
	.validation_error = "InvalidArgument",
	.operations = operations,
};

#define ERROR(status, code, message)                                                               \
	status " <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code                   \
	       "</Code><Message>" message "</Message><RequestId>id</RequestId></Error>"

static void method_path_and_query_name_the_operation(void **state)
{
	(void)state;
	static const char *const requests[][4] = {
		{ "GET", "/", "", "Buckets {}" },
		{ "GET", "/?x-id=Buckets", "", "Buckets {}" },
		{ "GET", "/b", "", "List {\"Bucket\":\"b\"}" },
		{ "GET", "/b/", "", "List {\"Bucket\":\"b\"}" },
		{ "GET", "/b?uploads", "", "Uploads {\"Bucket\":\"b\"}" },
		{ "GET", "/b?uploads=", "", "Uploads {\"Bucket\":\"b\"}" },
		{ "GET", "/b?prefix=a%2Fb+c%2Bd&max-keys=7", "",
		  "List {\"Bucket\":\"b\",\"prefix\":\"a/b c+d\",\"max-keys\":7}" },
		{ "PUT", "/b", "<m><Where>here</Where><Bucket>other</Bucket></m>",
		  "Make {\"Bucket\":\"b\",\"Where\":\"here\"}" },
		{ "PUT", "/b/k", "<no xml", "Put {\"Bucket\":\"b\",\"Key\":\"k\"}" },
		{ "PUT", "/b//k/%2e%2E/a+b%20c", "",
		  "Put {\"Bucket\":\"b\",\"Key\":\"/k/../a+b c\"}" },
		{ "PUT", "/b/k?uploadId=u", "",
		  "Part {\"Bucket\":\"b\",\"Key\":\"k\",\"uploadId\":\"u\"}" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(requests); i++)
		expect_read(&toy, requests[i][0], requests[i][1], NULL, requests[i][2],
			    requests[i][3]);
}

static void what_is_not_there_is_not_implemented(void **state)
{
	(void)state;
	/* Above all not taken for what is there: the tags of an object are not its bytes. */
	static const char *const requests[][3] = {
		{ "PUT", "/b/k?tagging", "have no &quot;?tagging&quot;" },
		{ "PUT", "/b/k?acl", "have no &quot;?acl&quot;" },
		{ "GET", "/b?policy", "have no &quot;?policy&quot;" },
		{ "GET", "/b?versions", "have no &quot;?versions&quot;" },
		{ "PUT", "/b/k?versionId=1", "have no &quot;?versionId&quot;" },
		{ "PUT", "/b/k?partNumber=1", "have no &quot;?partNumber&quot;" },
		{ "PATCH", "/b", "have no PATCH of that" },
		{ "DELETE", "/", "have no DELETE of that" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(requests); i++) {
		struct api_call *call =
			make_call(&toy, requests[i][0], requests[i][1], NULL, "bytes");
		SP_AUTO_FREE char *answer = read_call(call);
		assert_non_null(strstr(answer, "501 "));
		assert_non_null(strstr(answer, "<Code>NotImplemented</Code>"));
		assert_non_null(strstr(answer, requests[i][2]));
		call_release(call);
	}
}

static void what_cannot_be_read_is_refused(void **state)
{
	(void)state;
	expect_read(&toy, "PUT", "/b/k%zz", NULL, "",
		    ERROR("400", "InvalidURI",
			  "the path is no encoded UTF-8, or has a NUL: no object is called like "
			  "that"));
	expect_read(&toy, "PUT", "/b/k%00", NULL, "",
		    ERROR("400", "InvalidURI",
			  "the path is no encoded UTF-8, or has a NUL: no object is called like "
			  "that"));
	expect_read(&toy, "GET", "/b?prefix=%ff", NULL, "",
		    ERROR("400", "InvalidURI", "the query string is no encoded UTF-8"));
	expect_read(&toy, "PUT", "/b", NULL, "<m>",
		    ERROR("400", "MalformedXML", "the body is no XML: no element found in line 1"));
	expect_read(
		&toy, "GET", "/b?max-keys=101", NULL, "",
		ERROR("400", "InvalidArgument", "max-keys: must be between 0 and 100, not 101"));
	expect_read(&toy, "GET", "/b?max-keys=x", NULL, "",
		    ERROR("400", "InvalidArgument", "max-keys: must be an integer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(method_path_and_query_name_the_operation),
		cmocka_unit_test(what_is_not_there_is_not_implemented),
		cmocka_unit_test(what_cannot_be_read_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
