#include "test.h"

#include "base/scope.h"
#include "base/text.h"
#include "remote/replies.h"
#include "remote/words.h"

/* A good reply of every kind: what follows type and id. */
static const struct {
	enum reply_kind wants;
	uint8_t type;
	const char *bytes;
	size_t length;
} replies[] = {
	{ REPLY_STATUS, WIRE_STATUS, "\0\0\0\2\0\0\0\3abc\0\0\0\2en", 17 },
	{ REPLY_HANDLE, WIRE_HANDLE, "\0\0\0\4abcd", 8 },
	{ REPLY_ATTRIBUTES, WIRE_ATTRS,
	  "\x80\0\0\x0f"
	  "\0\0\0\0\0\0\0\x63"
	  "\0\0\0\1\0\0\0\2"
	  "\0\0\x81\xa4"
	  "\0\0\0\5\0\0\0\6"
	  "\0\0\0\1\0\0\0\1a\0\0\0\1b",
	  46 },
	{ REPLY_LIMITS, WIRE_EXTENDED_REPLY,
	  "\0\0\0\0\0\4\0\0"
	  "\0\0\0\0\0\3\xfc\0"
	  "\0\0\0\0\0\3\xfc\1"
	  "\0\0\0\0\0\0\0\7",
	  32 },
	{ REPLY_SPACE, WIRE_EXTENDED_REPLY,
	  "\0\0\0\0\0\0\0\1"
	  "\0\0\0\0\0\0\0\2"
	  "\0\0\0\0\0\0\0\3"
	  "\0\0\0\0\0\0\0\4"
	  "\0\0\0\0\0\0\0\5",
	  40 },
	{ REPLY_HASH, WIRE_EXTENDED_REPLY,
	  "\0\0\0\x0a"
	  "check-file"
	  "\0\0\0\6"
	  "sha256"
	  "0123456789abcdef0123456789abcdef",
	  56 },
};

/* From a copy that is exactly as long, so that a read past its end is seen. */
static int decode(size_t number, size_t length, struct reply *out, struct sp_error *err)
{
	SP_AUTO_FREE uint8_t *copy = malloc(length == 0 ? 1 : length);
	memcpy(copy, replies[number].bytes, length);
	struct sp_reader reader = sp_reader_of(copy, length);
	const struct request request = { .wants = replies[number].wants };
	return reply_decode(&request, replies[number].type, &reader, out, err);
}

static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(replies); i++) {
		struct reply reply;
		struct sp_error err = { 0 };
		assert_int_equal(decode(i, replies[i].length, &reply, &err), 0);
		for (size_t length = 0; length < replies[i].length; length++) {
			/* The language tag at the end of a STATUS is not looked at. */
			bool good = replies[i].type == WIRE_STATUS && (length == 4 || length > 10);
			assert_int_equal(decode(i, length, &reply, &err), good ? 0 : -1);
			if (!good)
				assert_int_equal(err.code, SP_PROTOCOL);
		}
	}
}

static void reads_what_is_there(void **state)
{
	(void)state;
	struct reply reply;
	struct sp_error err = { 0 };
	assert_int_equal(decode(0, replies[0].length, &reply, &err), 0);
	assert_true(reply_is_status(&reply, WIRE_NO_SUCH_FILE));
	assert_int_equal(decode(1, replies[1].length, &reply, &err), 0);
	assert_int_equal(reply.handle.length, 4);
	assert_memory_equal(reply.handle.bytes, "abcd", 4);
	assert_int_equal(decode(2, replies[2].length, &reply, &err), 0);
	assert_true(reply.attributes.has_size && reply.attributes.has_permissions);
	assert_int_equal(reply.attributes.size, 99);
	assert_int_equal(reply.attributes.permissions, 0100644);
	assert_int_equal(reply.attributes.atime, 5);
	assert_int_equal(reply.attributes.mtime, 6);
	assert_int_equal(decode(3, replies[3].length, &reply, &err), 0);
	assert_int_equal(reply.limits.packet, 262144);
	assert_int_equal(reply.limits.read, 261120);
	assert_int_equal(reply.limits.write, 261121);
	assert_int_equal(reply.limits.handles, 7);
	assert_int_equal(decode(4, replies[4].length, &reply, &err), 0);
	assert_int_equal(reply.space.unit, 2);
	assert_int_equal(reply.space.available, 5);
}

static void refuses_answers_to_another_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < SP_COUNT_OF(replies); i++) {
		struct reply reply;
		struct sp_error err = { 0 };
		struct sp_reader reader = sp_reader_of(replies[i].bytes, replies[i].length);
		const struct request request = { .wants = REPLY_DATA };
		int expected = replies[i].type == WIRE_STATUS ? 0 : -1;
		assert_int_equal(reply_decode(&request, replies[i].type, &reader, &reply, &err),
				 expected);
	}
}

static void puts_the_length_in_front(void **state)
{
	(void)state;
	uint8_t packet[64];
	struct wire_handle handle = { .bytes = "hh", .length = 2 };
	struct sp_writer writer = sp_writer_of(packet, sizeof(packet));
	wire_put_read(&writer, 7, &handle, 1, 2);
	assert_int_equal(sp_writer_length(&writer), 27);
	assert_memory_equal(packet, "\0\0\0\x17\5\0\0\0\7\0\0\0\2hh\0\0\0\0\0\0\0\1\0\0\0\2", 27);

	/* A WRITE's length counts the bytes that follow. */
	writer = sp_writer_of(packet, sizeof(packet));
	wire_put_write_head(&writer, 7, &handle, 1, 256);
	assert_int_equal(sp_writer_length(&writer), 27);
	assert_memory_equal(packet, "\0\0\1\x17\6", 5);

	writer = sp_writer_of(packet, 26);
	wire_put_read(&writer, 7, &handle, 1, 2);
	assert_true(writer.failed);
}

static void every_request_fits_its_limit(void **state)
{
	(void)state;
	static uint8_t packet[WIRE_REQUEST_MAX];
	static char path[REMOTE_PATH_MAX + 1];
	memset(path, 'x', REMOTE_PATH_MAX);
	struct sp_writer writer = sp_writer_of(packet, WIRE_REQUEST_MAX);
	wire_put_extended_paths(&writer, 1, "posix-rename@openssh.com", path, path);
	assert_false(writer.failed);
	struct wire_handle handle = { .length = WIRE_HANDLE_MAX };
	writer = sp_writer_of(packet, WIRE_HANDLE_REQUEST_MAX);
	wire_put_extended_handle(&writer, 1, "fsync@openssh.com", &handle);
	assert_false(writer.failed);
	writer = sp_writer_of(packet, WIRE_HANDLE_REQUEST_MAX);
	wire_put_write_head(&writer, 1, &handle, 1, 1);
	assert_false(writer.failed);
}

static void never_gives_an_id_twice(void **state)
{
	(void)state;
	static struct requests requests;
	requests_init(&requests);
	const struct request wish = { .wants = REPLY_STATUS };
	uint32_t last = 0;
	for (size_t i = 0; i < 3 * REQUESTS_SLOTS; i++) {
		struct request *request = requests_add(&requests, &wish);
		assert_non_null(request);
		assert_null(i == 0 ? NULL : requests_find(&requests, last));
		assert_ptr_equal(requests_find(&requests, request->id), request);
		last = request->id;
		requests_remove(&requests, request);
	}
	for (size_t i = 0; i < REQUESTS_SLOTS; i++)
		assert_non_null(requests_add(&requests, &wish));
	assert_null(requests_add(&requests, &wish));
	assert_int_equal(requests_count(&requests), REQUESTS_SLOTS);
}

static void ids_survive_their_wrap(void **state)
{
	(void)state;
	static struct requests requests;
	requests_init(&requests);
	const struct request wish = { .wants = REPLY_STATUS };
	size_t slot = requests.free[requests.free_count - 1];
	requests.slots[slot].id = (uint32_t)(UINT32_MAX - UINT32_MAX % REQUESTS_SLOTS + slot);
	for (size_t i = 0; i < 3; i++) {
		struct request *request = requests_add(&requests, &wish);
		assert_ptr_equal(request, &requests.slots[slot]);
		assert_ptr_equal(requests_find(&requests, request->id), request);
		requests_remove(&requests, request);
	}
}

static void shortens_what_it_shows(void **state)
{
	(void)state;
	char path[400];
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path + sizeof(path) - 7, "/b.csv", 6);
	SP_AUTO_FREE char *shown = words_of_path(path);
	assert_true(strlen(shown) == strlen("…") + WORDS_PATH_MAX);
	assert_true(sp_text_ends_with(shown, "aa/b.csv"));

	uint8_t text[1000];
	memset(text, 0xff, sizeof(text));
	SP_AUTO_FREE char *words = words_of_server(text, sizeof(text));
	assert_int_equal(strlen(words), WORDS_SERVER_MAX);
	assert_true(sp_text_starts_with(words, "\\xff\\xff"));
}

static void turns_status_codes_into_errors(void **state)
{
	(void)state;
	static const struct {
		uint32_t status;
		const char *text;
		enum sp_code code;
		const char *words;
	} cases[] = {
		{ 2, "No such file", SP_NOT_FOUND, "no such file" },
		{ 2, NULL, SP_NOT_FOUND, "no such file" },
		{ 2, "gone since Monday", SP_NOT_FOUND, "the server says \"gone since Monday\"" },
		{ 3, "", SP_DENIED, "permission denied" },
		{ 4, "Failure", SP_SYSTEM, "the server reports a failure without a reason" },
		{ 8, "x", SP_UNSUPPORTED, "the server says \"x\"" },
		{ 99, "x", SP_SYSTEM, "the server says \"x\" (status 99)" },
		{ 99, "", SP_SYSTEM, "the server reports status 99" },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct sp_error err = { 0 };
		assert_int_equal(remote_fail_status(&err, cases[i].status, cases[i].text), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_string_equal(err.message, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(reads_what_is_there),
		cmocka_unit_test(refuses_answers_to_another_question),
		cmocka_unit_test(puts_the_length_in_front),
		cmocka_unit_test(every_request_fits_its_limit),
		cmocka_unit_test(never_gives_an_id_twice),
		cmocka_unit_test(ids_survive_their_wrap),
		cmocka_unit_test(shortens_what_it_shows),
		cmocka_unit_test(turns_status_codes_into_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
