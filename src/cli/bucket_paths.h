#pragma once
/** What is in buckets: by the S3 calls of the service, which lists them in pages. */

#include "cli/ask.h"
#include "cli/path_list.h"

/** The buckets that there are, as "/name". */
int bucket_paths_buckets(struct ask *ask, struct path_list *out, struct sp_error *err);

/** One level: objects and folders in "/bucket[/prefix]", as "/bucket/key". SP_NOT_FOUND when there is nothing. */
int bucket_paths_level(struct ask *ask, const char *path, struct path_list *out,
		       struct sp_error *err);

/**
 * The objects that @word means: itself when it is no pattern and nothing recursive; else all that it matches, and when
 * @is_recursive all that is in folders that it matches, whose structure is kept. SP_NOT_FOUND when there is none.
 */
int bucket_paths_expand(struct ask *ask, const char *word, bool is_recursive, struct path_list *out,
			struct sp_error *err);

/** Whether it goes is nobody's concern. */
void bucket_paths_remove(struct ask *ask, const char *bucket, const char *key);
