#pragma once
/** What is at a partner: by listings, which are objects in a bucket for as long as they are read. */

#include "cli/ask.h"
#include "cli/path_list.h"

struct remote_paths {
	struct ask *ask; /* kept, as all below */
	const char *connector_id;
	const char *via; /* "/bucket[/prefix]": where the listings lie */
};

/**
 * Where listings may lie: @given, or else the option --via, SALLYPORT_LISTINGS, the only bucket. Owned by the caller.
 * SP_INVALID when there are many buckets and nobody says which.
 */
int remote_paths_find_via(struct ask *ask, const struct run *run, const char *given, char **out,
			  struct sp_error *err);

/** One level, in the server's order, files first. @out_truncated: there is more than a listing can have. */
int remote_paths_level(const struct remote_paths *paths, const char *folder, struct path_list *out,
		       bool *out_truncated, struct sp_error *err);

enum remote_expansion {
	REMOTE_FILES,     /* patterns of files */
	REMOTE_RECURSIVE, /* and all that is in folders */
	REMOTE_TREES, /* as before, and the folders themselves, each in front of what is in it */
};

/** The files that @word means; one that is no pattern is itself. SP_NOT_FOUND when nothing matches. */
int remote_paths_expand(const struct remote_paths *paths, const char *word,
			enum remote_expansion expansion, struct path_list *out,
			struct sp_error *err);
