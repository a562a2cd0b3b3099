#pragma once
/**
 * Bytes that grow: a string builder with a limit. The bytes are always followed by a NUL that does not count.
 * The first failure sticks: later calls do nothing, and one look at @failed tells the whole story.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_buffer {
	char *data;    /* owned; NULL until something was added */
	size_t length; /* bytes */
	size_t room;
	size_t limit; /* bytes; 0 means SP_BUFFER_LIMIT */
	bool failed;  /* the limit would have been passed */
	bool secret;  /* set by its owner: memory that it gives back is wiped before */
};

enum { SP_BUFFER_LIMIT = 64 << 20 };

void sp_buffer_finish(struct sp_buffer *buffer);
#define SP_AUTO_BUFFER __attribute__((cleanup(sp_buffer_finish))) struct sp_buffer

void sp_buffer_add(struct sp_buffer *buffer, const void *data, size_t length);
void sp_buffer_add_text(struct sp_buffer *buffer, const char *text);
void sp_buffer_add_char(struct sp_buffer *buffer, char c);
void sp_buffer_format(struct sp_buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Forgets the bytes, keeps the memory. */
void sp_buffer_clear(struct sp_buffer *buffer);

/** Never NULL: "" when nothing was added. Borrowed until the next change. */
const char *sp_buffer_text(const struct sp_buffer *buffer);

/** The text, owned by the caller; the buffer is empty afterwards. Never NULL. */
char *sp_buffer_take(struct sp_buffer *buffer);

/** What comes of it, as text that is owned by the caller. Never NULL. */
char *sp_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
