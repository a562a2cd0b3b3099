#include "test.h"

#include "base/bytes.h"

static const uint8_t packet[] = { 7, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 1, 0 };

static void read_packet(struct sp_reader *reader)
{
	size_t length;
	sp_read_u8(reader);
	sp_read_string(reader, &length);
	sp_read_u64(reader);
}

static void reads_what_was_written(void **state)
{
	(void)state;
	uint8_t room[64];
	struct sp_writer writer = sp_writer_of(room, sizeof(room));
	sp_write_u8(&writer, 7);
	sp_write_text(&writer, "hello");
	sp_write_u64(&writer, 256);
	assert_false(writer.failed);
	assert_int_equal(sp_writer_length(&writer), sizeof(packet));
	assert_memory_equal(room, packet, sizeof(packet));

	struct sp_reader reader = sp_reader_of(room, sp_writer_length(&writer));
	assert_int_equal(sp_read_u8(&reader), 7);
	char *text = sp_read_text(&reader, 5);
	assert_string_equal(text, "hello");
	free(text);
	assert_int_equal(sp_read_u64(&reader), 256);
	assert_true(sp_reader_ended_well(&reader));
}

/* The copy is exactly as long as the cut, so that the address sanitizer sees a read past its end. */
static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof(packet); length++) {
		uint8_t *cut = malloc(length == 0 ? 1 : length);
		memcpy(cut, packet, length);
		struct sp_reader reader = sp_reader_of(cut, length);
		read_packet(&reader);
		assert_true(reader.failed);
		assert_int_equal(sp_read_u32(&reader), 0);
		free(cut);
	}
}

static void refuses_a_length_beyond_the_packet(void **state)
{
	(void)state;
	const uint8_t lie[] = { 0xff, 0xff, 0xff, 0xff, 'x' };
	struct sp_reader reader = sp_reader_of(lie, sizeof(lie));
	size_t length;
	assert_null(sp_read_string(&reader, &length));
	assert_int_equal(length, 0);
	assert_true(reader.failed);
}

static void refuses_text_with_a_nul_or_too_long(void **state)
{
	(void)state;
	const uint8_t nul[] = { 0, 0, 0, 3, 'a', 0, 'b' };
	struct sp_reader reader = sp_reader_of(nul, sizeof(nul));
	assert_null(sp_read_text(&reader, 10));
	reader = sp_reader_of(packet + 1, sizeof(packet) - 1);
	assert_null(sp_read_text(&reader, 4));
}

static void never_writes_past_the_end(void **state)
{
	(void)state;
	uint8_t *room = malloc(4);
	struct sp_writer writer = sp_writer_of(room, 4);
	sp_write_u8(&writer, 1);
	sp_write_u32(&writer, 2);
	sp_write_u8(&writer, 3);
	assert_true(writer.failed);
	assert_int_equal(sp_writer_length(&writer), 1);
	free(room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_written),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_a_length_beyond_the_packet),
		cmocka_unit_test(refuses_text_with_a_nul_or_too_long),
		cmocka_unit_test(never_writes_past_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
