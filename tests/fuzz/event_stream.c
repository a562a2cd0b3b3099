/* A stream of server-sent events: whole, and byte by byte, it is the same. */
#include "fuzz.h"

#include "base/buffer.h"
#include "cli/event_stream.h"

static void note(void *ctx, const char *name, const char *id, const char *data)
{
	FUZZ_CHECK(strlen(name) < EVENT_WORD_SIZE && strlen(id) < EVENT_WORD_SIZE);
	sp_buffer_format(ctx, "%s|%s|%s;", name, id, data);
}

static int feed(const uint8_t *data, size_t size, size_t piece, struct sp_buffer *out)
{
	struct event_stream stream;
	struct sp_error err = { 0 };
	int result = 0;
	event_stream_init(&stream, note, out);
	for (size_t at = 0; result == 0 && at < size; at += piece)
		result = event_stream_feed(&stream, (const char *)data + at,
					   size - at < piece ? size - at : piece, &err);
	if (result != 0)
		fuzz_check_error(&err);
	event_stream_finish(&stream);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_AUTO_BUFFER whole = { 0 };
	SP_AUTO_BUFFER pieces = { 0 };
	int one = feed(data, size, size + 1, &whole), other = feed(data, size, 1, &pieces);
	FUZZ_CHECK(one == other);
	FUZZ_CHECK(strcmp(sp_buffer_text(&whole), sp_buffer_text(&pieces)) == 0);
	return 0;
}
