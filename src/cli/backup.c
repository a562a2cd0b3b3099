/* sallyport backup: sallyportd's own backup of the store, which needs its state folder and no access key. */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/handlers.h"
#include "cli/output.h"

extern char **environ;

enum { PATH_SIZE = 4096 };

/* The one that lies beside this program, for it is of the same version; else whichever PATH has. */
static void find_daemon(char out[PATH_SIZE])
{
	static const char name[] = "sallyportd";
	ssize_t length = readlink("/proc/self/exe", out, PATH_SIZE - sizeof(name) - 1);
	out[length < 0 ? 0 : length] = '\0';
	char *slash = strrchr(out, '/');
	strcpy(slash == NULL ? out : slash + 1, name);
	if (access(out, X_OK) != 0)
		strcpy(out, name);
}

static int wait_for(pid_t pid, int *out_status, struct sp_error *err)
{
	int status;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return sp_fail_errno(err, "could not wait for sallyportd");
	if (!WIFEXITED(status))
		return sp_fail(err, SP_SYSTEM, "sallyportd was killed before the backup was made");
	*out_status = WEXITSTATUS(status);
	return 0;
}

/* What it says is for people: it goes to standard error, which leaves the other to JSON. */
static int start_and_wait(char *const *words, int *out_status, struct sp_error *err)
{
	pid_t pid;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	errno = posix_spawnp(&pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (errno != 0)
		return sp_fail_errno(err, "could not start sallyportd, which makes the backup");
	return wait_for(pid, out_status, err);
}

int back_up(struct run *run, struct sp_error *err)
{
	char program[PATH_SIZE], state[] = "--state", replace[] = "--replace", backup[] = "backup";
	const char *folder = run_option(run, OPTION_STATE_FOLDER), *file = run_word(run, 0);
	if (folder == NULL)
		return sp_fail(err, SP_INVALID,
			       "say which folder keeps the state: --state-folder DIR");
	find_daemon(program);
	char *words[] = { program,
			  state,
			  (char *)(size_t)folder,
			  backup,
			  (char *)(size_t)file,
			  run_has(run, OPTION_REPLACE) ? replace : NULL,
			  NULL };
	int status = 0;
	if (start_and_wait(words, &status, err) != 0)
		return -1;
	/* It has said itself what was wrong, and its statuses are ours. */
	run->status = (enum exit_status)status;
	if (status == 0 && run_has(run, OPTION_JSON))
		output_json(json_pack("{s:s}", "File", file));
	return 0;
}
