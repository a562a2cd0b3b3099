#include "model/publishing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

enum { NAMES_MAX = 4 };

static const char *const conflict_names[NAMES_MAX] = {
	[CONFLICT_OVERWRITE] = "overwrite",
	[CONFLICT_FAIL] = "fail",
	[CONFLICT_KEEP_BOTH] = "keep-both",
};

static const char *const upload_names[NAMES_MAX] = {
	[UPLOAD_PART] = "part",
	[UPLOAD_DIRECT] = "direct",
	[UPLOAD_STRIPED] = "striped",
};

static const char *const verify_names[NAMES_MAX] = {
	[VERIFY_SIZE] = "size",
	[VERIFY_SERVER_HASH] = "server-hash",
	[VERIFY_REREAD] = "re-read",
};

const char *conflict_policy_name(enum conflict_policy policy)
{
	return conflict_names[policy];
}

const char *upload_mode_name(enum upload_mode mode)
{
	return upload_names[mode];
}

void publishing_finish(struct publishing *publishing)
{
	free(publishing->staging);
	free(publishing->temp_pattern);
	*publishing = (struct publishing){ 0 };
}

struct publishing publishing_copy(const struct publishing *publishing)
{
	struct publishing copy = *publishing;
	copy.staging = sp_strdup(publishing->staging);
	copy.temp_pattern = sp_strdup(publishing->temp_pattern);
	return copy;
}

/* ---- tags --------------------------------------------------------------------------------------------------------- */

/* The place of @value among @names. */
static int read_choice(const char *key, const char *value, const char *const names[NAMES_MAX],
		       struct sp_error *err)
{
	SP_AUTO_BUFFER list = { 0 };
	for (int i = 0; i < NAMES_MAX && names[i] != NULL; i++) {
		if (strcmp(names[i], value) == 0)
			return i;
		sp_buffer_format(&list, "%s\"%s\"", i == 0 ? "" : ", ", names[i]);
	}
	return sp_fail(err, SP_INVALID, "the tag %s cannot be \"%.64s\": it is one of %s", key,
		       value, sp_buffer_text(&list));
}

static int read_conflict(struct publishing *publishing, const char *value, struct sp_error *err)
{
	int choice = read_choice(PUBLISHING_TAG_CONFLICT, value, conflict_names, err);
	if (choice >= 0)
		publishing->conflict = (enum conflict_policy)choice;
	return choice < 0 ? -1 : 0;
}

static int read_upload(struct publishing *publishing, const char *value, struct sp_error *err)
{
	int choice = read_choice(PUBLISHING_TAG_UPLOAD, value, upload_names, err);
	if (choice >= 0)
		publishing->upload = (enum upload_mode)choice;
	return choice < 0 ? -1 : 0;
}

static int read_verify(struct publishing *publishing, const char *value, struct sp_error *err)
{
	int choice = read_choice(PUBLISHING_TAG_VERIFY, value, verify_names, err);
	if (choice >= 0)
		publishing->verify = (enum verify_wish)choice;
	return choice < 0 ? -1 : 0;
}

static bool has_line_break(const char *bytes)
{
	return strpbrk(bytes, "\r\n") != NULL;
}

static int read_staging(struct publishing *publishing, const char *value, struct sp_error *err)
{
	SP_AUTO_FREE char *bytes = NULL;
	if (sp_name_unescape(value, &bytes, err) != 0 || bytes[0] == '\0' || has_line_break(bytes))
		return sp_fail(err, SP_INVALID,
			       "the tag " PUBLISHING_TAG_STAGING
			       " cannot be \"%.128s\": it needs a directory at the partner",
			       value);
	free(publishing->staging);
	publishing->staging = sp_take_pointer(&bytes);
	return 0;
}

/* Only what is named after the file's id is sure to be nobody else's. */
static int read_temp(struct publishing *publishing, const char *value, struct sp_error *err)
{
	SP_AUTO_FREE char *bytes = NULL;
	if (sp_name_unescape(value, &bytes, err) != 0 || has_line_break(bytes) ||
	    strchr(bytes, '/') != NULL || strstr(bytes, "{id}") == NULL ||
	    strlen(bytes) > PUBLISHING_PATTERN_MAX)
		return sp_fail(err, SP_INVALID,
			       "the tag " PUBLISHING_TAG_TEMP
			       " cannot be \"%.128s\": it needs a file's name of at most %d bytes, "
			       "with \"{id}\" (and, if you like, \"{name}\") in it, as in "
			       "\"{name}.{id}.tmp\"",
			       value, PUBLISHING_PATTERN_MAX);
	free(publishing->temp_pattern);
	publishing->temp_pattern = sp_take_pointer(&bytes);
	return 0;
}

static const struct {
	const char *key;
	int (*read)(struct publishing *publishing, const char *value, struct sp_error *err);
} tags[] = {
	{ PUBLISHING_TAG_CONFLICT, read_conflict }, { PUBLISHING_TAG_UPLOAD, read_upload },
	{ PUBLISHING_TAG_STAGING, read_staging },   { PUBLISHING_TAG_TEMP, read_temp },
	{ PUBLISHING_TAG_VERIFY, read_verify },
};

int publishing_read_tag(struct publishing *publishing, const char *key, const char *value,
			struct sp_error *err)
{
	if (!sp_text_starts_with(key, PUBLISHING_TAG_PREFIX))
		return 0;
	SP_AUTO_BUFFER list = { 0 };
	for (size_t i = 0; i < SP_COUNT_OF(tags); i++) {
		if (strcmp(tags[i].key, key) == 0)
			return tags[i].read(publishing, value, err);
		sp_buffer_format(&list, "%s%s", i == 0 ? "" : ", ", tags[i].key);
	}
	return sp_fail(err, SP_INVALID, "a connector has no tag \"%.128s\": there are %s", key,
		       sp_buffer_text(&list));
}

int publishing_check(const struct publishing *publishing, struct sp_error *err)
{
	if (publishing->upload != UPLOAD_DIRECT)
		return 0;
	/* A file that is there may be the first half of our own: only overwriting it does not have to know. */
	if (publishing->conflict != CONFLICT_OVERWRITE)
		return sp_fail(err, SP_INVALID,
			       "the tags " PUBLISHING_TAG_UPLOAD
			       "=direct and " PUBLISHING_TAG_CONFLICT
			       "=%s cannot go together: what is written under its final name can "
			       "only overwrite",
			       conflict_names[publishing->conflict]);
	if (publishing->staging != NULL || publishing->temp_pattern != NULL)
		return sp_fail(err, SP_INVALID,
			       "the tags " PUBLISHING_TAG_UPLOAD "=direct and %s cannot go "
			       "together: there are no parts",
			       publishing->staging != NULL ? PUBLISHING_TAG_STAGING
							   : PUBLISHING_TAG_TEMP);
	return 0;
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

char *part_name(const char *pattern, const char *file_id, unsigned attempt, const char *name)
{
	struct sp_buffer out = { 0 };
	for (const char *at = pattern == NULL ? PART_PATTERN : pattern; *at != '\0';) {
		if (sp_text_starts_with(at, "{id}")) {
			sp_buffer_format(&out, "%s-%u", file_id, attempt);
			at += strlen("{id}");
		} else if (sp_text_starts_with(at, "{name}")) {
			sp_buffer_add_text(&out, name);
			at += strlen("{name}");
		} else {
			sp_buffer_add_char(&out, *at++);
		}
	}
	return sp_buffer_take(&out);
}

char *aside_name(const char *file_id)
{
	return sp_format(".sp-%s.old", file_id);
}

/* The dot that the number goes in front of: not one that hides a file. The end where there is none. */
static const char *extension_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot == NULL || dot == name ? name + strlen(name) : dot;
}

char *keep_both_name(const char *path, unsigned number)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	const char *extension = extension_of(name);
	struct sp_buffer out = { 0 };
	sp_buffer_add(&out, path, (size_t)(extension - path));
	sp_buffer_format(&out, " (%u)%s", number, extension);
	if (out.length - (size_t)(name - path) <= FILE_NAME_MAX)
		return sp_buffer_take(&out);
	sp_buffer_finish(&out);
	return NULL;
}

bool keep_both_is_of(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	size_t stem = (size_t)(extension_of(slash == NULL ? path : slash + 1) - path);
	unsigned number;
	if (strlen(name) <= stem || sscanf(name + stem, " (%4u)", &number) != 1 ||
	    number < KEEP_BOTH_FIRST || number > KEEP_BOTH_LAST)
		return false;
	SP_AUTO_FREE char *made = keep_both_name(path, number);
	return sp_text_equal(made, name);
}
