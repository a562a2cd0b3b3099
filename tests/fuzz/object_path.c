/* "/bucket/key" as a request has it, and names of files as bytes. */
#include "fuzz.h"

#include "base/buffer.h"
#include "base/name.h"
#include "objects/objects.h"

/* Every name has exactly one text, which is UTF-8 of one line, and leads back to it. */
static void check_name(const char *name)
{
	SP_AUTO_FREE char *text = sp_name_escape(name);
	SP_AUTO_FREE char *shown = sp_name_shown(name);
	SP_AUTO_FREE char *again = NULL;
	struct sp_error err = { 0 };
	FUZZ_CHECK(sp_utf8_valid(text, strlen(text)) && strpbrk(text, "\r\n\t\x7f") == NULL);
	FUZZ_CHECK(sp_utf8_valid(shown, strlen(shown)));
	FUZZ_CHECK(sp_name_unescape(text, &again, &err) == 0 && strcmp(again, name) == 0);
}

/* Nothing that a file system would take for a way out of the bucket. */
static void check_key(const char *key)
{
	SP_AUTO_FREE char *copy = sp_strdup(key);
	char *rest = copy, *part;
	while ((part = strsep(&rest, "/")) != NULL)
		FUZZ_CHECK(part[0] != '\0' && strcmp(part, ".") != 0 && strcmp(part, "..") != 0);
}

static void check_parts(const char *bucket, const char *key, bool need_key)
{
	SP_AUTO_BUFFER path = { 0 };
	SP_AUTO_FREE char *shown_bucket = sp_name_escape(bucket);
	SP_AUTO_FREE char *shown_key = sp_name_escape(key);
	SP_AUTO_FREE char *bucket_again = NULL;
	SP_AUTO_FREE char *key_again = NULL;
	struct sp_error err = { 0 };

	FUZZ_CHECK(strchr(bucket, '/') == NULL && strlen(key) <= OBJECT_KEY_MAX);
	FUZZ_CHECK(key[0] == '\0' ? !need_key : objects_check_key(NULL, "bucket", key, &err) == 0);
	if (key[0] != '\0')
		check_key(key);
	sp_buffer_format(&path, "/%s/%s", shown_bucket, shown_key);
	FUZZ_CHECK(objects_split_path(NULL, sp_buffer_text(&path), need_key, &bucket_again,
				      &key_again, &err) == 0);
	FUZZ_CHECK(strcmp(bucket, bucket_again) == 0 && strcmp(key, key_again) == 0);
}

static void split(const char *text, bool need_key)
{
	SP_AUTO_FREE char *bucket = NULL;
	SP_AUTO_FREE char *key = NULL;
	struct sp_error err = { 0 };
	if (objects_split_path(NULL, text, need_key, &bucket, &key, &err) == 0)
		check_parts(bucket, key, need_key);
	else
		fuzz_check_error(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_FREE char *text = fuzz_text(data, size);
	check_name(text);
	split(text, true);
	split(text, false);
	return 0;
}
