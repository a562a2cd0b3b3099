#include "test.h"

#include "api/xml_read.h"
#include "base/scope.h"
#include "base/text.h"

static const struct shape text = { .type = SHAPE_STRING };
static const struct shape number = { .type = SHAPE_INTEGER };
static const struct shape truth = { .type = SHAPE_BOOLEAN };
static const struct shape part = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Number", &number, true },
						  { "Name", &text, false },
						  { 0 } },
};
static const struct shape parts = { .type = SHAPE_LIST, .element = &part };
static const struct shape few = { .type = SHAPE_LIST, .max = 2, .element = &part };
static const struct shape names = { .type = SHAPE_LIST, .element = &text };
static const struct shape root = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Part", &parts, false },
						  { "Name", &names, false },
						  { "One", &part, false },
						  { "Quiet", &truth, false },
						  { "Word", &text, false },
						  { 0 } },
};

static const struct shape holder = {
	.type = SHAPE_STRUCTURE,
	.members = (const struct shape_member[]){ { "Part", &few, false },
						  { "Word", &text, false },
						  { 0 } },
};

static void elements_become_members(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *json;
	} documents[] = {
		{ "<r/>", "{}" },
		{ "<r><Word> a &amp; b&#x21;</Word></r>", "{\"Word\":\" a & b!\"}" },
		{ "<?xml version=\"1.0\"?><r xmlns=\"x\"><Quiet>true</Quiet></r>",
		  "{\"Quiet\":true}" },
		{ "<r><Part><Number>1</Number></Part><Word>w</Word><Part><Number>2</Number>"
		  "<Name>n</Name></Part></r>",
		  "{\"Part\":[{\"Number\":1},{\"Number\":2,\"Name\":\"n\"}],\"Word\":\"w\"}" },
		{ "<r><Name>a</Name><Name/></r>", "{\"Name\":[\"a\",\"\"]}" },
		{ "<r><Unknown><Word>no</Word></Unknown><Word>yes</Word></r>",
		  "{\"Word\":\"yes\"}" },
		{ "<r><One><Number>x</Number></One></r>", "{\"One\":{\"Number\":\"x\"}}" },
		{ "<r>\n <!-- c --><Word><![CDATA[<&>]]></Word>\n</r>", "{\"Word\":\"<&>\"}" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(documents); i++) {
		struct sp_error err = { 0 };
		SP_AUTO_JSON json_t *value = NULL;
		if (xml_read(documents[i].xml, strlen(documents[i].xml), &root, (json_t **)&value,
			     &err) != 0)
			fail_msg("%s: %s", documents[i].xml, err.message);
		SP_AUTO_FREE char *json = sp_json_text((json_t *)value);
		assert_string_equal(json, documents[i].json);
	}
}

static void a_list_is_kept_as_far_as_it_takes_to_tell_that_it_is_too_long(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *json;
	} documents[] = {
		{ "<r><Part/><Part/></r>", "{\"Part\":[{},{}]}" },
		{ "<r><Part/><Part/><Part/><Part/><Part><Number>5</Number></Part><Word>w</Word></"
		  "r>",
		  "{\"Part\":[{},{},{}],\"Word\":\"w\"}" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(documents); i++) {
		SP_AUTO_JSON json_t *value = NULL;
		assert_int_equal(xml_read(documents[i].xml, strlen(documents[i].xml), &holder,
					  (json_t **)&value, NULL),
				 0);
		SP_AUTO_FREE char *json = sp_json_text((json_t *)value);
		assert_string_equal(json, documents[i].json);
	}
}

static void what_is_no_document_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *xml, *says;
	} documents[] = {
		{ "", "is no XML" },
		{ "<r>", "is no XML" },
		{ "<r></s>", "is no XML" },
		{ "<r/><r/>", "is no XML" },
		{ "{\"Word\":\"w\"}", "is no XML" },
		{ "<r><Word>a</Word><Word>b</Word></r>", "twice that may come once: Word" },
		{ "<r><One/><One/></r>", "twice that may come once: One" },
		{ "<r><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></r>", "too deep" },
		{ "<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b "
		  "\"&a;&a;\">]><r><Word>&b;</Word></r>",
		  "no document type" },
		{ "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>", "no document type" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(documents); i++) {
		struct sp_error err = { 0 };
		json_t *value = NULL;
		assert_int_equal(
			xml_read(documents[i].xml, strlen(documents[i].xml), &root, &value, &err),
			-1);
		assert_int_equal(err.code, SP_PROTOCOL);
		if (strstr(err.message, documents[i].says) == NULL)
			fail_msg("%s: %s", documents[i].xml, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_become_members),
		cmocka_unit_test(a_list_is_kept_as_far_as_it_takes_to_tell_that_it_is_too_long),
		cmocka_unit_test(what_is_no_document_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
