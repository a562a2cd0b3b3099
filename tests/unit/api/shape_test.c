#include "shape_check.h"
#include "test.h"

#include "api/shape.h"
#include "base/text.h"

static const struct shape port = { .type = SHAPE_INTEGER, .min = 1, .max = 65535 };
static const struct shape any_integer = { .type = SHAPE_INTEGER };
static const struct shape flag = { .type = SHAPE_BOOLEAN };
static const struct shape moment = { .type = SHAPE_TIMESTAMP };
static const struct shape id = {
	.type = SHAPE_STRING, .min = 3, .max = 3, .pattern = "c-[0-9a-f]"
};
static const struct shape word = { .type = SHAPE_STRING, .min = 1, .max = 4 };
static const struct shape words = { .type = SHAPE_LIST, .min = 1, .max = 2, .element = &word };
static const struct shape password = {
	.type = SHAPE_STRING, .max = 20, .pattern = "[a-z]*", .is_secret = true
};
static const struct shape blob = { .type = SHAPE_BLOB, .min = 1, .max = 4 };
static const struct shape labels = { .type = SHAPE_MAP, .max = 2, .element = &word };
static const struct shape_member either_members[] = { { "A", &word, false },
						      { "B", &word, false },
						      { 0 } };
static const struct shape either = { .type = SHAPE_STRUCTURE,
				     .members = either_members,
				     .is_union = true };
static const struct shape_member inner_members[] = { { "Words", &words, true },
						     { "Port", &port, false },
						     { 0 } };
static const struct shape inner = { .type = SHAPE_STRUCTURE, .members = inner_members };
static const struct shape inners = { .type = SHAPE_LIST, .element = &inner };
static const struct shape_member input_members[] = {
	{ "Id", &id, true },
	{ "Inner", &inner, false },
	{ "Inners", &inners, false },
	{ "Flag", &flag, false },
	{ "Moment", &moment, false },
	{ "Blob", &blob, false },
	{ "Password", &password, false },
	{ "Labels", &labels, false },
	{ "Either", &either, false },
	{ "Any", &any_integer, false },
	{ 0 },
};
static const struct shape input = { .type = SHAPE_STRUCTURE, .members = input_members };

static int check_text(const char *text, struct sp_error *err)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	int result = shape_check(&input, value, err);
	json_decref(value);
	return result;
}

static void what_fits_passes(void **state)
{
	(void)state;
	static const char *const good[] = {
		"{\"Id\": \"c-0\"}",
		"{\"Id\": \"c-f\", \"Unknown\": [1, null]}",
		"{\"Id\": \"c-0\", \"Inner\": null, \"Flag\": null}",
		"{\"Id\": \"c-0\", \"Inner\": {\"Words\": [\"a\", \"äöüß\"], \"Port\": 65535}}",
		("{\"Id\": \"c-0\", \"Inners\": [], \"Flag\": false, \"Moment\": 1.5e9, \"Any\": "
		 "-7}"),
		"{\"Id\": \"c-0\", \"Blob\": \"AAECAw==\", \"Labels\": {\"x\": \"y\"}}",
		"{\"Id\": \"c-0\", \"Either\": {\"A\": \"x\", \"B\": null}, \"Password\": \"\"}",
	};
	for (size_t i = 0; i < SP_COUNT_OF(good); i++) {
		struct sp_error err = { 0 };
		if (check_text(good[i], &err) != 0)
			fail_msg("%s: %s", good[i], err.message);
	}
}

static void what_does_not_fit_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum sp_code code;
		const char *message;
	} cases[] = {
		{ "[]", SP_PROTOCOL, "the input: must be an object" },
		{ "{}", SP_INVALID, "Id: is required" },
		{ "{\"Id\": null}", SP_INVALID, "Id: is required" },
		{ "{\"Id\": 7}", SP_PROTOCOL, "Id: must be a string" },
		{ "{\"Id\": \"c-00\"}", SP_INVALID, "Id: must have exactly 3 characters, not 4" },
		{ "{\"Id\": \"c-x\"}", SP_INVALID,
		  "Id: must match c-[0-9a-f], and \"c-x\" does not" },
		{ "{\"Id\": \"c-\\n\"}", SP_INVALID, NULL },
		{ "{\"Id\": \"c-0\", \"Inner\": {}}", SP_INVALID, "Inner.Words: is required" },
		{ "{\"Id\": \"c-0\", \"Inner\": {\"Words\": []}}", SP_INVALID,
		  "Inner.Words: must have at least 1 element, not 0" },
		{ "{\"Id\": \"c-0\", \"Inner\": {\"Words\": [\"a\", \"b\", \"c\"]}}", SP_INVALID,
		  "Inner.Words: must have at most 2 elements, not 3" },
		{ "{\"Id\": \"c-0\", \"Inner\": {\"Words\": [\"a\", \"äöüßx\"]}}", SP_INVALID,
		  "Inner.Words[1]: must have at most 4 characters, not 5" },
		{ "{\"Id\": \"c-0\", \"Inner\": {\"Words\": [\"\"]}}", SP_INVALID,
		  "Inner.Words[0]: must have at least 1 character, not 0" },
		{ "{\"Id\": \"c-0\", \"Inner\": {\"Words\": [null]}}", SP_PROTOCOL,
		  "Inner.Words[0]: must be a string" },
		{ "{\"Id\": \"c-0\", \"Inners\": [{\"Words\": [\"a\"], \"Port\": 0}]}", SP_INVALID,
		  "Inners[0].Port: must be between 1 and 65535, not 0" },
		{ "{\"Id\": \"c-0\", \"Inners\": [{\"Words\": [\"a\"], \"Port\": 22.5}]}",
		  SP_PROTOCOL, "Inners[0].Port: must be an integer" },
		{ "{\"Id\": \"c-0\", \"Flag\": \"true\"}", SP_PROTOCOL,
		  "Flag: must be true or false" },
		{ "{\"Id\": \"c-0\", \"Moment\": \"now\"}", SP_PROTOCOL,
		  "Moment: must be a number of seconds since 1970" },
		{ "{\"Id\": \"c-0\", \"Blob\": \"AAE\"}", SP_PROTOCOL,
		  "Blob: must be a string of base64" },
		{ "{\"Id\": \"c-0\", \"Blob\": \"AAECAwQ=\"}", SP_INVALID,
		  "Blob: must have at most 4 bytes, not 5" },
		{ "{\"Id\": \"c-0\", \"Labels\": {\"x\": \"\"}}", SP_INVALID,
		  "Labels.x: must have at least 1 character, not 0" },
		{ "{\"Id\": \"c-0\", \"Either\": {}}", SP_INVALID,
		  "Either: must have exactly one member, not 0" },
		{ "{\"Id\": \"c-0\", \"Either\": {\"A\": \"x\", \"B\": \"y\"}}", SP_INVALID,
		  "Either: must have exactly one member, not 2" },
		{ "{\"Id\": \"c-0\", \"Password\": \"SECRET\"}", SP_INVALID,
		  "Password: must match [a-z]*" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct sp_error err = { 0 };
		assert_int_equal(check_text(cases[i].text, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		if (cases[i].message != NULL)
			assert_string_equal(err.message, cases[i].message);
	}
}

static void nulls_are_dropped_at_every_depth(void **state)
{
	(void)state;
	json_t *value = json_loads("{\"a\": null, \"b\": {\"c\": null, \"d\": 1}, "
				   "\"e\": [{\"f\": null}, null]}",
				   0, NULL);
	json_t *wanted = json_loads("{\"b\": {\"d\": 1}, \"e\": [{}, null]}", 0, NULL);
	shape_drop_nulls(value);
	assert_true(json_equal(value, wanted));
	json_decref(value);
	json_decref(wanted);
}

static void what_no_shape_has_is_dropped_at_every_depth(void **state)
{
	(void)state;
	json_t *value = json_loads("{\"Id\": \"c-1\", \"RoleName\": \"x\", \"Inner\": {\"Words\": "
				   "[\"a\"], \"Id\": \"c-2\"}, "
				   "\"Inners\": [{\"Words\": [\"b\"], \"More\": {\"Words\": []}}], "
				   "\"Labels\": {\"any\": \"c\"}}",
				   0, NULL);
	json_t *wanted = json_loads("{\"Id\": \"c-1\", \"Inner\": {\"Words\": [\"a\"]}, "
				    "\"Inners\": [{\"Words\": [\"b\"]}], "
				    "\"Labels\": {\"any\": \"c\"}}",
				    0, NULL);
	struct sp_error err = { 0 };
	assert_int_equal(shape_check(&input, value, &err), 0);
	shape_drop_strangers(&input, value);
	assert_true(json_equal(value, wanted));
	json_decref(value);
	json_decref(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_passes),
		cmocka_unit_test(what_does_not_fit_is_named),
		cmocka_unit_test(nulls_are_dropped_at_every_depth),
		cmocka_unit_test(what_no_shape_has_is_dropped_at_every_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
