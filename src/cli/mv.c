/* sallyport mv, rm: files at a partner get other names, or go. */

#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "cli/errands.h"
#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/remote_paths.h"

/* Listings are needed for patterns and trees only, and so is a place for them. */
static bool needs_listings(const struct run *run, size_t count)
{
	bool needs = run_has(run, OPTION_RECURSIVE);
	for (size_t i = 1; i < count; i++)
		needs = needs || path_is_pattern(run->words[i]);
	return needs;
}

/* The words from the second one on, up to @count. */
static int find_paths(const struct errands *errands, size_t count, enum remote_expansion expansion,
		      struct path_list *out, struct sp_error *err)
{
	const struct run *run = errands->run;
	SP_AUTO_FREE char *via = NULL;
	if (needs_listings(run, count) &&
	    remote_paths_find_via(errands->ask, run, NULL, &via, err) != 0)
		return -1;
	const struct remote_paths remote = { errands->ask, errands->connector_id, via };
	for (size_t i = 1; i < count; i++)
		if (remote_paths_expand(&remote, run->words[i], expansion, out, err) != 0)
			return -1;
	return 0;
}

static int move(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PATHS paths = { 0 };
	char connector_id[CONNECTOR_ID_ROOM];
	size_t sources = run->word_count - 1; /* with the connector; behind them is the target */
	const char *target = run->words[sources];
	struct errands errands = {
		.run = run, .ask = ask, .connector_id = connector_id, .target = target
	};
	errands.is_name =
		sources == 2 && !path_is_pattern(run->words[1]) && !sp_text_ends_with(target, "/");
	if (names_find_connector(ask, run_word(run, 0), connector_id, err) != 0 ||
	    find_paths(&errands, sources, REMOTE_FILES, &paths, err) != 0 ||
	    path_list_sort(&paths, err) != 0)
		return -1;
	return errands_carry_out(&errands, &paths, err);
}

static int remove_paths(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PATHS paths = { 0 };
	char connector_id[CONNECTOR_ID_ROOM];
	const struct errands errands = { .run = run, .ask = ask, .connector_id = connector_id };
	enum remote_expansion expansion =
		run_has(run, OPTION_RECURSIVE) ? REMOTE_TREES : REMOTE_FILES;
	if (names_find_connector(ask, run_word(run, 0), connector_id, err) != 0 ||
	    find_paths(&errands, run->word_count, expansion, &paths, err) != 0)
		return -1;
	return errands_carry_out(&errands, &paths, err);
}

int move_remote(struct run *run, struct sp_error *err)
{
	return ask_within(run, move, err);
}

int remove_remote(struct run *run, struct sp_error *err)
{
	return ask_within(run, remove_paths, err);
}
