#include "test.h"

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/commands.h"

enum { LINE_WORDS_MAX = 16 };

struct line {
	char text[512];
	char *words[LINE_WORDS_MAX];
	size_t count;
};

static void split(const char *text, struct line *out)
{
	*out = (struct line){ 0 };
	assert_true(strlen(text) < sizeof(out->text));
	strcpy(out->text, text);
	for (char *rest = out->text, *word; (word = strsep(&rest, " ")) != NULL;)
		if (word[0] != '\0')
			out->words[out->count++] = word;
}

static void words_and_options_may_stand_anywhere(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"send acme /b/a.csv --to in --quiet",
		"--quiet send --to=in acme /b/a.csv",
		"send -q acme --to in -- /b/a.csv",
		"send acme --to out -q /b/a.csv --to in",
	};
	for (size_t i = 0; i < SP_COUNT_OF(texts); i++) {
		struct line line;
		struct run run;
		split(texts[i], &line);
		assert_int_equal(
			command_line_read(all_commands, line.count, line.words, &run, NULL), 0);
		assert_string_equal(run.command->name, "send");
		assert_int_equal(run.word_count, 2);
		assert_string_equal(run_word(&run, 0), "acme");
		assert_string_equal(run_word(&run, 1), "/b/a.csv");
		assert_null(run_word(&run, 2));
		assert_string_equal(run_option(&run, OPTION_TO), "in");
		assert_true(run_has(&run, OPTION_QUIET));
		assert_false(run_has(&run, OPTION_JSON));
		run_finish(&run);
	}
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "say what is to be done" },
		{ "frobnicate", "there is no command \"frobnicate\"" },
		{ "connector", "say what is to be done with \"connector\": list, show, " },
		{ "connector frobnicate", "with \"connector\": list" },
		{ "send", "needs CONNECTOR" },
		{ "send acme", "needs /BUCKET/KEY" },
		{ "connector show a b", "does not know what to do with \"b\"" },
		{ "send acme /b/k --frobnicate", "there is no option \"--frobnicate\"" },
		{ "send acme /b/k -x", "there is no option \"-x\"" },
		{ "send acme /b/k -qr", "there is no option \"-qr\"" },
		{ "send acme /b/k --then delete", "\"send\" has no option --then" },
		{ "send acme /b/k --to", "--to needs a value: --to DIR" },
		{ "send acme /b/k --to=", "--to needs a value" },
		{ "send acme /b/k --quiet=yes", "--quiet takes no value" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++) {
		struct line line;
		struct run run;
		struct sp_error err = { 0 };
		split(rows[i].text, &line);
		assert_int_equal(
			command_line_read(all_commands, line.count, line.words, &run, &err), -1);
		assert_int_equal(err.code, SP_INVALID);
		if (strstr(err.message, rows[i].words) == NULL)
			fail_msg("\"%s\" is told as: %s", rows[i].text, err.message);
		run_finish(&run);
	}
}

static void too_many_options_are_refused(void **state)
{
	(void)state;
	char *words[GIVEN_MAX + 2];
	for (size_t i = 0; i < SP_COUNT_OF(words); i++)
		words[i] = i == 0 ? "watch" : "-q";
	struct run run;
	struct sp_error err = { 0 };
	assert_int_equal(command_line_read(all_commands, SP_COUNT_OF(words), words, &run, &err),
			 -1);
	assert_int_equal(err.code, SP_INVALID);
	run_finish(&run);
}

static void the_tables_are_whole(void **state)
{
	(void)state;
	for (int id = 0; id < OPTION_COUNT; id++) {
		assert_non_null(option_rows[id].name);
		assert_non_null(option_rows[id].help);
		assert_int_equal(option_find(option_rows[id].name, strlen(option_rows[id].name)),
				 id);
	}
	uint64_t used = OPTIONS_OF_ALL | WITH(OPTION_VERSION);
	for (const struct command *command = all_commands; command->name != NULL; command++) {
		assert_non_null(command->carry_out);
		assert_true(sp_text_ends_with(command->help, "."));
		used |= command->options;
	}
	for (int id = 0; id < OPTION_COUNT; id++)
		if ((used & WITH(id)) == 0)
			fail_msg("no command takes --%s", option_rows[id].name);
	int before = -1;
	for (const struct exit_status_row *row = exit_statuses; row->meaning != NULL; row++) {
		assert_true((int)row->status > before);
		before = (int)row->status;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options_may_stand_anywhere),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(too_many_options_are_refused),
		cmocka_unit_test(the_tables_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
