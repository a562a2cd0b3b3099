#include "test.h"

#include "worker/learnt.h"

static void what_was_learnt_comes_back_as_it_was(void **state)
{
	(void)state;
	const struct learnt learnt = { .rename_refuses = true,
				       .no_hash = true,
				       .method = "publickey",
				       .limits = { 261120, 32768, 1019 } };
	struct learnt found = { 0 };
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_add_text(&text, "posix-rename");
	learnt_format(&learnt, &text);
	assert_string_equal(sp_buffer_text(&text),
			    "posix-rename rename-existing=refuses no-check-file read-max=261120 "
			    "write-max=32768 handles=1019 auth=publickey");
	learnt_parse(sp_buffer_text(&text), &found);
	assert_true(found.rename_refuses && found.no_hash);
	assert_false(found.rename_replaces || found.no_posix_rename);
	assert_string_equal("publickey", found.method);
	assert_memory_equal(&learnt.limits, &found.limits, sizeof(found.limits));
}

static void words_that_nobody_knows_say_nothing(void **state)
{
	(void)state;
	static const struct learnt nothing;
	struct learnt found = { 0 };
	learnt_parse("rename-existing=perhaps  no-such check-file read-most=1", &found);
	assert_memory_equal(&found, &nothing, sizeof(found));
	learnt_parse(NULL, &found);
	learnt_parse("", &found);
	assert_memory_equal(&found, &nothing, sizeof(found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_learnt_comes_back_as_it_was),
		cmocka_unit_test(words_that_nobody_knows_say_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
