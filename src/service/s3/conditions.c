#include "service/s3/conditions.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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

int conditions_read_put(const struct api_call *call, bool *out_keeps, struct sp_error *err)
{
	const char *none_match = api_header(call, "if-none-match");
	if (api_header(call, "if-match") != NULL ||
	    (none_match != NULL && strcmp(none_match, "*") != 0))
		return sp_fail(
			err, SP_UNSUPPORTED,
			"the buckets of Sallyport are folders, and a file can only be stored "
			"there as it is, or with \"If-None-Match: *\"");
	*out_keeps = none_match != NULL;
	return 0;
}

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
