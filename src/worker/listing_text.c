#include "worker/listing_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

/* Control characters and bytes that are no UTF-8 are written \xHH (base/name.h): only these two are left to JSON. */
static void add_name(struct sp_buffer *out, const char *name)
{
	SP_AUTO_FREE char *text = sp_name_escape(name);
	for (const char *at = text; *at != '\0';) {
		size_t plain = strcspn(at, "\"\\");
		sp_buffer_add(out, at, plain);
		at += plain;
		if (*at != '\0') {
			sp_buffer_add_char(out, '\\');
			sp_buffer_add_char(out, *at++);
		}
	}
}

void listing_text_init(struct listing_text *text, const char *directory)
{
	*text = (struct listing_text){ 0 };
	add_name(&text->prefix, directory);
	if (!sp_text_ends_with(directory, "/"))
		sp_buffer_add_char(&text->prefix, '/');
}

void listing_text_finish(struct listing_text *text)
{
	sp_buffer_finish(&text->prefix);
}

static void add_path(const struct listing_text *text, const char *member,
		     const struct remote_entry *entry, struct sp_buffer *out)
{
	sp_buffer_format(out, "{\"%s\":\"", member);
	sp_buffer_add(out, text->prefix.data, text->prefix.length);
	add_name(out, entry->name);
	sp_buffer_add_char(out, '"');
}

static void add_time(struct sp_buffer *out, uint32_t seconds)
{
	char time[SP_ISO_TIME_SIZE];
	sp_time_to_iso((int64_t)seconds * 1000, time);
	time[strlen("2026-11-23T15:41:48")] = '\0'; /* whole seconds, as the contract has them */
	sp_buffer_format(out, ",\"modifiedTimestamp\":\"%sZ\"", time);
}

void listing_text_begin(struct sp_buffer *out)
{
	sp_buffer_add_text(out, "{\"files\":[");
}

/* A link's own size is the length of what it says, and nobody looked where it leads. */
void listing_text_file(struct listing_text *text, const struct remote_entry *entry,
		       struct sp_buffer *out)
{
	const struct remote_attributes *attributes = &entry->attributes;
	if (text->files++ > 0)
		sp_buffer_add_char(out, ',');
	add_path(text, "filePath", entry, out);
	if (attributes->has_times)
		add_time(out, attributes->mtime);
	if (attributes->has_size && !entry->is_link)
		sp_buffer_format(out, ",\"size\":%" PRIu64, attributes->size);
	sp_buffer_add_char(out, '}');
}

void listing_text_between(struct sp_buffer *out)
{
	sp_buffer_add_text(out, "],\"paths\":[");
}

void listing_text_path(struct listing_text *text, const struct remote_entry *entry,
		       struct sp_buffer *out)
{
	if (text->paths++ > 0)
		sp_buffer_add_char(out, ',');
	add_path(text, "path", entry, out);
	sp_buffer_add_char(out, '}');
}

void listing_text_end(bool truncated, struct sp_buffer *out)
{
	sp_buffer_format(out, "],\"truncated\":%s}\n", truncated ? "true" : "false");
}
