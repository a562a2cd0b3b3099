#pragma once
/**
 * A command as a row of a table: what it is called, what it takes, what it says of itself and who carries it out. Usage,
 * completion and the manual are made of these rows, so that they cannot say different things.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/exit_status.h"

enum {
	ARGUMENTS_MAX = 4,  /* of one command, as its row has them */
	WORDS_MAX = 100000, /* of one command line: a shell's pattern may have made them */
	GIVEN_MAX = 64,     /* options of one command line */
	COMMANDS_MAX = 64,
};

/** What a word stands for: completion knows what there is of it. */
enum argument_kind {
	ARGUMENT_TEXT,
	ARGUMENT_FILE, /* of this machine */
	ARGUMENT_CONNECTOR,
	ARGUMENT_TRANSFER,
	ARGUMENT_BUCKET,      /* its name */
	ARGUMENT_BUCKET_PATH, /* "/bucket/key" */
	ARGUMENT_REMOTE_PATH,
	ARGUMENT_USER,
	ARGUMENT_SHELL,
};

struct argument {
	const char *name; /* as usage has it: "CONNECTOR" */
	enum argument_kind kind;
	bool is_optional, repeats;
};

enum option_id {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_PROFILE,
	OPTION_ENDPOINT,
	OPTION_REGION,
	OPTION_TO,
	OPTION_INTO,
	OPTION_RECURSIVE,
	OPTION_THEN,
	OPTION_DETACH,
	OPTION_VIA,
	OPTION_FOLLOW,
	OPTION_STATE,
	OPTION_DIRECTION,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_PATH,
	OPTION_MAX,
	OPTION_CONNECTOR,
	OPTION_URL,
	OPTION_EGRESS,
	OPTION_PORT,
	OPTION_USER,
	OPTION_PASSWORD_FILE,
	OPTION_KEY_FILE,
	OPTION_SECRET,
	OPTION_TRUST,
	OPTION_KNOWN_HOSTS,
	OPTION_LEARN,
	OPTION_ROLE,
	OPTION_CONNECTIONS,
	OPTION_POLICY,
	OPTION_WITH_SECRET,
	OPTION_STATE_FOLDER,
	OPTION_REPLACE,
	OPTION_PREFIX,
	OPTION_ONLY,
	OPTION_DRY_RUN,
	OPTION_COUNT,
};

struct option_row {
	const char *name;  /* without "--" */
	const char *value; /* "DIR"; NULL: it takes none */
	const char *help;
	char letter; /* 0: it has none */
	enum argument_kind kind;
};

extern const struct option_row option_rows[OPTION_COUNT];

#define WITH(option) ((uint64_t)1 << (option))

/** What every command takes. */
#define OPTIONS_OF_ALL                                                                             \
	(WITH(OPTION_HELP) | WITH(OPTION_JSON) | WITH(OPTION_QUIET) | WITH(OPTION_PROFILE) |       \
	 WITH(OPTION_ENDPOINT) | WITH(OPTION_REGION))

struct run;

struct command {
	const char *name; /* "send", "connector add" */
	struct argument arguments[ARGUMENTS_MAX];
	uint64_t options; /* beside those of all */
	const char *help; /* one sentence */
	/** 0, then run->status is what the program ends with; or -1 with @err. */
	int (*carry_out)(struct run *run, struct sp_error *err);
	bool is_hidden; /* for completion's own use */
};

struct given_option {
	enum option_id id;
	const char *value; /* borrowed; NULL when it takes none */
};

/** A command line that was understood, and what came of it. */
struct run {
	const struct command *command;
	const struct command *commands; /* all of them; the last one has no name */
	const char **words;             /* owned array of borrowed texts */
	size_t word_count;
	struct given_option given[GIVEN_MAX];
	size_t given_count;
	enum exit_status status;
};

/** The last value that was given; NULL when there is none. */
const char *run_option(const struct run *run, enum option_id id);
bool run_has(const struct run *run, enum option_id id);

/** The word at @place; NULL when there are fewer. */
const char *run_word(const struct run *run, size_t place);
