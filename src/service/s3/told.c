#include "service/s3/told.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

#define META     "x-amz-meta-"
#define CHECKSUM "checksum" /* "x-amz-checksum-crc32:…" */
#define CHUNKED  "aws-chunked"

/* Kept as they are, and answered; a signed URL may say other ones. */
static const char *const kept[] = { "content-type",     "cache-control",    "content-disposition",
				    "content-encoding", "content-language", "expires" };

/* What changes nothing, so that clients that say it of every object may go on. */
static const struct {
	const char *name, *allowed;
} harmless[] = {
	{ "x-amz-acl", " private bucket-owner-full-control bucket-owner-read " },
	{ "x-amz-storage-class", " STANDARD " },
};

static int check_harmless(const struct api_call *call, struct sp_error *err)
{
	for (size_t i = 0; i < SP_COUNT_OF(harmless); i++) {
		const char *value = api_header(call, harmless[i].name);
		SP_AUTO_BUFFER word = { 0 };
		if (value == NULL)
			continue;
		sp_buffer_format(&word, " %s ", value);
		if (strstr(harmless[i].allowed, sp_buffer_text(&word)) == NULL)
			return sp_fail(
				err, SP_UNSUPPORTED,
				"the buckets of Sallyport are folders, and %s there can only "
				"be one of%s, not \"%.64s\"",
				harmless[i].name, harmless[i].allowed, value);
	}
	return 0;
}

/* "aws-chunked,gzip": the first is how it travelled, and not what it is. Owned by the caller; NULL: nothing is left. */
static char *own_encoding(const char *value)
{
	if (strncasecmp(value, CHUNKED, strlen(CHUNKED)) == 0)
		value += strlen(CHUNKED);
	value += strspn(value, ", ");
	return *value == '\0' ? NULL : sp_strdup(value);
}

static void add_kept(const struct api_call *call, json_t *told)
{
	for (size_t i = 0; i < SP_COUNT_OF(kept); i++) {
		const char *value = api_header(call, kept[i]);
		SP_AUTO_FREE char *encoding =
			value != NULL && strcmp(kept[i], "content-encoding") == 0
				? own_encoding(value)
				: sp_strdup(value);
		if (encoding != NULL && sp_utf8_valid(encoding, strlen(encoding)))
			sp_json_set_text(told, kept[i], encoding);
	}
}

static int add_metadata(const struct api_call *call, json_t *told, struct sp_error *err)
{
	const char *name, *value;
	size_t total = 0, count = 0;
	for (size_t i = 0; api_header_at(call, i, &name, &value); i++) {
		if (strncasecmp(name, META, strlen(META)) != 0)
			continue;
		SP_AUTO_FREE char *lower = sp_strdup(name);
		for (char *at = lower; *at != '\0'; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
		total += strlen(name) - strlen(META) + strlen(value);
		if (total > TOLD_METADATA_MAX)
			return sp_fail(err, SP_INVALID,
				       "Your metadata headers exceed the maximum allowed metadata "
				       "size of %d bytes",
				       TOLD_METADATA_MAX);
		if (++count > TOLD_NAMES_MAX)
			return sp_fail(err, SP_INVALID,
				       "an object may have %d headers x-amz-meta-… at most",
				       TOLD_NAMES_MAX);
		if (!sp_utf8_valid(value, strlen(value)))
			return sp_fail(err, SP_INVALID, "the header %.64s is no UTF-8", name);
		sp_json_set_text(told, lower, value);
	}
	return 0;
}

int told_read(const struct api_call *call, json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *told = json_object();
	if (check_harmless(call, err) != 0 || add_metadata(call, (json_t *)told, err) != 0)
		return -1;
	add_kept(call, (json_t *)told);
	*out = json_incref((json_t *)told);
	return 0;
}

static void add_header(struct api_call *call, const struct object_notes *notes, const char *name,
		       bool overrides)
{
	SP_AUTO_BUFFER parameter = { 0 };
	sp_buffer_format(&parameter, "response-%s", name);
	const char *value =
		overrides ? sp_json_string(api_input(call), sp_buffer_text(&parameter)) : NULL;
	if (value == NULL)
		value = sp_json_string(notes->told, name);
	if (value != NULL)
		api_add_header(call, name, value);
	else if (strcmp(name, "content-type") == 0)
		api_add_header(call, name, "binary/octet-stream");
}

void told_add_headers(struct api_call *call, const struct object_notes *notes, bool overrides)
{
	const char *name;
	json_t *value;
	for (size_t i = 0; i < SP_COUNT_OF(kept); i++)
		add_header(call, notes, kept[i], overrides);
	json_object_foreach (notes->told, name, value)
		if (sp_text_starts_with(name, META) && json_is_string(value))
			api_add_header(call, name, json_string_value(value));
}

void told_set_checksum(json_t *told, const char *name, const char *value)
{
	SP_AUTO_BUFFER both = { 0 };
	sp_buffer_format(&both, "%s:%s", name, value);
	sp_json_set_text(told, CHECKSUM, sp_buffer_text(&both));
}

void told_add_checksum_header(struct api_call *call, const struct object_notes *notes)
{
	SP_AUTO_FREE char *both = sp_strdup(sp_json_string(notes->told, CHECKSUM));
	char *value = both;
	if (both == NULL)
		return;
	strsep(&value, ":");
	if (value == NULL)
		return;
	api_add_header(call, both, value);
	api_add_header(call, "x-amz-checksum-type", "FULL_OBJECT");
}

bool told_has_metadata(const json_t *told)
{
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)told, name, value)
		if (sp_text_starts_with(name, META))
			return true;
	return false;
}
