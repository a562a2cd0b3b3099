/* A depot that gets one connection and is refused all others. */
#include "test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "streams/depot.h"

#define ORIGIN "http://storage:1"

enum { TURN_MS = 5, LOOK_MS = 400, RANGES = 3, PATIENCE_MS = 10000, AT_MOST = 12 };

struct house {
	struct depot *depot;
	uint32_t wanted[DEPOT_LINES_MAX];
	size_t count;
	int dials;
};

static void need_socket(void *ctx, uint32_t request, const char *origin)
{
	struct house *house = ctx;
	assert_string_equal(origin, ORIGIN);
	house->wanted[house->count++] = request;
	house->dials++;
}

static void need_urls(void *ctx, const char *file_id, uint32_t attempt, uint32_t part)
{
	(void)ctx;
	fail_msg("nobody needs URLs of %s, %u, part %u", file_id, attempt, part);
}

static void woke(void *ctx)
{
	(void)ctx;
}

static int give_socket(struct house *house)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	depot_take_socket(house->depot, house->wanted[--house->count], pair[0]);
	return pair[1];
}

static void refuse_all(struct house *house)
{
	struct sp_error why = { 0 };
	sp_fail(&why, SP_UNREACHABLE, "there are no more sockets");
	while (house->count > 0)
		depot_refuse_socket(house->depot, house->wanted[--house->count], &why);
}

static void who_is_refused_asks_again_after_a_pause(void **state)
{
	(void)state;
	struct house house = { 0 };
	const struct depot_door door = { .ctx = &house,
					 .need_socket = need_socket,
					 .need_urls = need_urls,
					 .stall_ms = DEPOT_STALL_MS };
	const struct stream_place place = { .file_id = "ab",
					    .attempt = 1,
					    .url = ORIGIN "/object",
					    .etag = "\"e\"",
					    .end = (uint64_t)RANGES * DEPOT_RANGE };
	struct sp_error err = { 0 };
	char byte;
	depot_create(&door, &house.depot);
	struct stream *stream = stream_open_source(house.depot, &place);
	stream_on_wake(stream, woke, NULL);
	assert_int_equal(stream_read(stream, 0, &byte, 1, &err), STREAM_LATER);
	depot_turn(house.depot, -1, 0);
	assert_int_equal(house.count, RANGES);
	int end = give_socket(&house); /* to storage that has not answered yet */
	refuse_all(&house);

	int64_t from_ms = sp_monotonic_ms();
	while (sp_monotonic_ms() - from_ms < LOOK_MS) {
		depot_turn(house.depot, -1, TURN_MS);
		refuse_all(&house);
	}
	assert_in_range(house.dials, RANGES, AT_MOST); /* pauses double, from 100 ms on */
	while (house.count == 0 && sp_monotonic_ms() - from_ms < PATIENCE_MS)
		depot_turn(house.depot, -1, TURN_MS);
	assert_int_equal(house.count, RANGES - 1);
	assert_int_equal(stream_read(stream, 0, &byte, 1, &err),
			 STREAM_LATER); /* none has failed */
	close(give_socket(&house));
	stream_close(stream);
	depot_destroy(house.depot);
	close(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_refused_asks_again_after_a_pause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
