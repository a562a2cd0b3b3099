#include "protocol_call.h"

#define JSON "application/json"
#define ARN  "arn:aws:vpc-lattice:eu-central-1:123456789012:resourcegateway/rgw-0123456789abcdef0"
#define ENCODED_ARN                                                                                \
	"arn%3Aaws%3Avpc-lattice%3Aeu-central-1%3A123456789012%3Aresourcegateway%2F"               \
	"rgw-0123456789abcdef0"
#define INVALID(reason, message)                                                                   \
	"400 ValidationException {\"message\":\"" message "\",\"reason\":\"" reason "\"}"
#define UNFIT(name, why)                                                                           \
	"400 ValidationException {\"message\":\"" name ": " why                                    \
	"\",\"reason\":\"fieldValidationFailed\",\"fieldList\":[{\"name\":\"" name                 \
	"\",\"message\":\"" why "\"}]}"

static const struct shape text = { .type = SHAPE_STRING, .min = 1 };
static const struct shape number = { .type = SHAPE_INTEGER, .min = 1, .max = 100 };
static const struct shape flag = { .type = SHAPE_BOOLEAN };
static const struct shape texts = { .type = SHAPE_LIST, .element = &text };
static const struct shape map = { .type = SHAPE_MAP, .element = &text };

static const struct shape_member create_members[] = {
	{ "name", &text, true },         { "vpcIdentifier", &text, false },
	{ "subnetIds", &texts, false },  { "securityGroupIds", &texts, false },
	{ "clientToken", &text, false }, { 0 },
};
static const struct shape create_input = { .type = SHAPE_STRUCTURE, .members = create_members };
static const struct shape_member one_members[] = { { "resourceGatewayIdentifier", &text, true },
						   { "securityGroupIds", &texts, false },
						   { 0 } };
static const struct shape one_input = { .type = SHAPE_STRUCTURE, .members = one_members };
static const struct shape_member list_members[] = { { "maxResults", &number, false },
						    { "nextToken", &text, false },
						    { "all", &flag, false },
						    { 0 } };
static const struct shape list_input = { .type = SHAPE_STRUCTURE, .members = list_members };
static const struct shape_member tag_members[] = {
	{ "resourceArn", &text, true }, { "tags", &map, false }, { "tagKeys", &texts, false }, { 0 }
};
static const struct shape tag_input = { .type = SHAPE_STRUCTURE, .members = tag_members };

static const struct api_operation operations[] = {
	{ .name = "CreateResourceGateway",
	  .input = &create_input,
	  .method = "POST",
	  .path = "/resourcegateways",
	  .status = 201 },
	{ .name = "ListResourceGateways",
	  .input = &list_input,
	  .method = "GET",
	  .path = "/resourcegateways" },
	{ .name = "UpdateResourceGateway",
	  .input = &one_input,
	  .method = "PATCH",
	  .path = "/resourcegateways/{resourceGatewayIdentifier}" },
	{ .name = "DeleteResourceGateway",
	  .input = &one_input,
	  .method = "DELETE",
	  .path = "/resourcegateways/{resourceGatewayIdentifier}",
	  .status = 204 },
	{ .name = "TagResource",
	  .input = &tag_input,
	  .method = "POST",
	  .path = "/tags/{resourceArn}" },
	{ .name = "UntagResource",
	  .input = &tag_input,
	  .method = "DELETE",
	  .path = "/tags/{resourceArn}" },
	{ .name = "TestThing",
	  .input = &one_input,
	  .method = "POST",
	  .path = "/v1/things/{resourceGatewayIdentifier}/test" },
	{ 0 },
};
static const struct api_service service = {
	.signing_name = "vpc-lattice",
	.title = "Amazon VPC Lattice",
	.protocol = API_REST_JSON,
	.validation_error = "ValidationException",
	.operations = operations,
};

static void requests_of_real_clients_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *method, *target, *type, *body, *expected;
	} cases[] = {
		{ "POST", "/resourcegateways", JSON,
		  "{\"name\": \"gw-one\", \"vpcIdentifier\": \"vpc-01234567\", \"subnetIds\": "
		  "[\"subnet-01234567\"], \"clientToken\": \"ea110834\"}",
		  "CreateResourceGateway {\"name\":\"gw-one\",\"vpcIdentifier\":\"vpc-01234567\","
		  "\"subnetIds\":[\"subnet-01234567\"],\"clientToken\":\"ea110834\"}" },
		{ "PATCH", "/resourcegateways/rgw-0123456789abcdef0", JSON,
		  "{\"securityGroupIds\": [\"sg-01234567\"]}",
		  "UpdateResourceGateway {\"securityGroupIds\":[\"sg-01234567\"],"
		  "\"resourceGatewayIdentifier\":\"rgw-0123456789abcdef0\"}" },
		{ "DELETE", "/resourcegateways/rgw-0123456789abcdef0", NULL, "",
		  "DeleteResourceGateway {\"resourceGatewayIdentifier\":\"rgw-0123456789abcdef0"
		  "\"}" },
		{ "GET", "/resourcegateways", NULL, "", "ListResourceGateways {}" },
		{ "GET", "/resourcegateways?maxResults=5&nextToken=a%2Fb%3Dc&all=true", NULL, "",
		  "ListResourceGateways {\"maxResults\":5,\"nextToken\":\"a/b=c\",\"all\":true}" },
		{ "POST", "/tags/" ENCODED_ARN, JSON "; charset=utf-8",
		  "{\"tags\": {\"a\": \"b\"}}",
		  "TagResource {\"tags\":{\"a\":\"b\"},\"resourceArn\":\"" ARN "\"}" },
		{ "DELETE", "/tags/" ENCODED_ARN "?tagKeys=a&tagKeys=b%20c", NULL, "",
		  "UntagResource {\"tagKeys\":[\"a\",\"b c\"],\"resourceArn\":\"" ARN "\"}" },
		{ "POST", "/v1/things/x/test", NULL, "",
		  "TestThing {\"resourceGatewayIdentifier\":\"x\"}" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++)
		expect_read(&service, cases[i].method, cases[i].target, cases[i].type,
			    cases[i].body, cases[i].expected);
}

static void a_label_is_decoded_once_and_nothing_else_says_which_thing_is_meant(void **state)
{
	(void)state;
	expect_read(&service, "DELETE", "/resourcegateways/a%252Fb+c", NULL, "",
		    "DeleteResourceGateway {\"resourceGatewayIdentifier\":\"a%2Fb+c\"}");
	expect_read(&service, "DELETE",
		    "/resourcegateways/a?resourceGatewayIdentifier=b&unknown=c&unknown=d", NULL, "",
		    "DeleteResourceGateway {\"resourceGatewayIdentifier\":\"a\"}");
	expect_read(&service, "PATCH", "/resourcegateways/a?securityGroupIds=x", JSON,
		    "{\"resourceGatewayIdentifier\":\"b\"}",
		    "UpdateResourceGateway {\"resourceGatewayIdentifier\":\"a\"}");
}

static void an_unknown_path_is_refused_naming_what_is_there(void **state)
{
	(void)state;
	static const char *const paths[] = { "/",
					     "/services",
					     "/resourcegateways/",
					     "//resourcegateways",
					     "/resourcegateways/a/b",
					     "/resourcegateways/%zz",
					     "/resourcegateways/%00",
					     "/resourcegateways/%ff",
					     ("/tags/" ARN),
					     "/v1/things/x",
					     "/v1/things//test",
					     "/{resourceArn}" };
	for (size_t i = 0; i < SP_COUNT_OF(paths); i++) {
		struct api_call *call = make_call(&service, "DELETE", paths[i], NULL, "");
		SP_AUTO_FREE char *said = read_call(call);
		assert_true(sp_text_starts_with(said,
						"400 ValidationException {\"message\":\"Amazon "
						"VPC Lattice has no operation \\\"DELETE /"));
		assert_non_null(strstr(said, "\\\" here; it has CreateResourceGateway (POST "
					     "/resourcegateways), ListResourceGateways (GET "));
		assert_true(sp_text_ends_with(said, ",\"reason\":\"unknownOperation\"}"));
		call_release(call);
	}
}

static void a_wrong_method_is_refused_naming_those_of_the_path(void **state)
{
	(void)state;
	expect_read(&service, "PUT", "/resourcegateways", JSON, "{}",
		    INVALID("unknownOperation",
			    "Amazon VPC Lattice has no PUT /resourcegateways here; this path has "
			    "POST (CreateResourceGateway), GET (ListResourceGateways)"));
	expect_read(&service, "get", "/tags/a?b", NULL, "",
		    INVALID("unknownOperation",
			    "Amazon VPC Lattice has no get /tags/a here; this path has POST "
			    "(TagResource), DELETE (UntagResource)"));
}

static void what_cannot_be_read_is_refused(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"{", "[]", "\"a\"", "null", "{\"name\":\"a\"} x", "{\"name\":\"a\",\"name\":\"b\"}"
	};
	for (size_t i = 0; i < SP_COUNT_OF(bodies); i++) {
		struct api_call *call =
			make_call(&service, "POST", "/resourcegateways", JSON, bodies[i]);
		SP_AUTO_FREE char *said = read_call(call);
		assert_true(sp_text_starts_with(said, "400 ValidationException "));
		assert_non_null(strstr(said, "\"reason\":\"cannotParse\""));
		call_release(call);
	}
	expect_read(&service, "POST", "/resourcegateways", "text/plain", "{}",
		    INVALID("cannotParse",
			    "the Content-Type must be application/json, not \\\"text/plain\\\""));
	expect_read(
		&service, "POST", "/resourcegateways", NULL, "{}",
		INVALID("cannotParse", "the Content-Type must be application/json, not \\\"\\\""));
	expect_read(&service, "GET", "/resourcegateways?maxResults=1&maxResults=2", NULL, "",
		    INVALID("cannotParse", "the query string has \\\"maxResults\\\" twice"));
	expect_read(&service, "GET", "/resourcegateways?nextToken=%zz", NULL, "",
		    INVALID("cannotParse", "cannot read the query string: the form's field 1 "
					   "is no encoded UTF-8"));
}

static void what_does_not_fit_is_refused_naming_the_field(void **state)
{
	(void)state;
	expect_read(&service, "POST", "/resourcegateways", NULL, "", UNFIT("name", "is required"));
	expect_read(&service, "POST", "/resourcegateways", JSON,
		    "{\"name\":\"a\",\"subnetIds\":[\"a\",\"\"]}",
		    UNFIT("subnetIds[1]", "must have at least 1 character, not 0"));
	expect_read(&service, "POST", "/resourcegateways", JSON, "{\"name\":1}",
		    UNFIT("name", "must be a string"));
	expect_read(&service, "GET", "/resourcegateways?maxResults=101", NULL, "",
		    UNFIT("maxResults", "must be between 1 and 100, not 101"));
	expect_read(&service, "GET", "/resourcegateways?maxResults=x", NULL, "",
		    UNFIT("maxResults", "must be an integer"));
	expect_read(&service, "DELETE", "/tags/a?tagKeys=", NULL, "",
		    UNFIT("tagKeys[0]", "must have at least 1 character, not 0"));
}

static void a_name_that_was_cut_inside_a_character_is_told_all_the_same(void **state)
{
	(void)state;
	SP_AUTO_BUFFER body = { 0 };
	sp_buffer_add_text(&body, "{\"tags\":{\"");
	for (int i = 0; i < SHAPE_MEMBER_SIZE; i++)
		sp_buffer_add_text(&body, "\xe2\x82\xac");
	sp_buffer_add_text(&body, "\":1}}");
	struct api_call *call = make_call(&service, "POST", "/tags/a", JSON, sp_buffer_text(&body));
	SP_AUTO_FREE char *said = read_call(call);
	assert_non_null(strstr(said, "\"fieldList\":[{\"name\":\"tags.\xe2\x82\xac"));
	assert_true(sp_utf8_valid(said, strlen(said)));
	call_release(call);
}

static void expect_written(const struct api_operation *operation, json_t *output, unsigned status,
			   const char *expected)
{
	struct api_call *call = make_call(&service, "GET", "/", NULL, "");
	struct api_answer answer;
	call->operation = operation;
	protocol_rest.write(call, output, &answer);
	assert_int_equal(answer.status, status);
	if (expected == NULL) {
		assert_null(answer.body);
		assert_null(answer.content_type);
	} else {
		assert_string_equal(answer.content_type, JSON);
		assert_string_equal(answer.body, expected);
		assert_int_equal(answer.length, strlen(expected));
	}
	free(answer.body);
	json_decref(output);
	call_release(call);
}

static void answers_have_the_status_of_their_operation_and_no_nulls(void **state)
{
	(void)state;
	expect_written(&operations[0], json_pack("{s:s,s:n}", "id", "rgw-1", "failureReason"), 201,
		       "{\"id\":\"rgw-1\"}");
	expect_written(&operations[1], json_pack("{s:[{s:n,s:i}]}", "items", "a", "b", 1), 200,
		       "{\"items\":[{\"b\":1}]}");
	expect_written(&operations[4], NULL, 200, "{}");
	expect_written(&operations[3], NULL, 204, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_real_clients_are_read),
		cmocka_unit_test(
			a_label_is_decoded_once_and_nothing_else_says_which_thing_is_meant),
		cmocka_unit_test(an_unknown_path_is_refused_naming_what_is_there),
		cmocka_unit_test(a_wrong_method_is_refused_naming_those_of_the_path),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(what_does_not_fit_is_refused_naming_the_field),
		cmocka_unit_test(a_name_that_was_cut_inside_a_character_is_told_all_the_same),
		cmocka_unit_test(answers_have_the_status_of_their_operation_and_no_nulls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
