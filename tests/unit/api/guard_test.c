/** What an operation's row asks for, and how a permission that is not there is told in each protocol. */
#include "test.h"

#include <stdio.h>

#include "api/exchange.h"
#include "api/guard.h"
#include "base/scope.h"

#define ACCOUNT "123456789012"

static char *find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	(void)context;
	(void)input;
	return strcmp(value, "known-as") == 0 && strcmp(kind, "thing/") == 0
		       ? sp_strdup("arn:aws:toy:eu-central-1:" ACCOUNT ":thing/t-1")
		       : NULL;
}

static struct api_service toy = { .signing_name = "toy",
				  .title = "Toy",
				  .protocol = API_JSON_1_1,
				  .validation_error = "ToyInvalid",
				  .internal_error = "ToyBroken",
				  .find_arn = find_arn };

/* "action resource; action resource", owned by the caller. */
static char *wishes_of(const char *row, const char *input_text)
{
	const struct guard_place place = { &toy, NULL, "eu-central-1", ACCOUNT };
	const struct api_operation operation = { .name = "Do", .resource = row };
	struct guard_wishes wishes;
	struct sp_error err = { 0 };
	SP_AUTO_JSON json_t *input = NULL;
	SP_AUTO_BUFFER text = { 0 };
	assert_int_equal(sp_json_parse(input_text, strlen(input_text), &input, &err), 0);
	if (guard_list_wishes(&place, &operation, input, &wishes, &err) != 0)
		sp_buffer_format(&text, "%d: %s", err.code, err.message);
	for (size_t i = 0; i < wishes.count; i++)
		sp_buffer_format(&text, "%s%s %s", i == 0 ? "" : "; ", wishes.list[i].action,
				 wishes.list[i].resource == NULL ? "who asks"
								 : wishes.list[i].resource);
	guard_wishes_finish(&wishes);
	return sp_buffer_take(&text);
}

#define THING "arn:aws:toy:eu-central-1:" ACCOUNT ":thing/"

static const struct {
	const char *row, *input, *wishes;
} rows[] = {
	{ "*", "{}", "toy:Do *" },
	{ GUARD_ANYBODY, "{}", "" },
	{ "thing/*", "{}", "toy:Do " THING "*" },
	{ "thing/{Id}", "{\"Id\":\"t-9\"}", "toy:Do " THING "t-9" },
	{ "thing/{Id}", "{\"Id\":\"known-as\"}", "toy:Do " THING "t-1" },
	{ "thing/{Id}", "{}", "toy:Do " THING "*" },
	{ "thing/{Id}", "{\"Id\":[]}", "toy:Do " THING "*" },
	{ "thing/{Id}", "{\"Id\":7}", "toy:Do " THING "*" },
	{ "thing/{Id}", "{\"Id\":[\"a\",\"b\"]}", "toy:Do " THING "a; toy:Do " THING "b" },
	{ "thing/{Id|Name}", "{\"Name\":\"n\"}", "toy:Do " THING "n" },
	{ "thing/{Id|Name}", "{\"Name\":\"n\",\"Id\":\"i\"}", "toy:Do " THING "i" },
	{ "thing/{Id|@}", "{\"Id\":\"t-9\",\"@\":\"t-1\"}", "toy:Do " THING "t-9" },
	{ "thing/{Id|@}", "{\"@\":\"t-1\"}", "toy:Do who asks" },
	{ "{Arn}", "{\"Arn\":\"arn:aws:toy:r:1:x/y\"}", "toy:Do arn:aws:toy:r:1:x/y" },
	/* There is one partition, and no other name for what is in it. */
	{ "{Arn}", "{\"Arn\":\"arn:aws-cn:toy:r:1:x\"}", "toy:Do arn:aws:toy:r:1:x" },
	{ "* iam:PassRole={Role}", "{\"Role\":\"arn:aws:iam::1:role/r\"}",
	  "toy:Do *; iam:PassRole arn:aws:iam::1:role/r" },
	{ "* iam:PassRole={Role}", "{}", "toy:Do *" },
	{ "box/* thing/{Id}", "{\"Id\":\"t\"}",
	  "toy:Do arn:aws:toy:eu-central-1:" ACCOUNT ":box/*; toy:Do " THING "t" },
	{ "thing/{List.Id}", "{\"List\":[{\"Id\":\"a\"},{\"Id\":\"b\"}]}",
	  "toy:Do " THING "a; toy:Do " THING "b" },
	{ "thing/{List.Id}", "{\"List\":[{}]}", "toy:Do " THING "*" },
	{ NULL, "{}", "19: nobody has said what toy:Do is about" },
};

static void reads_what_a_row_asks_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SP_AUTO_FREE char *wishes = wishes_of(rows[i].row, rows[i].input);
		assert_string_equal(wishes, rows[i].wishes);
	}
}

static void leaves_the_region_out_of_what_is_global(void **state)
{
	(void)state;
	toy.is_global = true;
	SP_AUTO_FREE char *wishes = wishes_of("user/{Name}", "{\"Name\":\"n\"}");
	toy.is_global = false;
	assert_string_equal(wishes, "toy:Do arn:aws:toy::" ACCOUNT ":user/n");
}

static void refuses_to_be_about_too_much(void **state)
{
	(void)state;
	SP_AUTO_BUFFER input = { 0 };
	sp_buffer_add_text(&input, "{\"Id\":[\"x\"");
	for (int i = 0; i < GUARD_WISHES_MAX; i++)
		sp_buffer_add_text(&input, ",\"x\"");
	sp_buffer_add_text(&input, "]}");
	SP_AUTO_FREE char *wishes = wishes_of("thing/{Id}", sp_buffer_text(&input));
	assert_non_null(strstr(wishes, "one request may be about 1024 resources at most"));
}

/* ---- the refusal --------------------------------------------------------------------------------------------------- */

static bool nobody_owns(void *ctx, const struct sign_identity *who)
{
	(void)ctx;
	(void)who;
	return false;
}

/* A key that was there while the signature was verified may be gone before it is asked what its owner may do. */
static bool is_gone;

/* @ctx: a verdict. */
static int judge(void *ctx, const struct sign_identity *who, struct access_request *request,
		 struct sp_buffer *refusal, struct sp_error *err)
{
	const enum access_verdict *verdict = ctx;
	(void)who;
	if (is_gone)
		return sp_fail(err, SP_NOT_FOUND, "there is no such key");
	if (*verdict == ACCESS_ALLOWED)
		return sp_fail(err, SP_SYSTEM, "the store is away");
	access_add_sentence(*verdict, "arn:aws:iam::" ACCOUNT ":user/a", request, refusal);
	return sp_fail(err, SP_DENIED, "no");
}

static void nothing(struct api_call *call)
{
	(void)call;
	fail();
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
	(void)connection;
}

/* "status Code body" of the refusal; owned by the caller. */
static char *refusal_of(enum api_protocol protocol, enum access_verdict verdict)
{
	static const struct shape shape = { .type = SHAPE_STRUCTURE };
	const struct api_operation operation = {
		.name = "Do", .input = &shape, .handle = nothing, .resource = "thing/t"
	};
	struct api_service service = toy;
	const struct api_guard guard = { &verdict, nobody_owns, judge };
	service.protocol = protocol;
	struct api_call *call = call_create("/");
	call->service = &service;
	call->operation = &operation;
	call->input = json_object();
	call->catalogue.guard = &guard;
	call->catalogue.region = "eu-central-1";
	call->catalogue.account = ACCOUNT;
	snprintf(call->id, sizeof(call->id), "id");
	call_hold(call);
	assert_false(guard_lets(call));
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "%u %s %s", call->answer.status, call->answer.error_type,
			 call->answer.body);
	call_release(call);
	return sp_buffer_take(&text);
}

#define USER                                                                                       \
	"User: arn:aws:iam::" ACCOUNT                                                              \
	":user/a is not authorized to perform: toy:Do on resource: " THING "t"
#define NONE USER " because no identity-based policy allows the toy:Do action"
#define DENY USER " with an explicit deny in an identity-based policy"

static void tells_each_protocol_in_its_own_words(void **state)
{
	(void)state;
	static const struct {
		enum api_protocol protocol;
		enum access_verdict verdict;
		const char *answer;
	} cases[] = {
		{ API_JSON_1_1, ACCESS_NOT_ALLOWED,
		  "400 AccessDeniedException "
		  "{\"__type\":\"AccessDeniedException\",\"message\":\"" NONE "\"}" },
		{ API_JSON_1_1, ACCESS_DENIED,
		  "400 AccessDeniedException "
		  "{\"__type\":\"AccessDeniedException\",\"message\":\"" DENY "\"}" },
		{ API_REST_JSON, ACCESS_NOT_ALLOWED,
		  "403 AccessDeniedException {\"message\":\"" NONE "\"}" },
		{ API_REST_JSON, ACCESS_DENIED,
		  "403 AccessDeniedException {\"message\":\"" DENY "\"}" },
		{ API_QUERY, ACCESS_NOT_ALLOWED,
		  "403  <?xml version=\"1.0\" "
		  "encoding=\"UTF-8\"?>\n<ErrorResponse><Error><Type>Sender</Type>"
		  "<Code>AccessDenied</Code><Message>" NONE "</Message></Error><RequestId>id"
		  "</RequestId></ErrorResponse>" },
		{ API_EC2, ACCESS_NOT_ALLOWED,
		  "403  <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>"
		  "UnauthorizedOperation</Code><Message>You are not authorized to perform this "
		  "operation. " NONE
		  "</Message></Error></Errors><RequestID>id</RequestID></Response>" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SP_AUTO_FREE char *answer = refusal_of(cases[i].protocol, cases[i].verdict);
		assert_string_equal(answer, cases[i].answer);
	}
}

static void does_not_let_in_whom_it_cannot_judge(void **state)
{
	(void)state;
	SP_AUTO_FREE char *answer = refusal_of(API_JSON_1_1, ACCESS_ALLOWED);
	assert_non_null(strstr(answer, "ToyBroken"));
	assert_non_null(strstr(answer, "the store is away"));
}

static void a_key_that_is_gone_by_now_is_an_unknown_one(void **state)
{
	(void)state;
	static const struct {
		enum api_protocol protocol;
		const char *status, *code;
	} cases[] = {
		{ API_JSON_1_1, "400", "UnrecognizedClientException" },
		{ API_REST_JSON, "403", "UnrecognizedClientException" },
		{ API_QUERY, "403", "InvalidClientTokenId" },
		{ API_EC2, "401", "AuthFailure" },
	};
	is_gone = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SP_AUTO_FREE char *answer = refusal_of(cases[i].protocol, ACCESS_DENIED);
		assert_memory_equal(answer, cases[i].status, 3);
		assert_non_null(strstr(answer, cases[i].code));
		assert_non_null(
			strstr(answer, "The security token included in the request is invalid."));
	}
	is_gone = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_row_asks_for),
		cmocka_unit_test(leaves_the_region_out_of_what_is_global),
		cmocka_unit_test(refuses_to_be_about_too_much),
		cmocka_unit_test(tells_each_protocol_in_its_own_words),
		cmocka_unit_test(a_key_that_is_gone_by_now_is_an_unknown_one),
		cmocka_unit_test(does_not_let_in_whom_it_cannot_judge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
