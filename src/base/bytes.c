#include "base/bytes.h"

#include <string.h>

#include "base/scope.h"

struct sp_reader sp_reader_of(const void *data, size_t length)
{
	const uint8_t *start = data;
	return (struct sp_reader){ .at = start, .end = length == 0 ? start : start + length };
}

size_t sp_reader_left(const struct sp_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

bool sp_reader_ended_well(const struct sp_reader *reader)
{
	return !reader->failed && reader->at == reader->end;
}

const uint8_t *sp_read_bytes(struct sp_reader *reader, size_t length)
{
	if (reader->failed || sp_reader_left(reader) < length) {
		reader->failed = true;
		return NULL;
	}
	const uint8_t *bytes = reader->at;
	if (length != 0)
		reader->at += length;
	return bytes;
}

static uint64_t read_number(struct sp_reader *reader, size_t size)
{
	const uint8_t *bytes = sp_read_bytes(reader, size);
	uint64_t value = 0;
	for (size_t i = 0; bytes != NULL && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t sp_read_u8(struct sp_reader *reader)
{
	return (uint8_t)read_number(reader, 1);
}

uint32_t sp_read_u32(struct sp_reader *reader)
{
	return (uint32_t)read_number(reader, 4);
}

uint64_t sp_read_u64(struct sp_reader *reader)
{
	return read_number(reader, 8);
}

const uint8_t *sp_read_string(struct sp_reader *reader, size_t *out_length)
{
	size_t length = sp_read_u32(reader);
	const uint8_t *bytes = sp_read_bytes(reader, length);
	*out_length = bytes == NULL ? 0 : length;
	return bytes;
}

char *sp_read_text(struct sp_reader *reader, size_t max)
{
	size_t length;
	const uint8_t *bytes = sp_read_string(reader, &length);
	if (reader->failed || length > max ||
	    (length != 0 && memchr(bytes, '\0', length) != NULL)) {
		reader->failed = true;
		return NULL;
	}
	char *text = sp_alloc(length + 1);
	if (length != 0)
		memcpy(text, bytes, length);
	return text;
}

struct sp_writer sp_writer_of(void *data, size_t room)
{
	uint8_t *start = data;
	return (struct sp_writer){ .at = start, .start = start, .end = start + room };
}

size_t sp_writer_length(const struct sp_writer *writer)
{
	return (size_t)(writer->at - writer->start);
}

void sp_write_bytes(struct sp_writer *writer, const void *data, size_t length)
{
	if (writer->failed || (size_t)(writer->end - writer->at) < length) {
		writer->failed = true;
		return;
	}
	if (length != 0)
		memcpy(writer->at, data, length);
	writer->at += length;
}

static void write_number(struct sp_writer *writer, uint64_t value, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	sp_write_bytes(writer, bytes, size);
}

void sp_write_u8(struct sp_writer *writer, uint8_t value)
{
	write_number(writer, value, 1);
}

void sp_write_u32(struct sp_writer *writer, uint32_t value)
{
	write_number(writer, value, 4);
}

void sp_write_u64(struct sp_writer *writer, uint64_t value)
{
	write_number(writer, value, 8);
}

void sp_write_string(struct sp_writer *writer, const void *data, size_t length)
{
	if (length > UINT32_MAX) {
		writer->failed = true;
		return;
	}
	sp_write_u32(writer, (uint32_t)length);
	sp_write_bytes(writer, data, length);
}

void sp_write_text(struct sp_writer *writer, const char *text)
{
	sp_write_string(writer, text, text == NULL ? 0 : strlen(text));
}
