#include "daemon/copies.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/scope.h"
#include "daemon/state.h"
#include "store/backup.h"

static int back_up(const struct state *state, const struct options *options,
		   const struct settings *settings, struct sp_error *err)
{
	struct store_copy copy;
	enum db_copy how = options->replace ? DB_COPY_REPLACE : DB_COPY_NEW;
	if (store_back_up(state->directory, options->file, how, &copy, err) != 0)
		return -1;
	SP_AUTO_FREE char *key_path = state_master_key_path(state, settings->master_key);
	printf("\"%s\" is a copy of \"%s/store.db\": checked, schema %" PRId64 ", %" PRIu64
	       " bytes\n"
	       "the master key \"%s\" is NOT in it: without that key nobody opens the secrets in "
	       "the copy, so keep one of it too, in another place\n",
	       options->file, state->directory, copy.schema, copy.size, key_path);
	return 0;
}

int copies_back_up(const struct options *options, const struct settings *settings,
		   struct sp_error *err)
{
	struct state state;
	int result = state_visit(&state, options->state, err);
	if (result == 0)
		result = back_up(&state, options, settings, err);
	state_close(&state);
	return result;
}

/* A new key would open nothing. */
static int open_vault(const char *key_path, struct vault **out, struct sp_error *err)
{
	if (access(key_path, F_OK) == -1)
		return sp_fail_errno(
			err,
			"cannot restore without the master key \"%s\": put the copy of "
			"it there first, with mode 0600",
			key_path);
	return vault_open(key_path, out, err);
}

static void tell_restored(const struct state *state, const struct options *options,
			  const struct store_copy *copy)
{
	printf("\"%s/store.db\" was made of \"%s\" (schema %" PRId64 "): checked, and the master "
	       "key opens its secrets\n",
	       state->directory, options->file, copy->schema);
	if (copy->files_begun == 0)
		return;
	printf(options->fail_unfinished
		       ? "%" PRId64
			 " files that were not finished when the copy was made have FAILED\n"
		       : "%" PRId64
			 " files that were not finished when the copy was made are moved "
			 "when sallyportd starts, also those that were moved since\n",
	       copy->files_begun);
}

static int restore(const struct state *state, const struct options *options,
		   const struct settings *settings, struct sp_error *err)
{
	SP_AUTO_FREE char *key_path = state_master_key_path(state, settings->master_key);
	enum restored_files unfinished =
		options->fail_unfinished ? RESTORED_FAIL : RESTORED_TRY_AGAIN;
	struct vault *vault = NULL;
	struct store_copy copy;
	int result = open_vault(key_path, &vault, err);
	if (result == 0)
		result = store_restore(state->directory, options->file, vault, unfinished, &copy,
				       err);
	vault_close(vault);
	if (result == 0)
		tell_restored(state, options, &copy);
	return result;
}

int copies_restore(const struct options *options, const struct settings *settings,
		   struct sp_error *err)
{
	struct state state;
	int result = state_open(&state, options->state, err); /* no daemon, and none starts */
	if (result == 0)
		result = restore(&state, options, settings, err);
	state_close(&state);
	return result;
}
