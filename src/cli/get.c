/* sallyport get CONNECTOR PATH… --into /BUCKET: a partner's files come here. */

#include <string.h>

#include "base/scope.h"
#include "cli/carry.h"
#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/remote_paths.h"

/* "delete" or "move:DIR". */
static int read_then(const char *text, struct carry *carry, struct sp_error *err)
{
	static const char move[] = "move:";
	if (text == NULL)
		return 0;
	if (run_has(carry->run, OPTION_DETACH))
		return sp_fail(
			err, SP_INVALID,
			"--then waits until files are here, and --detach does not wait: give "
			"one of them");
	if (strcmp(text, "delete") == 0) {
		carry->then = THEN_DELETE;
		return 0;
	}
	carry->then = THEN_MOVE;
	carry->then_folder = text + strlen(move);
	if (strncmp(text, move, strlen(move)) != 0 || carry->then_folder[0] == '\0')
		return sp_fail(
			err, SP_INVALID,
			"cannot do \"%.64s\" with files that were fetched: --then delete, or "
			"--then move:DIR",
			text);
	return 0;
}

static int find_paths(const struct remote_paths *remote, const struct run *run,
		      struct path_list *out, struct sp_error *err)
{
	enum remote_expansion expansion =
		run_has(run, OPTION_RECURSIVE) ? REMOTE_RECURSIVE : REMOTE_FILES;
	for (size_t i = 1; i < run->word_count; i++)
		if (remote_paths_expand(remote, run->words[i], expansion, out, err) != 0)
			return -1;
	return path_list_sort(out, err);
}

static int get_paths(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PATHS paths = { 0 };
	char connector_id[CONNECTOR_ID_ROOM];
	SP_AUTO_FREE char *via = NULL;
	struct carry carry = { .run = run,
			       .ask = ask,
			       .connector_id = connector_id,
			       .paths = &paths,
			       .to = run_option(run, OPTION_INTO),
			       .is_retrieve = true };
	if (carry.to == NULL || carry.to[0] != '/')
		return sp_fail(err, SP_INVALID,
			       "say where the files go: --into /BUCKET or /BUCKET/PREFIX");
	if (read_then(run_option(run, OPTION_THEN), &carry, err) != 0 ||
	    names_find_connector(ask, run_word(run, 0), connector_id, err) != 0 ||
	    remote_paths_find_via(ask, run, carry.to, &via, err) != 0)
		return -1;
	const struct remote_paths remote = { ask, connector_id, via };
	return find_paths(&remote, run, &paths, err) != 0 ? -1 : carry_files(&carry, err);
}

int get_files(struct run *run, struct sp_error *err)
{
	return ask_within(run, get_paths, err);
}
