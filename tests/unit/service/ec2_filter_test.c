#include "test.h"

#include "base/json.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/filter.h"

static struct sp_error err;

static const struct ec2_filter table[] = {
	{ "vpc-id", "vpcId" },
	{ "block.state", "blockSet.blockState.state" },
	{ "count", "count" },
	{ "default", "default" },
	{ "ipv6", NULL },
	EC2_TAG_FILTERS,
	{ 0 },
};

static const char shown_text[] = "{\"vpcId\": \"vpc-1\", \"count\": 250, \"default\": false,"
				 " \"blockSet\": [{\"blockState\": {\"state\": \"associated\"}}, "
				 "{\"blockState\": {\"state\": \"failed\"}}],"
				 " \"tagSet\": [{\"key\": \"Name\", \"value\": \"a*b\"}, {\"key\": "
				 "\"env\", \"value\": \"\"}]}";

static json_t *parsed(const char *text)
{
	json_t *value;
	assert_int_equal(sp_json_parse(text, strlen(text), &value, &err), 0);
	return value;
}

static bool matches(const char *filters_text)
{
	SP_AUTO_JSON json_t *shown = parsed(shown_text);
	SP_AUTO_JSON json_t *filters = parsed(filters_text);
	assert_int_equal(ec2_filters_check(filters, table, &err), 0);
	return ec2_filters_match(filters, table, shown);
}

static void assert_refused(const char *filters_text, enum sp_code code, const char *sentence)
{
	SP_AUTO_JSON json_t *filters = parsed(filters_text);
	assert_int_equal(ec2_filters_check(filters, table, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.message, sentence);
}

static void wildcards_stand_for_characters(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool like;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "abc", "abc", true },
		{ "abc", "ab", false },
		{ "ab", "abc", false },
		{ "Abc", "abc", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "a*", "a", true },
		{ "a*c", "abbc", true },
		{ "a*c", "abcb", false },
		{ "*ab*ab", "abxabab", true },
		{ "**a**", "bab", true },
		{ "a?c", "abc", true },
		{ "a?c", "ac", false },
		{ "?", "\xc3\xbc", true },
		{ "??", "\xc3\xbc", false },
		{ "*?", "", false },
		{ "a\\*c", "a*c", true },
		{ "a\\*c", "abc", false },
		{ "\\?", "?", true },
		{ "\\?", "a", false },
		{ "\\\\", "\\", true },
		{ "\\", "\\", true },
		{ "\\a", "a", true },
		{ "*\\*", "ab*", true },
		{ "*\\*", "ab", false },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++)
		if (ec2_like(cases[i].pattern, cases[i].text) != cases[i].like)
			fail_msg("\"%s\" and \"%s\"", cases[i].pattern, cases[i].text);
}

/* What a naive matcher would need longer for than the world exists. */
static void many_wildcards_cost_little(void **state)
{
	(void)state;
	char pattern[512], text[512];
	for (size_t i = 0; i < 500; i++) {
		pattern[i] = i % 2 == 0 ? '*' : 'a';
		text[i] = 'a';
	}
	snprintf(pattern + 500, sizeof(pattern) - 500, "b");
	text[500] = '\0';
	assert_false(ec2_like(pattern, text));
}

static void a_value_is_found_by_its_path(void **state)
{
	(void)state;
	assert_true(matches("[]"));
	assert_true(matches("[{\"Name\": \"vpc-id\", \"Value\": [\"vpc-1\"]}]"));
	assert_false(matches("[{\"Name\": \"vpc-id\", \"Value\": [\"vpc-2\"]}]"));
	assert_true(matches("[{\"Name\": \"block.state\", \"Value\": [\"failed\"]}]"));
	assert_false(matches("[{\"Name\": \"block.state\", \"Value\": [\"pending\"]}]"));
	assert_true(matches("[{\"Name\": \"count\", \"Value\": [\"250\"]}]"));
	assert_true(matches("[{\"Name\": \"default\", \"Value\": [\"false\"]}]"));
	assert_false(matches("[{\"Name\": \"default\", \"Value\": [\"true\"]}]"));
}

static void any_of_the_values_but_all_of_the_filters_must_match(void **state)
{
	(void)state;
	assert_true(matches("[{\"Name\": \"vpc-id\", \"Value\": [\"vpc-2\", \"vpc-1\"]}]"));
	assert_true(matches("[{\"Name\": \"vpc-id\", \"Value\": [\"vpc-*\"]},"
			    " {\"Name\": \"count\", \"Value\": [\"2?0\"]}]"));
	assert_false(matches("[{\"Name\": \"vpc-id\", \"Value\": [\"vpc-1\"]},"
			     " {\"Name\": \"count\", \"Value\": [\"1\"]}]"));
}

static void tags_are_found_by_key_and_value(void **state)
{
	(void)state;
	assert_true(matches("[{\"Name\": \"tag:Name\", \"Value\": [\"a\\\\*b\"]}]"));
	assert_false(matches("[{\"Name\": \"tag:env\", \"Value\": [\"a\\\\*b\"]}]"));
	assert_true(matches("[{\"Name\": \"tag:env\", \"Value\": [\"\"]}]"));
	assert_false(matches("[{\"Name\": \"tag:name\", \"Value\": [\"*\"]}]"));
	assert_true(matches("[{\"Name\": \"tag-key\", \"Value\": [\"env\"]}]"));
	assert_false(matches("[{\"Name\": \"tag-key\", \"Value\": [\"a*b\"]}]"));
}

static void a_filter_of_what_nothing_here_has_matches_nothing(void **state)
{
	(void)state;
	assert_false(matches("[{\"Name\": \"ipv6\", \"Value\": [\"*\"]}]"));
}

static void unknown_and_empty_filters_are_refused(void **state)
{
	(void)state;
	assert_refused("[{\"Name\": \"vpcid\", \"Value\": [\"x\"]}]", SP_INVALID,
		       "The filter 'vpcid' is invalid");
	assert_refused("[{\"Name\": \"tag:\", \"Value\": [\"x\"]}]", SP_INVALID,
		       "The filter 'tag:' is invalid");
	assert_refused("[{\"Name\": \"vpc-id\"}]", SP_INVALID, "The filter 'vpc-id' has no value");
}

static void two_hundred_values_are_the_most(void **state)
{
	(void)state;
	SP_AUTO_JSON json_t *values = json_array();
	SP_AUTO_JSON json_t *filters = json_pack("[{s:s, s:O}]", "Name", "vpc-id", "Value", values);
	for (int i = 0; i < EC2_FILTER_VALUES_MAX; i++)
		json_array_append_new(values, json_string("x"));
	assert_int_equal(ec2_filters_check(filters, table, &err), 0);
	json_array_append_new(values, json_string("x"));
	assert_int_equal(ec2_filters_check(filters, table, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcards_stand_for_characters),
		cmocka_unit_test(many_wildcards_cost_little),
		cmocka_unit_test(a_value_is_found_by_its_path),
		cmocka_unit_test(any_of_the_values_but_all_of_the_filters_must_match),
		cmocka_unit_test(tags_are_found_by_key_and_value),
		cmocka_unit_test(a_filter_of_what_nothing_here_has_matches_nothing),
		cmocka_unit_test(unknown_and_empty_filters_are_refused),
		cmocka_unit_test(two_hundred_values_are_the_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
