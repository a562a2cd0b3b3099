#pragma once
/** A command line: which command it means, with which words and options. Pure. */

#include "cli/command.h"

/**
 * @words  without the program's name; kept, and so is @commands
 *
 * An option may stand anywhere, "--name value" or "--name=value"; behind "--" everything is a word. With --help or
 * --version nothing else is checked, and @out->command may be NULL.
 *
 * Returns 0, or -1 with SP_INVALID: a sentence that names what was wrong and what helps.
 */
int command_line_read(const struct command *commands, size_t count, char *const *words,
		      struct run *out, struct sp_error *err);
void run_finish(struct run *run);

/** The command whose name is at the beginning of @words. @out_length: how many words that are. NULL: there is none. */
const struct command *command_find(const struct command *commands, size_t count,
				   const char *const *words, size_t *out_length);

/** The option called @name, of @length characters; OPTION_COUNT when there is none. */
enum option_id option_find(const char *name, size_t length);
