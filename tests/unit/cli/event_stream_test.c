#include "test.h"

#include "base/buffer.h"
#include "cli/event_stream.h"

/* Every event as "name|id|data;". */
static void note(void *ctx, const char *name, const char *id, const char *data)
{
	sp_buffer_format(ctx, "%s|%s|%s;", name, id, data);
}

static const char text[] = "retry: 2000\n\n"
			   "event: hello\nid: 7\ndata: {}\n\n"
			   ":\n\n"
			   "event: file\r\nid: 8\r\ndata: a\r\ndata:b\r\n\r\n"
			   "data\n\n"
			   "event: nothing\n\n"
			   "event: progress\ndata: c\n\n"
			   "event: cut\ndata: off";

static void is_read_alike_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct event_stream stream;
		SP_AUTO_BUFFER seen = { 0 };
		event_stream_init(&stream, note, &seen);
		for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
			size_t left = sizeof(text) - 1 - at;
			assert_int_equal(event_stream_feed(&stream, text + at,
							   left < piece ? left : piece, NULL),
					 0);
		}
		assert_string_equal(sp_buffer_text(&seen),
				    "hello|7|{};file|8|a\nb;message|8|;progress|8|c;");
		event_stream_finish(&stream);
	}
}

static void a_new_connection_forgets_what_was_cut_off_and_keeps_the_id(void **state)
{
	(void)state;
	struct event_stream stream;
	SP_AUTO_BUFFER seen = { 0 };
	event_stream_init(&stream, note, &seen);
	event_stream_feed(&stream, text, sizeof(text) - 1, NULL);
	event_stream_restart(&stream);
	sp_buffer_clear(&seen);
	event_stream_feed(&stream, "data: d\n\n", 9, NULL);
	assert_string_equal(sp_buffer_text(&seen), "message|8|d;");
	event_stream_finish(&stream);
}

static void what_never_ends_is_refused(void **state)
{
	(void)state;
	static char line[4096];
	struct event_stream stream;
	struct sp_error err = { 0 };
	event_stream_init(&stream, note, NULL);
	memset(line, 'x', sizeof(line));
	int result = 0;
	for (size_t i = 0; result == 0 && i <= EVENT_LINE_MAX / sizeof(line); i++)
		result = event_stream_feed(&stream, line, sizeof(line), &err);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, SP_LIMIT);
	event_stream_finish(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_read_alike_however_it_is_cut),
		cmocka_unit_test(a_new_connection_forgets_what_was_cut_off_and_keeps_the_id),
		cmocka_unit_test(what_never_ends_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
