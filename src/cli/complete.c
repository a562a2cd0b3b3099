/* sallyport complete: what may stand where somebody pressed a key. Asked by the scripts of completion.c. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/xml_texts.h"
#include "cli/bucket_paths.h"
#include "cli/command_line.h"
#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/transfer_pages.h"

enum { TRANSFERS_SHOWN = 50 };

static void offer(const char *word, const char *typed)
{
	if (word != NULL && sp_text_starts_with(word, typed))
		puts(word);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void offer_connectors(struct ask *ask, const char *typed)
{
	SP_AUTO_JSON json_t *connectors = NULL;
	if (names_describe_all(ask, &connectors, NULL) != 0)
		return;
	size_t i;
	json_t *connector;
	json_array_foreach (connectors, i, connector) {
		const char *name = names_of_tags(json_object_get(connector, "Tags"));
		offer(name != NULL ? name : sp_json_string(connector, "ConnectorId"), typed);
	}
}

static void offer_transfers(struct ask *ask, const char *typed)
{
	const struct transfer_wish wish = { 0 };
	SP_AUTO_JSON json_t *transfers = NULL;
	if (transfer_pages_read(ask, &wish, TRANSFERS_SHOWN, &transfers, NULL) != 0)
		return;
	size_t i;
	json_t *transfer;
	json_array_foreach (transfers, i, transfer)
		offer(sp_json_string(transfer, "TransferId"), typed);
}

/* What is in the folder that was typed so far; folders with a slash, so that one can go on. */
static void offer_bucket_paths(struct ask *ask, const char *typed)
{
	AUTO_PATHS list = { 0 };
	SP_AUTO_FREE char *folder = sp_strndup(typed, (size_t)(path_base(typed) - typed));
	bool is_bucket = strcmp(folder, "/") == 0 || folder[0] == '\0';
	if ((is_bucket ? bucket_paths_buckets(ask, &list, NULL)
		       : bucket_paths_level(ask, folder, &list, NULL)) != 0)
		return;
	for (size_t i = 0; i < list.count; i++) {
		SP_AUTO_BUFFER word = { 0 };
		sp_buffer_format(&word, "%s%s", list.entries[i].path,
				 list.entries[i].is_folder ? "/" : "");
		offer(sp_buffer_text(&word), typed);
	}
}

static void offer_buckets(struct ask *ask, const char *typed)
{
	AUTO_PATHS list = { 0 };
	if (bucket_paths_buckets(ask, &list, NULL) != 0)
		return;
	for (size_t i = 0; i < list.count; i++)
		offer(list.entries[i].path + strlen("/"), typed);
}

static void offer_users(struct ask *ask, const char *typed)
{
	static const struct ask_parameter none[] = { { NULL, NULL } };
	SP_AUTO_BUFFER answer = { 0 };
	if (ask_query(ask, "iam", "ListUsers", none, &answer, NULL) != 0)
		return;
	struct xml_piece rest = { sp_buffer_text(&answer), answer.length }, piece;
	while (xml_next(&rest, "member", &piece)) {
		SP_AUTO_FREE char *name = xml_text(piece, "UserName");
		offer(name, typed);
	}
}

/* ---- what the tables have ---------------------------------------------------------------------------------------- */

/* What is left of a command's name behind the @count words in front; NULL when it does not begin with them. */
static const char *rest_of(const char *name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strcspn(name, " ");
		if (strlen(words[i]) != length || memcmp(words[i], name, length) != 0)
			return NULL;
		name += length + (name[length] == ' ');
	}
	return name;
}

/* The next word of each command, once: those that begin alike stand together in the table. */
static void offer_commands(const struct command *commands, const char *const *words, size_t count,
			   const char *typed)
{
	SP_AUTO_FREE char *last = NULL;
	for (; commands->name != NULL; commands++) {
		const char *rest = rest_of(commands->name, words, count);
		if (rest == NULL || rest[0] == '\0' || commands->is_hidden)
			continue;
		SP_AUTO_FREE char *word = sp_strndup(rest, strcspn(rest, " "));
		if (!sp_text_equal(word, last))
			offer(word, typed);
		free(last);
		last = sp_take_pointer(&word);
	}
}

static void offer_options(const struct command *command, const char *typed)
{
	uint64_t options = OPTIONS_OF_ALL | (command == NULL ? 0 : command->options);
	for (int id = 0; id < OPTION_COUNT; id++) {
		SP_AUTO_BUFFER word = { 0 };
		sp_buffer_format(&word, "--%s", option_rows[id].name);
		if ((options & WITH(id)) != 0)
			offer(sp_buffer_text(&word), typed);
	}
}

static void offer_words(const char *const *words, const char *typed)
{
	for (; *words != NULL; words++)
		offer(*words, typed);
}

/* The values of options that have few. */
static const struct {
	enum option_id id;
	const char *words[8];
} values[] = {
	{ OPTION_STATE, { "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED" } },
	{ OPTION_DIRECTION, { "SEND", "RETRIEVE", "LIST", "MOVE", "DELETE" } },
	{ OPTION_THEN, { "delete", "move:" } },
};

/* ---- where we are ------------------------------------------------------------------------------------------------ */

/* What is typed, and what stands in front of it. */
struct place {
	const char **words; /* without options and their values; owned array */
	size_t count;
	const struct command *command; /* NULL: not yet known */
	size_t argument;               /* the place of what is typed among the command's words */
	enum option_id option;         /* whose value is typed; OPTION_COUNT: none's */
	const char *typed;
};

static void finish_place(struct place *place)
{
	free(place->words);
}

#define AUTO_PLACE __attribute__((cleanup(finish_place))) struct place

static enum option_id option_of(const char *word)
{
	return word[1] == '-' ? option_find(word + 2, strlen(word + 2)) : OPTION_COUNT;
}

static void find_place(const struct run *run, struct place *out)
{
	size_t before = run->word_count == 0 ? 0 : run->word_count - 1, length;
	*out = (struct place){ .words = sp_alloc((before + 1) * sizeof(*out->words)),
			       .option = OPTION_COUNT,
			       .typed = run->word_count == 0 ? "" : run->words[before] };
	for (size_t i = 0; i < before; i++) {
		enum option_id id = option_of(run->words[i]);
		if (run->words[i][0] != '-')
			out->words[out->count++] = run->words[i];
		else if (id != OPTION_COUNT && option_rows[id].value != NULL && ++i == before)
			out->option = id;
	}
	out->command = command_find(run->commands, out->count, out->words, &length);
	if (out->command != NULL)
		out->argument = out->count - length;
}

static enum argument_kind kind_of(const struct place *place)
{
	if (place->option != OPTION_COUNT)
		return option_rows[place->option].kind;
	const struct argument *arguments = place->command->arguments;
	for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i].name != NULL; i++)
		if (i == place->argument || arguments[i].repeats)
			return arguments[i].kind;
	return ARGUMENT_TEXT;
}

static int offer_names(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PLACE place;
	(void)err;
	find_place(run, &place);
	switch (kind_of(&place)) {
	case ARGUMENT_CONNECTOR:
		offer_connectors(ask, place.typed);
		if (place.typed[0] == '/')
			offer_bucket_paths(ask, place.typed);
		break;
	case ARGUMENT_TRANSFER:
		offer_transfers(ask, place.typed);
		break;
	case ARGUMENT_BUCKET:
		offer_buckets(ask, place.typed);
		break;
	case ARGUMENT_BUCKET_PATH:
		offer_bucket_paths(ask, place.typed);
		break;
	case ARGUMENT_USER:
		offer_users(ask, place.typed);
		break;
	case ARGUMENT_SHELL:
		offer_words((const char *const[]){ "bash", "zsh", NULL }, place.typed);
		break;
	case ARGUMENT_TEXT:
	case ARGUMENT_FILE:        /* the shell knows those itself */
	case ARGUMENT_REMOTE_PATH: /* nobody connects to a partner because of a key */
		break;
	}
	return 0;
}

int complete_word(struct run *run, struct sp_error *err)
{
	AUTO_PLACE place;
	struct sp_error ignored = { 0 };
	(void)err; /* whoever types wants no sentences: what cannot be found out is not offered */
	find_place(run, &place);
	for (size_t i = 0; i < SP_COUNT_OF(values); i++)
		if (values[i].id == place.option)
			offer_words(values[i].words, place.typed);
	if (place.option == OPTION_COUNT && place.typed[0] == '-')
		offer_options(place.command, place.typed);
	else if (place.option == OPTION_COUNT && place.command == NULL)
		offer_commands(run->commands, &place.words[0], place.count, place.typed);
	else
		ask_within(run, offer_names, &ignored);
	return 0;
}
