#include "service/s3/conditions.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/s3/request.h"

enum { NAME_MAX_SIZE = 64, SECOND_MS = 1000 };

static const char *header(const struct api_call *call, const char *prefix, const char *name)
{
	char full[NAME_MAX_SIZE];
	snprintf(full, sizeof(full), "%s%s", prefix, name);
	return api_header(call, full);
}

/* A list of ETags, "*" among them. */
static bool names_etag(const char *list, const char *etag)
{
	while (*list != '\0') {
		char one[NAME_MAX_SIZE];
		list += strspn(list, ", \t");
		size_t length = strcspn(list, ", \t");
		snprintf(one, sizeof(one), "%.*s", (int)length, list);
		if (length > 0 && door_same_etag(one, etag))
			return true;
		list += length;
	}
	return false;
}

/* Whole seconds are all that such a header can say. */
static bool is_after(const char *text, int64_t time_ms, bool otherwise)
{
	int64_t said_ms;
	if (text == NULL || !sp_time_from_http(text, &said_ms))
		return otherwise;
	return time_ms / SECOND_MS > said_ms / SECOND_MS;
}

enum condition conditions_check(const struct api_call *call, const char *prefix, const char *etag,
				int64_t time_ms)
{
	const char *match = header(call, prefix, "if-match");
	const char *none_match = header(call, prefix, "if-none-match");
	const char *unmodified = header(call, prefix, "if-unmodified-since");
	const char *modified = header(call, prefix, "if-modified-since");
	if (match != NULL ? !names_etag(match, etag) : is_after(unmodified, time_ms, false))
		return CONDITION_FAILED;
	if (none_match != NULL ? names_etag(none_match, etag) : !is_after(modified, time_ms, true))
		return CONDITION_NOT_MODIFIED;
	return CONDITION_HOLDS;
}

/* ---- of what is to be changed ------------------------------------------------------------------------------------- */

/* More would be changed than was meant if these were passed over. */
static const char *const other_kinds[] = { "if-modified-since", "if-unmodified-since",
					   "x-amz-if-match-last-modified-time",
					   "x-amz-if-match-size" };

static int fail_condition(struct sp_error *err)
{
	return sp_fail(err, SP_EXISTS,
		       "At least one of the pre-conditions you specified did not hold");
}

static int judge(const void *ctx, const char *etag, struct sp_error *err)
{
	const struct change_condition *condition = ctx;
	if (condition->match != NULL && etag == NULL)
		return sp_fail(err, SP_NOT_FOUND,
			       "there is no object of that name, which If-Match asks for");
	if (condition->match != NULL && !names_etag(condition->match, etag))
		return fail_condition(err);
	if (condition->none_match != NULL && etag != NULL &&
	    names_etag(condition->none_match, etag))
		return fail_condition(err);
	return 0;
}

static bool names_more_than_any(const char *list)
{
	return list != NULL && strcmp(list, "*") != 0;
}

static int read_change(const struct api_call *call, const char *key, const char *match,
		       const char *none_match, struct change_condition *out, struct sp_error *err)
{
	*out = (struct change_condition){ .match = sp_strdup(match),
					  .none_match = sp_strdup(none_match) };
	out->judge = (struct object_condition){ judge, out };
	return names_more_than_any(match) || names_more_than_any(none_match)
		       ? door_check_object(call, "s3:GetObject", door_bucket(call), key, err)
		       : 0;
}

int conditions_read_change(const struct api_call *call, struct change_condition *out,
			   struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(other_kinds); i++)
		if (api_header(call, other_kinds[i]) != NULL)
			return sp_fail(err, SP_UNSUPPORTED,
				       "what is stored or removed can have the conditions If-Match "
				       "and If-None-Match, and not %s",
				       other_kinds[i]);
	return read_change(call, door_key(call), api_header(call, "if-match"),
			   api_header(call, "if-none-match"), out, err);
}

int conditions_read_removal(const struct api_call *call, const char *key, const char *etag,
			    struct change_condition *out, struct sp_error *err)
{
	return read_change(call, key, etag, NULL, out, err);
}

const struct object_condition *conditions_judge(const struct change_condition *condition)
{
	return condition->match == NULL && condition->none_match == NULL ? NULL : &condition->judge;
}

void conditions_finish(struct change_condition *condition)
{
	free(condition->match);
	free(condition->none_match);
}

/* ---- ranges ------------------------------------------------------------------------------------------------------- */

bool conditions_let_range(const struct api_call *call, const char *etag, int64_t time_ms)
{
	const char *text = api_header(call, "if-range");
	int64_t said_ms;
	if (text == NULL)
		return true;
	if (sp_time_from_http(text, &said_ms))
		return said_ms / SECOND_MS == time_ms / SECOND_MS;
	return strcmp(text, "*") != 0 && door_same_etag(text, etag);
}

/* Both numbers may be missing, but not both at once. */
static bool read_numbers(const char *text, char first[NAME_MAX_SIZE], char last[NAME_MAX_SIZE])
{
	static const char unit[] = "bytes=";
	if (!sp_text_starts_with(text, unit))
		return false;
	text += strlen(unit);
	size_t length = strspn(text, "0123456789"), rest = 0;
	if (text[length] != '-' || length >= NAME_MAX_SIZE)
		return false;
	snprintf(first, NAME_MAX_SIZE, "%.*s", (int)length, text);
	text += length + 1;
	rest = strspn(text, "0123456789");
	if (text[rest] != '\0' || rest >= NAME_MAX_SIZE || (rest == 0 && length == 0))
		return false;
	snprintf(last, NAME_MAX_SIZE, "%s", text);
	return true;
}

enum range_kind range_read(const char *text, uint64_t size, uint64_t *out_offset,
			   uint64_t *out_length)
{
	char first_text[NAME_MAX_SIZE], last_text[NAME_MAX_SIZE];
	uint64_t first = 0, last = UINT64_MAX;
	*out_offset = 0;
	*out_length = size;
	if (text == NULL || !read_numbers(text, first_text, last_text) ||
	    (*first_text != '\0' && !sp_text_to_u64(first_text, 0, UINT64_MAX, &first)) ||
	    (*last_text != '\0' && !sp_text_to_u64(last_text, 0, UINT64_MAX, &last)))
		return RANGE_WHOLE;
	if (*first_text == '\0') { /* so many at the end */
		if (last == 0 || size == 0)
			return RANGE_OUTSIDE;
		*out_length = last < size ? last : size;
		*out_offset = size - *out_length;
		return RANGE_PART;
	}
	if (last < first)
		return RANGE_WHOLE;
	if (first >= size)
		return RANGE_OUTSIDE;
	*out_offset = first;
	*out_length = (last < size - 1 ? last : size - 1) - first + 1;
	return RANGE_PART;
}
