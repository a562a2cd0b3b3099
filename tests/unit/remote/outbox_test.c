#include "test.h"

#include "remote/outbox.h"

enum { BIG = OUTBOX_COPY_MAX + 1000, STREAM_MAX = 1 << 20 };

/* An outbox, and all bytes that it has handed out. */
struct ground {
	struct outbox outbox;
	uint8_t stream[STREAM_MAX];
	size_t length;
};

static int set_up(void **state)
{
	struct ground *ground = calloc(1, sizeof(*ground));
	assert_non_null(ground);
	outbox_init(&ground->outbox);
	*state = ground;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *ground = *state;
	outbox_finish(&ground->outbox);
	free(ground);
	return 0;
}

/* A request whose head is this text. */
static void add(struct ground *ground, const char *head, struct request *request,
		const uint8_t *body, size_t body_length)
{
	struct sp_writer writer = outbox_begin(&ground->outbox);
	sp_write_bytes(&writer, head, strlen(head));
	outbox_add(&ground->outbox, &writer, request, body, body_length);
}

/* The channel takes at most @most bytes. Returns how many it took. */
static size_t send(struct ground *ground, size_t most, bool unanswered)
{
	const uint8_t *bytes = NULL;
	size_t length = outbox_front(&ground->outbox, unanswered, &bytes);
	length = length < most ? length : most;
	if (length > 0) {
		assert_true(ground->length + length <= STREAM_MAX);
		memcpy(ground->stream + ground->length, bytes, length);
		ground->length += length;
		outbox_sent(&ground->outbox, length);
	}
	return length;
}

static void send_all(struct ground *ground, size_t most)
{
	while (send(ground, most, false) > 0)
		;
}

static void assert_stream(const struct ground *ground, const char *text)
{
	assert_int_equal(ground->length, strlen(text));
	assert_memory_equal(ground->stream, text, ground->length);
}

static uint8_t *big_body(void)
{
	uint8_t *body = malloc(BIG); /* exactly as long: the sanitizer sees a read past its end */
	assert_non_null(body);
	for (size_t i = 0; i < BIG; i++)
		body[i] = (uint8_t)(i * 7);
	return body;
}

static void small_requests_leave_together_and_each_is_told(void **state)
{
	struct ground *ground = *state;
	struct request first = { .used = true }, second = { .used = true };
	add(ground, "greeting ", NULL, NULL, 0);
	add(ground, "first ", &first, NULL, 0);
	add(ground, "second", &second, NULL, 0);
	assert_int_equal(send(ground, STREAM_MAX, false), strlen("greeting first second"));
	assert_stream(ground, "greeting first second");
	assert_true(first.sent && second.sent);
	assert_int_equal(send(ground, STREAM_MAX, false), 0);
}

static void a_request_is_sent_only_when_its_last_byte_is(void **state)
{
	struct ground *ground = *state;
	struct request first = { .used = true }, second = { .used = true };
	add(ground, "first", &first, NULL, 0);
	add(ground, "second", &second, NULL, 0);
	send(ground, strlen("firs"), false);
	assert_false(first.sent);
	send(ground, strlen("tsecon"), false);
	assert_true(first.sent);
	assert_false(second.sent);
	send(ground, 1, false);
	assert_true(second.sent);
	assert_stream(ground, "firstsecond");
}

static void a_body_follows_its_head_in_pieces_of_any_size(void **state)
{
	struct ground *ground = *state;
	static const size_t pieces[] = { 1, 3, 1000, STREAM_MAX };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		uint8_t *body = big_body();
		struct request write = { .used = true }, after = { .used = true };
		ground->length = 0;
		add(ground, "head", &write, body, BIG);
		add(ground, "after", &after, NULL, 0);
		send_all(ground, pieces[i]);
		assert_int_equal(ground->length, strlen("head") + BIG + strlen("after"));
		assert_memory_equal(ground->stream, "head", strlen("head"));
		assert_memory_equal(ground->stream + strlen("head"), body, BIG);
		assert_memory_equal(ground->stream + strlen("head") + BIG, "after",
				    strlen("after"));
		assert_true(write.sent && after.sent);
		free(body);
	}
}

static void what_was_not_begun_is_given_up_without_a_trace(void **state)
{
	struct ground *ground = *state;
	struct request first = { .used = true }, second = { .used = true },
		       third = { .used = true };
	uint8_t *body = big_body();
	add(ground, "first ", &first, NULL, 0);
	add(ground, "second ", &second, body, BIG);
	add(ground, "third", &third, NULL, 0);
	assert_true(outbox_give_up(&ground->outbox, &second));
	free(body); /* its owner goes with it */
	assert_false(outbox_give_up(&ground->outbox, &second));
	send_all(ground, 2);
	assert_stream(ground, "first third");
	assert_true(first.sent && third.sent);
	assert_false(second.sent);
}

static void what_is_half_out_goes_on_though_its_owner_went(void **state)
{
	struct ground *ground = *state;
	/* cut in the head, behind it, and in the body */
	static const size_t cuts[] = { 2, 4, 4 + 100, 4 + BIG - 1 };
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		uint8_t *body = big_body(), *same = big_body();
		struct request write = { .used = true }, after = { .used = true };
		ground->length = 0;
		add(ground, "head", &write, body, BIG);
		add(ground, "after", &after, NULL, 0);
		while (ground->length < cuts[i])
			send(ground, cuts[i] - ground->length, false);
		assert_false(outbox_give_up(&ground->outbox, &write));
		memset(body, 0xee, BIG);
		free(body); /* and yet the server gets what the head promised */
		send_all(ground, 1000);
		assert_int_equal(ground->length, strlen("head") + BIG + strlen("after"));
		assert_memory_equal(ground->stream + strlen("head"), same, BIG);
		assert_memory_equal(ground->stream + strlen("head") + BIG, "after",
				    strlen("after"));
		assert_true(after.sent);
		free(same);
	}
}

static void a_close_waits_for_all_that_was_asked_before_where_it_has_to(void **state)
{
	struct ground *ground = *state;
	struct request write = { .used = true }, close = { .used = true, .closes = true };
	ground->outbox.closes_late = true;
	add(ground, "write", &write, NULL, 0);
	add(ground, "close", &close, NULL, 0);
	send(ground, STREAM_MAX, false);
	assert_stream(ground, "write"); /* not with it */
	assert_int_equal(send(ground, STREAM_MAX, true), 0);
	assert_false(close.sent);
	send(ground, 2, false);                              /* all is answered */
	assert_int_equal(send(ground, STREAM_MAX, true), 3); /* and half a request does not wait */
	assert_stream(ground, "writeclose");
	assert_true(close.sent);
}

static void elsewhere_a_close_leaves_with_the_others(void **state)
{
	struct ground *ground = *state;
	struct request write = { .used = true }, close = { .used = true, .closes = true };
	add(ground, "write", &write, NULL, 0);
	add(ground, "close", &close, NULL, 0);
	send(ground, STREAM_MAX, true);
	assert_stream(ground, "writeclose");
}

static void there_is_room_for_as_many_as_are_promised_again_and_again(void **state)
{
	struct ground *ground = *state;
	static char head[WIRE_REQUEST_MAX + 1];
	memset(head, 'x', WIRE_REQUEST_MAX);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(outbox_room(&ground->outbox), OUTBOX_ANY_REQUESTS);
		for (size_t left = OUTBOX_ANY_REQUESTS; left > 0; left--) {
			assert_int_equal(outbox_room(&ground->outbox), left);
			add(ground, head, NULL, NULL, 0);
		}
		assert_int_equal(outbox_room(&ground->outbox), 0);
		size_t sent = 0, now = 0;
		do {
			const uint8_t *bytes = NULL;
			now = outbox_front(&ground->outbox, false, &bytes);
			now = now < 999 ? now : 999;
			for (size_t i = 0; i < now; i++)
				assert_int_equal(bytes[i], 'x');
			outbox_sent(&ground->outbox, now);
			sent += now;
		} while (now > 0);
		assert_int_equal(sent, OUTBOX_ANY_REQUESTS * WIRE_REQUEST_MAX);
	}
}

int main(void)
{
#define WITH_GROUND(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_GROUND(small_requests_leave_together_and_each_is_told),
		WITH_GROUND(a_request_is_sent_only_when_its_last_byte_is),
		WITH_GROUND(a_body_follows_its_head_in_pieces_of_any_size),
		WITH_GROUND(what_was_not_begun_is_given_up_without_a_trace),
		WITH_GROUND(what_is_half_out_goes_on_though_its_owner_went),
		WITH_GROUND(a_close_waits_for_all_that_was_asked_before_where_it_has_to),
		WITH_GROUND(elsewhere_a_close_leaves_with_the_others),
		WITH_GROUND(there_is_room_for_as_many_as_are_promised_again_and_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
