#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"

static void give_back(struct sp_buffer *buffer)
{
	if (buffer->secret && buffer->data != NULL)
		explicit_bzero(buffer->data, buffer->room);
	free(buffer->data);
}

void sp_buffer_finish(struct sp_buffer *buffer)
{
	give_back(buffer);
	*buffer = (struct sp_buffer){ .limit = buffer->limit, .secret = buffer->secret };
}

static void grow(struct sp_buffer *buffer, size_t room)
{
	if (!buffer->secret) {
		buffer->data = sp_realloc(buffer->data, room);
	} else {
		/* realloc() would leave a copy behind when it moves the bytes. */
		char *data = sp_alloc(room);
		if (buffer->data != NULL)
			memcpy(data, buffer->data, buffer->length);
		give_back(buffer);
		buffer->data = data;
	}
	buffer->room = room;
}

/* Makes room for @more bytes and the NUL. */
static bool make_room(struct sp_buffer *buffer, size_t more)
{
	size_t limit = buffer->limit != 0 ? buffer->limit : SP_BUFFER_LIMIT;
	size_t needed;
	if (buffer->failed || __builtin_add_overflow(buffer->length, more, &needed) ||
	    needed > limit) {
		buffer->failed = true;
		return false;
	}
	if (needed < buffer->room)
		return true;

	size_t room = buffer->room < 64 ? 64 : buffer->room;
	while (room <= needed)
		room *= 2;
	grow(buffer, room);
	return true;
}

void sp_buffer_add(struct sp_buffer *buffer, const void *data, size_t length)
{
	if (!make_room(buffer, length))
		return;
	if (length != 0)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void sp_buffer_add_text(struct sp_buffer *buffer, const char *text)
{
	sp_buffer_add(buffer, text, strlen(text));
}

void sp_buffer_add_char(struct sp_buffer *buffer, char c)
{
	sp_buffer_add(buffer, &c, 1);
}

__attribute__((format(printf, 2, 0))) static void format_va(struct sp_buffer *buffer,
							    const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		buffer->failed = true;
	else if (make_room(buffer, (size_t)length)) {
		vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
}

void sp_buffer_format(struct sp_buffer *buffer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	format_va(buffer, format, args);
	va_end(args);
}

char *sp_format(const char *format, ...)
{
	struct sp_buffer buffer = { 0 };
	va_list args;
	va_start(args, format);
	format_va(&buffer, format, args);
	va_end(args);
	return sp_buffer_take(&buffer);
}

void sp_buffer_clear(struct sp_buffer *buffer)
{
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->data != NULL)
		buffer->data[0] = '\0';
}

const char *sp_buffer_text(const struct sp_buffer *buffer)
{
	return buffer->data != NULL ? buffer->data : "";
}

char *sp_buffer_take(struct sp_buffer *buffer)
{
	char *text = buffer->data != NULL ? buffer->data : sp_strdup("");
	*buffer = (struct sp_buffer){ .limit = buffer->limit, .secret = buffer->secret };
	return text;
}
