#include "service/native/listing_page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"

enum {
	ENTRY_MAX =
		32 *
		1024, /* bytes: more than a directory and a name of 1 KiB each take, all escaped */
	WINDOW_SIZE = 4 * ENTRY_MAX,
};

/* A part of the object. */
struct window {
	int fd;
	int64_t offset;      /* of the first byte that was not taken */
	size_t from, length; /* in @bytes: what was not taken */
	bool at_end;         /* there is nothing behind it */
	char bytes[WINDOW_SIZE];
};

/* Until an entry's worth is there, or the end. */
static int fill(struct window *window, struct sp_error *err)
{
	if (window->at_end || window->length >= ENTRY_MAX)
		return 0;
	memmove(window->bytes, window->bytes + window->from, window->length);
	window->from = 0;
	while (!window->at_end && window->length < WINDOW_SIZE) {
		ssize_t got = pread(window->fd, window->bytes + window->length,
				    WINDOW_SIZE - window->length,
				    window->offset + (int64_t)window->length);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return sp_fail_errno(err, "could not read it");
		window->at_end = got == 0;
		window->length += (size_t)got;
	}
	return 0;
}

static const char *rest(const struct window *window)
{
	return window->bytes + window->from;
}

static void take(struct window *window, size_t size)
{
	window->from += size;
	window->length -= size;
	window->offset += (int64_t)size;
}

static bool begins_with(const struct window *window, const char *text)
{
	size_t length = strlen(text);
	return window->length >= length && memcmp(rest(window), text, length) == 0;
}

static bool take_text(struct window *window, const char *text)
{
	if (!begins_with(window, text))
		return false;
	take(window, strlen(text));
	return true;
}

static int fail_at(const struct window *window, const char *what, struct sp_error *err)
{
	return sp_fail(err, SP_PROTOCOL, "it is not what a listing is: byte %" PRId64 ": %s",
		       window->offset, what);
}

static bool is_entry(const json_t *entry, bool in_paths)
{
	const char *path, *time;
	json_int_t size;
	return in_paths ? json_unpack((json_t *)entry, "{s:s!}", "path", &path) == 0
			: json_unpack((json_t *)entry, "{s:s, s?s, s?I!}", "filePath", &path,
				      "modifiedTimestamp", &time, "size", &size) == 0;
}

static int take_entry(struct window *window, struct listing_page *page, struct sp_error *err)
{
	json_error_t error;
	size_t length = window->length < ENTRY_MAX ? window->length : ENTRY_MAX;
	/* No space before it, or a position would have many places. */
	if (length == 0 || rest(window)[0] != '{')
		return fail_at(window, "an entry is missing", err);
	json_t *entry = json_loadb(rest(window), length,
				   JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
	if (entry == NULL || !is_entry(entry, page->next.in_paths)) {
		json_decref(entry);
		return fail_at(window, "it is no entry", err);
	}
	take(window, (size_t)error.position);
	json_array_append_new(page->next.in_paths ? page->paths : page->files, entry);
	return 0;
}

/* Between two entries, or before the first. False: there are no more. */
static int find_entry(struct window *window, struct listing_page *page, bool *out,
		      struct sp_error *err)
{
	static const char to_paths[] = "],\"paths\":[", to_end[] = "],\"truncated\":";
	bool is_first = page->next.offset == 0;
	if (fill(window, err) != 0)
		return -1;
	if (is_first && !take_text(window, "{\"files\":["))
		return fail_at(window, "it does not begin like one", err);
	if (!page->next.in_paths && take_text(window, to_paths)) {
		page->next.in_paths = true;
		is_first = true;
	}
	*out = !(page->next.in_paths && begins_with(window, to_end));
	if (*out && !is_first && !take_text(window, ","))
		return fail_at(window, "a comma is missing", err);
	return 0;
}

int listing_page_read(int fd, size_t max, struct listing_page *page, struct sp_error *err)
{
	SP_AUTO_FREE struct window *window = sp_alloc(sizeof(*window));
	window->fd = fd;
	window->offset = page->next.offset;
	for (size_t count = 0;; count++) {
		/* The place that is kept is that before the comma. */
		page->next.offset = window->offset;
		const struct listing_place here = page->next;
		if (find_entry(window, page, &page->more, err) != 0)
			return -1;
		if (!page->more || count == max) {
			page->next = here;
			return 0;
		}
		if (take_entry(window, page, err) != 0)
			return -1;
	}
}
