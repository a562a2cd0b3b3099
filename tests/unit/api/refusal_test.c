#include "test.h"

#include "api/refusal.h"
#include "base/json.h"
#include "base/text.h"

static void the_service_decides_the_form(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum refusal_form form;
	} cases[] = {
		{ "transfer", FORM_JSON },
		{ "secretsmanager", FORM_JSON },
		{ "logs", FORM_JSON },
		{ "dynamodb", FORM_JSON },
		{ "acm", FORM_JSON },
		{ "workspaces", FORM_JSON },
		{ "vpc-lattice", FORM_REST_JSON },
		{ "lambda", FORM_REST_JSON },
		{ "sts", FORM_QUERY },
		{ "iam", FORM_QUERY },
		{ "ec2", FORM_EC2 },
		{ "s3", FORM_S3 },
	};
	enum refusal_form form;
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		assert_true(refusal_form_of_service(cases[i].name, &form));
		assert_int_equal(form, cases[i].form);
	}
	static const char *const unknown[] = { "", " ", "s", "transfe", "transferx", "s3 " };
	for (size_t i = 0; i < SP_COUNT_OF(unknown); i++)
		assert_false(refusal_form_of_service(unknown[i], &form));
}

static void the_looks_of_a_request_decide_otherwise(void **state)
{
	(void)state;
	static const struct {
		const char *method, *target, *header, *value, *body;
		enum refusal_form form;
	} cases[] = {
		{ "POST", "/", "X-Amz-Target", "TransferService.X", "{}", FORM_JSON },
		{ "POST", "/", "content-type", "application/x-amz-json-1.1", "{}", FORM_JSON },
		{ "POST", "/", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8",
		  "Action=GetCallerIdentity&Version=2011-06-15", FORM_QUERY },
		{ "POST", "/", "Content-Type", "application/x-www-form-urlencoded",
		  "Action=CreateVpc&Version=2016-11-15", FORM_EC2 },
		{ "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "a", "b", "",
		  FORM_QUERY },
		{ "GET", "/?Action=DescribeVpcs&Version=2016-11-15", "a", "b", "", FORM_EC2 },
		{ "POST", "/resourcegateways", "Content-Type", "application/json", "{}",
		  FORM_REST_JSON },
		{ "GET", "/resourcegateways", "a", "b", "", FORM_REST_JSON },
		{ "DELETE", "/tags/x?tagKeys=a", "a", "b", "", FORM_REST_JSON },
		{ "GET", "/", "a", "b", "", FORM_S3 },
		{ "GET", "/?x-id=ListBuckets", "a", "b", "", FORM_S3 },
		{ "PUT", "/bucket/key", "a", "b", "", FORM_S3 },
		{ "HEAD", "/bucket", "a", "b", "", FORM_S3 },
		{ "POST", "/", "a", "b", "", FORM_JSON },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		const struct sign_header header = { cases[i].header, cases[i].value };
		const struct sign_request request = { .method = cases[i].method,
						      .target = cases[i].target,
						      .headers = &header,
						      .header_count = 1,
						      .body = cases[i].body,
						      .body_length = strlen(cases[i].body) };
		if (refusal_form_of_request(&request) != cases[i].form)
			fail_msg("%s %s", cases[i].method, cases[i].target);
	}
}

static void each_form_says_the_same_in_its_own_way(void **state)
{
	(void)state;
	static const struct {
		enum refusal_form form;
		unsigned status;
		const char *type, *header, *body;
	} cases[] = {
		{ FORM_JSON, 400, "application/x-amz-json-1.1", "UnrecognizedClientException",
		  "{\"__type\":\"UnrecognizedClientException\",\"message\":\"<no>\"}" },
		{ FORM_REST_JSON, 403, "application/json", "UnrecognizedClientException",
		  "{\"message\":\"<no>\"}" },
		{ FORM_QUERY, 403, "text/xml;charset=UTF-8", "",
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Type>Sender"
		  "</Type><Code>InvalidClientTokenId</Code><Message>&lt;no&gt;</Message></Error>"
		  "<RequestId>id</RequestId></ErrorResponse>" },
		{ FORM_EC2, 401, "text/xml;charset=UTF-8", "",
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>"
		  "AuthFailure</Code><Message>&lt;no&gt;</Message></Error></Errors>"
		  "<RequestID>id</RequestID></Response>" },
		{ FORM_S3, 403, "application/xml", "",
		  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidAccessKeyId"
		  "</Code><Message>&lt;no&gt;</Message><RequestId>id</RequestId></Error>" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct api_answer answer;
		refusal_write(cases[i].form, REFUSED_UNKNOWN_KEY, "<no>", "id", &answer);
		assert_int_equal(answer.status, cases[i].status);
		assert_string_equal(answer.content_type, cases[i].type);
		assert_string_equal(answer.error_type, cases[i].header);
		assert_string_equal(answer.body, cases[i].body);
		assert_int_equal(answer.length, strlen(cases[i].body));
		free(answer.body);
	}
}

static void who_asks_too_often_is_told_when_to_come_back(void **state)
{
	(void)state;
	struct api_answer answer;
	refusal_write_throttled(FORM_JSON, "no", 7, "RetryAfterSeconds", "id", &answer);
	assert_int_equal(answer.retry_after_s, 7);
	assert_string_equal(answer.body, "{\"__type\":\"ThrottlingException\",\"message\":\"no\","
					 "\"RetryAfterSeconds\":\"7\"}");
	free(answer.body);
	for (int form = 0; form < FORM_COUNT; form++) {
		refusal_write_throttled((enum refusal_form)form, "no", 1, NULL, "id", &answer);
		assert_int_equal(answer.retry_after_s, 1);
		assert_null(strstr(answer.body, "Retry"));
		free(answer.body);
		refusal_write((enum refusal_form)form, REFUSED_DENIED, "no", "id", &answer);
		assert_int_equal(answer.retry_after_s, 0);
		free(answer.body);
	}
}

static void every_reason_has_a_code_in_every_form(void **state)
{
	(void)state;
	for (int form = 0; form < FORM_COUNT; form++) {
		for (int reason = 0; reason < REFUSED_REASON_COUNT; reason++) {
			struct api_answer answer;
			refusal_write((enum refusal_form)form, (enum refusal_reason)reason, "no",
				      "id", &answer);
			assert_true(answer.status >= 400);
			assert_null(strstr(answer.body, "null"));
			free(answer.body);
		}
	}
}

static void bytes_that_are_no_text_do_not_break_an_answer(void **state)
{
	(void)state;
	for (int form = 0; form < FORM_COUNT; form++) {
		struct api_answer answer;
		refusal_write((enum refusal_form)form, REFUSED_UNKNOWN_OPERATION, "no \"\xff\xfe\"",
			      "id", &answer);
		assert_non_null(answer.body);
		assert_non_null(strstr(answer.body, "xff"));
		assert_true(sp_utf8_valid(answer.body, answer.length));
		free(answer.body);
	}
}

static void a_modelled_error_carries_its_members(void **state)
{
	(void)state;
	struct api_answer answer;
	json_t *members = json_pack("{s:s}", "Resource", "c-1");
	refusal_write_modelled(FORM_JSON, 400, "ResourceNotFoundException", "gone", members, NULL,
			       "id", &answer);
	assert_string_equal(answer.body, "{\"__type\":\"ResourceNotFoundException\","
					 "\"Message\":\"gone\",\"Resource\":\"c-1\"}");
	free(answer.body);
	refusal_write_modelled(FORM_QUERY, 500, "Oops", "gone", members, "urn:x", "id", &answer);
	assert_non_null(strstr(answer.body, "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Receiver"
					    "</Type><Code>Oops</Code><Message>gone</Message>"
					    "<Resource>c-1</Resource></Error>"));
	free(answer.body);
	json_decref(members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_service_decides_the_form),
		cmocka_unit_test(the_looks_of_a_request_decide_otherwise),
		cmocka_unit_test(each_form_says_the_same_in_its_own_way),
		cmocka_unit_test(who_asks_too_often_is_told_when_to_come_back),
		cmocka_unit_test(every_reason_has_a_code_in_every_form),
		cmocka_unit_test(bytes_that_are_no_text_do_not_break_an_answer),
		cmocka_unit_test(a_modelled_error_carries_its_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
