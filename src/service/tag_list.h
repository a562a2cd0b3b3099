#pragma once
/** Tags as requests and answers of all services have them: a list of objects with Key and Value. */

#include "base/json.h"
#include "store/tags.h"

/** Of a request's Tags: no key twice, none empty, none of AWS's own. SP_INVALID names the member. NULL is fine. */
int tag_list_check(const json_t *tags, struct sp_error *err);

/** Inside a write, of a list that was checked: adds or overwrites. SP_INVALID past TAGS_MAX. NULL is fine. */
int tag_list_put(struct db *db, const char *arn, const json_t *tags, struct sp_error *err);

/** Inside a write: @keys is a request's TagKeys; what is not there is no failure. */
int tag_list_remove(struct db *db, const char *arn, const json_t *keys, struct sp_error *err);

/** @out, owned by the caller: those behind the key @after (NULL: all), at most @max; @out_more: there are more. */
int tag_list_read(struct db *db, const char *arn, const char *after, size_t max, json_t **out,
		  bool *out_more, struct sp_error *err);

/** All of them. */
int tag_list_read_all(struct db *db, const char *arn, json_t **out, struct sp_error *err);
