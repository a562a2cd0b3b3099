/** sallyport: the command line. Does one command, and says what came of it by its status (cli/exit_status.h). */

#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/usage.h"

static int carry_out(struct run *run, struct sp_error *err)
{
	if (run_has(run, OPTION_VERSION)) {
		puts("sallyport " SALLYPORT_VERSION);
		return 0;
	}
	if (run_has(run, OPTION_HELP)) {
		if (run->command == NULL)
			usage_print_all(stdout, run->commands);
		else
			usage_print_one(stdout, run->command);
		return 0;
	}
	return run->command->carry_out(run, err);
}

/* What could not be written is a failure like any other: a script would go on with half an answer. */
static int flush(struct sp_error *err)
{
	return fflush(stdout) == 0 && !ferror(stdout)
		       ? 0
		       : sp_fail_errno(err, "could not write to standard output");
}

int main(int argc, char **argv)
{
	struct run run;
	struct sp_error err = { 0 };
	signal(SIGPIPE, SIG_DFL); /* whoever reads our output may have enough of it */
	setlocale(LC_CTYPE, "C.UTF-8");
	sp_json_wipe_what_is_freed();
	size_t count = argc < 1 ? 0 : (size_t)argc - 1;
	int result = command_line_read(all_commands, count, argv + 1, &run, &err);
	if (result == 0)
		result = carry_out(&run, &err);
	if (result == 0)
		result = flush(&err);
	int status = (int)run.status;
	if (result != 0) {
		output_note("%s", err.message);
		status = (int)exit_status_of(err.code);
	}
	run_finish(&run);
	return status;
}
