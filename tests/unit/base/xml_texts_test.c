#include "test.h"

#include "base/scope.h"
#include "base/xml_texts.h"

static struct xml_piece piece_of(const char *text)
{
	return (struct xml_piece){ text, strlen(text) };
}

static void elements_come_one_after_the_other(void **state)
{
	(void)state;
	struct xml_piece rest = piece_of("<R><C><Key>a&amp;b</Key><Size>1</Size></C><C><Key>&lt;"
					 "</Key></C><IsTruncated>false</IsTruncated></R>");
	struct xml_piece piece;
	assert_true(xml_next(&rest, "C", &piece));
	SP_AUTO_FREE char *first = xml_text(piece, "Key");
	SP_AUTO_FREE char *size = xml_text(piece, "Size");
	assert_string_equal(first, "a&b");
	assert_string_equal(size, "1");
	assert_true(xml_next(&rest, "C", &piece));
	SP_AUTO_FREE char *second = xml_text(piece, "Key");
	assert_string_equal(second, "<");
	assert_null(xml_text(piece, "Size"));
	assert_false(xml_next(&rest, "C", &piece));
	SP_AUTO_FREE char *truncated = xml_text(rest, "IsTruncated");
	assert_string_equal(truncated, "false");
}

static void of_anything_else_nothing_is_found(void **state)
{
	(void)state;
	static const char *const texts[] = { "",        "<",        "<A>",       "<A>x",
					     "<A>x</A", "</A>x<A>", "<AB>x</AB>" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(xml_text(piece_of(texts[i]), "A"));
	SP_AUTO_FREE char *odd = xml_text(piece_of("<A>&amp;&bogus;&</A>"), "A");
	assert_string_equal(odd, "&&bogus;&");
	SP_AUTO_FREE char *empty = xml_text(piece_of("<A></A>"), "A");
	assert_string_equal(empty, "");
	assert_null(xml_text((struct xml_piece){ "<A>x</A>", 7 }, "A")); /* it ends before that */
}

static void quotes_are_read_however_they_are_written(void **state)
{
	(void)state;
	SP_AUTO_FREE char *text = xml_text(piece_of("<A>&quot;&#34;&apos;&#39;&gt;</A>"), "A");
	assert_string_equal(text, "\"\"''>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_come_one_after_the_other),
		cmocka_unit_test(of_anything_else_nothing_is_found),
		cmocka_unit_test(quotes_are_read_however_they_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
