#include "test.h"

#include "base/text.h"
#include "netd/doors.h"

static const struct cidr vpc = { IPV4(0x0a000000), 16 };
static const struct netd_mapping mappings[] = { { IPV4(0x0a000107), IPV4(0xcb007109) },
						{ IPV4(0x0a000208), IPV4(0xcb00710a) } };

static const char golden[] =
	"flush table inet sallyport\n"
	"table inet sallyport {\n"
	"\tchain input {\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname \"lo\" accept\n"
	"\t}\n"
	"\tchain output {\n"
	"\t\tct state established,related accept\n"
	"\t\toifname \"lo\" accept\n"
	"\t}\n"
	"\tchain forward {\n"
	"\t\tiifname \"internet\" ip saddr 10.0.0.0/16 counter drop comment \"pretended\"\n"
	"\t\tct state established,related accept\n"
	"\t\tiifname \"internet\" ct status dnat accept\n"
	"\t\tiifname \"vpc\" ip saddr { 10.0.1.7, 10.0.2.8 } accept\n"
	"\t\tcounter comment \"refused\"\n"
	"\t}\n"
	"\tchain arrive {\n"
	"\t\tdnat ip to ip daddr map { 203.0.113.9 : 10.0.1.7, 203.0.113.10 : 10.0.2.8 }\n"
	"\t}\n"
	"\tchain translate {\n"
	"\t\tsnat ip to ip saddr map { 10.0.1.7 : 203.0.113.9, 10.0.2.8 : 203.0.113.10 }\n"
	"\t}\n"
	"\tchain leave {\n"
	"\t\toifname \"lo\" accept\n"
	"\t\tct original ip saddr . ct reply ip daddr { 10.0.1.7 . 203.0.113.9, 10.0.2.8 . "
	"203.0.113.10 } accept\n"
	"\t\tct reply ip saddr . ct original ip daddr { 10.0.1.7 . 203.0.113.9, 10.0.2.8 . "
	"203.0.113.10 } accept\n"
	"\t\tcounter comment \"went by no mapping\"\n"
	"\t}\n"
	"}\n";

static void who_has_a_public_address_passes_as_from_it_and_nobody_else(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	doors_text(mappings, SP_COUNT_OF(mappings), &vpc, &text);
	const char *from = strstr(sp_buffer_text(&text), "flush table");
	assert_non_null(from);
	assert_string_equal(from, golden);
}

static void every_chain_that_filters_drops_what_it_does_not_name(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	doors_text(NULL, 0, &vpc, &text);
	static const char *const hooks[] = { "hook input", "hook forward", "hook output",
					     "hook postrouting priority 300" };
	for (size_t i = 0; i < SP_COUNT_OF(hooks); i++) {
		const char *at = strstr(sp_buffer_text(&text), hooks[i]);
		assert_non_null(at);
		const char *drop = strstr(at, "policy drop");
		assert_non_null(drop);
		assert_true(drop < strchr(at, '\n'));
	}
}

static void without_mappings_nothing_new_passes(void **state)
{
	(void)state;
	SP_AUTO_BUFFER text = { 0 };
	doors_text(NULL, 0, &vpc, &text);
	assert_null(strstr(sp_buffer_text(&text), " map "));
	assert_null(strstr(sp_buffer_text(&text), "{ }")); /* which nft would not take */
	assert_non_null(strstr(sp_buffer_text(&text), "\tchain leave {\n"
						      "\t\toifname \"lo\" accept\n"
						      "\t\tcounter comment \"went by no mapping\"\n"
						      "\t}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_a_public_address_passes_as_from_it_and_nobody_else),
		cmocka_unit_test(every_chain_that_filters_drops_what_it_does_not_name),
		cmocka_unit_test(without_mappings_nothing_new_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
