#include "test.h"

#include "api/xml.h"

static void text_is_escaped(void **state)
{
	(void)state;
	SP_AUTO_BUFFER out = { 0 };
	xml_add_element(&out, "M", "<a href=\"x\">&amp;\r\n\t\x01 \xc3\xa9</a>");
	assert_string_equal(sp_buffer_text(&out),
			    "<M>&lt;a href=&quot;x&quot;&gt;&amp;amp;&#xD;\n\t\xef\xbf\xbd "
			    "\xc3\xa9&lt;/a&gt;</M>");
}

static void what_no_document_may_hold_is_replaced(void **state)
{
	(void)state;
	SP_AUTO_BUFFER out = { 0 };
	xml_add_text(&out, "\xef\xbf\xbd \xef\xbf\xbe \xef\xbf\xbf \xed\x9f\xbf");
	assert_string_equal(sp_buffer_text(&out),
			    "\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd \xed\x9f\xbf");
}

static void values_become_elements(void **state)
{
	(void)state;
	json_t *value = json_loads("{\"A\": \"<\", \"N\": null, \"I\": -3, \"R\": 1.5, "
				   "\"T\": true, \"F\": false, \"L\": [\"x\", {\"B\": 1}], "
				   "\"E\": [], \"O\": {}}",
				   0, NULL);
	SP_AUTO_BUFFER out = { 0 };
	xml_add_value(&out, "Result", value, "member");
	xml_add_value(&out, "Nothing", NULL, "member");
	assert_string_equal(sp_buffer_text(&out),
			    "<Result><A>&lt;</A><I>-3</I><R>1.5</R><T>true</T><F>false</F>"
			    "<L><member>x</member><member><B>1</B></member></L><E></E><O></O>"
			    "</Result>");
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(what_no_document_may_hold_is_replaced),
		cmocka_unit_test(values_become_elements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
