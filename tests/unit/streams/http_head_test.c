#include "test.h"

#include "base/text.h"
#include "streams/http_head.h"

static int read_text(const char *text, struct http_head *out)
{
	return http_head_read(text, strlen(text), out);
}

static void reads_what_storage_answers(void **state)
{
	(void)state;
	struct http_head head;
	const char text[] =
		"HTTP/1.1 206 Partial Content\r\nContent-Length: 12345\r\neTag:  \"ab-2\" \r\n"
		"x-amz-request-id: tx\r\n\r\nbody";
	assert_int_equal(read_text(text, &head), strlen(text) - 4);
	assert_int_equal(head.status, 206);
	assert_true(head.has_length && !head.chunked && !head.closes);
	assert_int_equal(head.length, 12345);
	assert_string_equal(head.etag, "\"ab-2\"");
	assert_false(head.has_range);

	assert_true(read_text("HTTP/1.1 206 OK\r\nContent-Range: bytes 10-19/4711\r\n\r\n", &head) >
		    0);
	assert_true(head.has_range && head.first == 10 && head.last == 19);
	assert_true(read_text("HTTP/1.1 206 OK\r\ncontent-range:bytes 0-0/*\r\n\r\n", &head) > 0);
	assert_true(head.has_range && head.first == 0 && head.last == 0);
	assert_true(read_text("HTTP/1.1 416 No\r\nContent-Range: bytes */4711\r\n\r\n", &head) > 0);
	assert_false(head.has_range);

	assert_true(read_text("HTTP/1.1 503 Slow Down\r\nTransfer-Encoding: chunked\r\nConnection: "
			      "close\r\n\r\n",
			      &head) > 0);
	assert_true(head.status == 503 && head.chunked && head.closes && !head.has_length);
	assert_true(read_text("HTTP/1.0 200 OK\r\n\r\n", &head) > 0);
	assert_true(head.closes); /* as that version does unless told otherwise */
	assert_true(read_text("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", &head) > 0);
	assert_int_equal(head.status, 100);
}

/* The copy is exactly as long as the cut, so that the address sanitizer sees a read past its end. */
static void waits_for_the_rest_of_every_beginning(void **state)
{
	(void)state;
	const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"x\"\r\n\r\n";
	for (size_t length = 0; length < strlen(text); length++) {
		struct http_head head;
		char *cut = malloc(length + 1);
		memcpy(cut, text, length);
		assert_int_equal(http_head_read(cut, length, &head), 0);
		free(cut);
	}
}

static void refuses_what_is_no_answer_or_two(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: bytes */10\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: bytes 3-2/10\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: bytes 3-4\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: bytes 3/10\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: items 3-4/10\r\n\r\n",
		"HTTP/1.1 206 OK\r\nContent-Range: bytes -1-4/10\r\n\r\n",
		("HTTP/1.1 206 OK\r\nContent-Range: bytes 0-4/10\r\nContent-Range: bytes "
		 "5-9/10\r\n\r\n"),
	};
	for (size_t i = 0; i < SP_COUNT_OF(bad); i++) {
		struct http_head head;
		if (read_text(bad[i], &head) != -1)
			fail_msg("it took: %s", bad[i]);
	}
}

static void a_head_without_end_is_none(void **state)
{
	(void)state;
	struct http_head head;
	char *long_one = malloc(HTTP_HEAD_MAX);
	memset(long_one, 'a', HTTP_HEAD_MAX);
	memcpy(long_one, "HTTP/1.1 200 OK\r\nX: ", 20);
	assert_int_equal(http_head_read(long_one, HTTP_HEAD_MAX - 1, &head), 0);
	assert_int_equal(http_head_read(long_one, HTTP_HEAD_MAX, &head), -1);
	free(long_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_storage_answers),
		cmocka_unit_test(waits_for_the_rest_of_every_beginning),
		cmocka_unit_test(refuses_what_is_no_answer_or_two),
		cmocka_unit_test(a_head_without_end_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
