/* sallyport help. */

#include <stdio.h>

#include "cli/command_line.h"
#include "cli/handlers.h"
#include "cli/usage.h"

int show_help(struct run *run, struct sp_error *err)
{
	size_t length;
	if (run->word_count == 0) {
		usage_print_all(stdout, run->commands);
		return 0;
	}
	const struct command *command =
		command_find(run->commands, run->word_count, run->words, &length);
	if (command == NULL)
		return sp_fail(err, SP_INVALID, "there is no command \"%.64s\": see sallyport help",
			       run->words[0]);
	usage_print_one(stdout, command);
	return 0;
}
