#include "cli/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

enum option_id option_find(const char *name, size_t length)
{
	for (int id = 0; id < OPTION_COUNT; id++)
		if (strlen(option_rows[id].name) == length &&
		    memcmp(option_rows[id].name, name, length) == 0)
			return (enum option_id)id;
	return OPTION_COUNT;
}

static enum option_id find_letter(char letter)
{
	for (int id = 0; id < OPTION_COUNT; id++)
		if (option_rows[id].letter == letter)
			return (enum option_id)id;
	return OPTION_COUNT;
}

/* How many words the name has if they are all at the beginning of @words, else 0. */
static size_t match_name(const char *name, size_t count, const char *const *words)
{
	size_t matched = 0;
	while (*name != '\0') {
		size_t length = strcspn(name, " ");
		if (matched == count || strlen(words[matched]) != length ||
		    memcmp(words[matched], name, length) != 0)
			return 0;
		matched++;
		name += length + (name[length] == ' ');
	}
	return matched;
}

const struct command *command_find(const struct command *commands, size_t count,
				   const char *const *words, size_t *out_length)
{
	for (const struct command *command = commands; command->name != NULL; command++)
		if ((*out_length = match_name(command->name, count, words)) > 0)
			return command;
	return NULL;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

static int add_option(struct run *run, enum option_id id, const char *value, struct sp_error *err)
{
	if (run->given_count == GIVEN_MAX)
		return sp_fail(err, SP_INVALID, "cannot take more than %d options", GIVEN_MAX);
	run->given[run->given_count++] = (struct given_option){ id, value };
	return 0;
}

/* @attached: what stands behind "=". @next: the word behind it, or NULL. */
static int take_value(struct run *run, enum option_id id, const char *attached, const char *next,
		      bool *out_used_next, struct sp_error *err)
{
	const struct option_row *row = &option_rows[id];
	if (row->value == NULL && attached != NULL)
		return sp_fail(err, SP_INVALID, "--%s takes no value", row->name);
	*out_used_next = row->value != NULL && attached == NULL;
	const char *value = *out_used_next ? next : attached;
	if (row->value != NULL && (value == NULL || value[0] == '\0'))
		return sp_fail(err, SP_INVALID, "--%s needs a value: --%s %s", row->name, row->name,
			       row->value);
	return add_option(run, id, value, err);
}

static int take_option(struct run *run, const char *word, const char *next, bool *out_used_next,
		       struct sp_error *err)
{
	bool is_long = word[1] == '-';
	const char *name = word + 1 + is_long;
	size_t length = strcspn(name, "=");
	enum option_id id = is_long           ? option_find(name, length)
			    : word[2] == '\0' ? find_letter(word[1])
					      : OPTION_COUNT;
	if (id == OPTION_COUNT)
		return sp_fail(err, SP_INVALID, "there is no option \"%.64s\": see sallyport help",
			       word);
	const char *attached = is_long && name[length] == '=' ? name + length + 1 : NULL;
	return take_value(run, id, attached, next, out_used_next, err);
}

static int split(struct run *run, size_t count, char *const *words, struct sp_error *err)
{
	bool only_words = false;
	for (size_t i = 0; i < count; i++) {
		const char *word = words[i];
		bool used_next = false;
		if (!only_words && strcmp(word, "--") == 0)
			only_words = true;
		else if (only_words || word[0] != '-' || word[1] == '\0')
			run->words[run->word_count++] = word;
		else if (take_option(run, word, i + 1 < count ? words[i + 1] : NULL, &used_next,
				     err) != 0)
			return -1;
		i += used_next;
	}
	return 0;
}

/* ---- does it fit -------------------------------------------------------------------------------------------------- */

/* A word that begins commands of two words: which ones there are. */
static int fail_unknown(const struct run *run, struct sp_error *err)
{
	const char *first = run_word(run, 0);
	if (first == NULL)
		return sp_fail(err, SP_INVALID, "say what is to be done: see sallyport help");
	SP_AUTO_BUFFER seconds = { 0 };
	size_t length = strlen(first);
	for (const struct command *command = run->commands; command->name != NULL; command++)
		if (strncmp(command->name, first, length) == 0 && command->name[length] == ' ')
			sp_buffer_format(&seconds, "%s%s", seconds.length > 0 ? ", " : "",
					 command->name + length + 1);
	if (seconds.length > 0)
		return sp_fail(err, SP_INVALID, "say what is to be done with \"%s\": %s", first,
			       sp_buffer_text(&seconds));
	return sp_fail(err, SP_INVALID, "there is no command \"%.64s\": see sallyport help", first);
}

static int check_options(const struct run *run, struct sp_error *err)
{
	uint64_t taken = run->command->options | OPTIONS_OF_ALL;
	for (size_t i = 0; i < run->given_count; i++)
		if ((taken & WITH(run->given[i].id)) == 0)
			return sp_fail(err, SP_INVALID,
				       "\"%s\" has no option --%s: see sallyport help %s",
				       run->command->name, option_rows[run->given[i].id].name,
				       run->command->name);
	return 0;
}

static int check_words(const struct run *run, struct sp_error *err)
{
	const struct argument *arguments = run->command->arguments;
	size_t least = 0, most = 0;
	const char *missing = NULL;
	for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i].name != NULL; i++) {
		least += !arguments[i].is_optional;
		most = arguments[i].repeats ? WORDS_MAX : most + 1;
		if (missing == NULL && least > run->word_count)
			missing = arguments[i].name;
	}
	if (missing != NULL)
		return sp_fail(err, SP_INVALID, "\"%s\" needs %s: see sallyport help %s",
			       run->command->name, missing, run->command->name);
	if (run->word_count > most)
		return sp_fail(err, SP_INVALID,
			       "\"%s\" does not know what to do with \"%.64s\": see sallyport help "
			       "%s",
			       run->command->name, run->words[most], run->command->name);
	return 0;
}

int command_line_read(const struct command *commands, size_t count, char *const *words,
		      struct run *out, struct sp_error *err)
{
	*out = (struct run){ .commands = commands };
	if (count > WORDS_MAX)
		return sp_fail(err, SP_INVALID, "cannot take more than %d words", WORDS_MAX);
	out->words = sp_alloc((count + 1) * sizeof(*out->words));
	if (split(out, count, words, err) != 0)
		return -1;
	size_t length;
	out->command = command_find(commands, out->word_count, out->words, &length);
	if (out->command != NULL) {
		out->word_count -= length;
		memmove(out->words, out->words + length, out->word_count * sizeof(*out->words));
	}
	if (run_has(out, OPTION_HELP) || run_has(out, OPTION_VERSION))
		return 0;
	if (out->command == NULL)
		return fail_unknown(out, err);
	return check_options(out, err) != 0 ? -1 : check_words(out, err);
}

void run_finish(struct run *run)
{
	free(run->words);
	run->words = NULL;
	run->word_count = 0;
}
