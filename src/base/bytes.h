#pragma once
/**
 * Reading and writing binary messages (SSH, SFTP, our own IPC): big-endian numbers and length-prefixed strings.
 * Neither ever passes its end. The first failure sticks: later reads return zero, later writes do nothing, and one
 * look at @failed tells the whole story.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_reader {
	const uint8_t *at; /* borrowed; at <= end, always */
	const uint8_t *end;
	bool failed;
};

struct sp_reader sp_reader_of(const void *data, size_t length);

uint8_t sp_read_u8(struct sp_reader *reader);
uint32_t sp_read_u32(struct sp_reader *reader);
uint64_t sp_read_u64(struct sp_reader *reader);

/** @length bytes, borrowed from the message; NULL when they are not there. */
const uint8_t *sp_read_bytes(struct sp_reader *reader, size_t length);

/** A 32-bit length and that many bytes, borrowed from the message; NULL and *out_length 0 when cut short. */
const uint8_t *sp_read_string(struct sp_reader *reader, size_t *out_length);

/** As a C string, owned by the caller. NULL, and failed, when it is cut short, longer than @max or has a NUL inside. */
char *sp_read_text(struct sp_reader *reader, size_t max);

size_t sp_reader_left(const struct sp_reader *reader);

/** Whole and nothing left over. */
bool sp_reader_ended_well(const struct sp_reader *reader);

struct sp_writer {
	uint8_t *at; /* borrowed */
	uint8_t *start;
	uint8_t *end;
	bool failed; /* it did not fit */
};

struct sp_writer sp_writer_of(void *data, size_t room);

void sp_write_u8(struct sp_writer *writer, uint8_t value);
void sp_write_u32(struct sp_writer *writer, uint32_t value);
void sp_write_u64(struct sp_writer *writer, uint64_t value);
void sp_write_bytes(struct sp_writer *writer, const void *data, size_t length);
void sp_write_string(struct sp_writer *writer, const void *data, size_t length);

/** NULL is written as the empty string. */
void sp_write_text(struct sp_writer *writer, const char *text);

size_t sp_writer_length(const struct sp_writer *writer);
