/* sallyport send CONNECTOR PATH…: objects go to a partner. */

#include "cli/bucket_paths.h"
#include "cli/carry.h"
#include "cli/handlers.h"
#include "cli/names.h"

static int find_paths(struct ask *ask, const struct run *run, struct path_list *out,
		      struct sp_error *err)
{
	for (size_t i = 1; i < run->word_count; i++)
		if (bucket_paths_expand(ask, run->words[i], run_has(run, OPTION_RECURSIVE), out,
					err) != 0)
			return -1;
	return path_list_sort(out, err);
}

static int send_paths(struct ask *ask, struct run *run, struct sp_error *err)
{
	AUTO_PATHS paths = { 0 };
	char connector_id[CONNECTOR_ID_ROOM];
	if (names_find_connector(ask, run_word(run, 0), connector_id, err) != 0 ||
	    find_paths(ask, run, &paths, err) != 0)
		return -1;
	const struct carry carry = { .run = run,
				     .ask = ask,
				     .connector_id = connector_id,
				     .paths = &paths,
				     .to = run_option(run, OPTION_TO) };
	return carry_files(&carry, err);
}

int send_files(struct run *run, struct sp_error *err)
{
	return ask_within(run, send_paths, err);
}
