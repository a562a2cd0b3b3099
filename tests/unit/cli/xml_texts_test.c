#include "test.h"

#include "base/scope.h"
#include "cli/xml_texts.h"

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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_come_one_after_the_other),
		cmocka_unit_test(of_anything_else_nothing_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
