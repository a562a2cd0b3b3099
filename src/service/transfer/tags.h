#pragma once
/** Within service/transfer/: tags in requests and answers. */

#include "base/json.h"
#include "store/tags.h"

/** Of a request's Tags: no key twice, none empty, none of AWS's own. */
int tags_check_request(const json_t *tags, struct sp_error *err);

/** Inside a write: adds or overwrites. SP_CONFLICT past TAGS_MAX. @tags may be NULL. */
int tags_put_request(struct db *db, const char *arn, const json_t *tags, struct sp_error *err);

/** [{"Key": …, "Value": …}]: those behind the key @after (NULL: all), at most @max; @out_more: there are more. */
int tags_as_json(struct db *db, const char *arn, const char *after, size_t max, json_t **out,
		 bool *out_more, struct sp_error *err);
