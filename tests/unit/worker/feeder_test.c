#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/scope.h"
#include "remote/session.h"
#include "streams/backend.h"
#include "worker/block_pool.h"
#include "worker/feeder.h"

enum { PATIENCE_MS = 20000, LARGE_SIZE = 100 << 20 };

/* One feed, in a group of its own, and how often it was woken. */
struct rig {
	struct feed_group *group;
	struct feed *feed;
	int *woken;
};

static struct feeder *start(size_t feeds_max)
{
	struct feeder *feeder;
	struct sp_error err = { 0 };
	struct inbox *desk;
	assert_int_equal(inbox_open(&desk, &err), 0);
	assert_int_equal(feeder_start(feeds_max, desk, &feeder, &err), 0);
	return feeder;
}

static struct feed_group *open_group(struct feeder *feeder)
{
	struct feed_group *group;
	struct sp_error err = { 0 };
	assert_int_equal(feed_group_open(feeder, &group, &err), 0);
	return group;
}

static struct rig open_rig_in(struct feed_group *group, enum feed_way way, struct stream *stream,
			      const struct feed_mark *from)
{
	struct rig rig = { .group = group, .woken = calloc(1, sizeof(*rig.woken)) };
	const struct feed_plan plan = {
		.way = way, .size = LARGE_SIZE, .from = from, .owner = rig.woken
	};
	struct sp_error err = { 0 };
	assert_int_equal(feed_open(group, &plan, stream, &rig.feed, &err), 0);
	return rig;
}

static struct rig open_rig_at(struct feeder *feeder, enum feed_way way, struct stream *stream,
			      const struct feed_mark *from)
{
	return open_rig_in(open_group(feeder), way, stream, from);
}

static struct rig open_rig(struct feeder *feeder, enum feed_way way, struct stream *stream)
{
	return open_rig_at(feeder, way, stream, NULL);
}

static struct stream *stream_of(int fd)
{
	struct stream *stream;
	struct sp_error err = { 0 };
	assert_int_equal(stream_open_descriptor(fd, &stream, &err), 0);
	return stream;
}

static void close_rig(struct rig *rig)
{
	feed_close(rig->feed);
	free(rig->woken);
}

static void wake(void *owner)
{
	++*(int *)owner;
}

static void wait_wake(const struct rig *rig)
{
	*rig->woken = 0;
	do {
		struct pollfd wait = { .fd = feed_group_fd(rig->group), .events = POLLIN };
		assert_int_equal(poll(&wait, 1, PATIENCE_MS), 1);
		feed_group_answer(rig->group, wake);
	} while (*rig->woken == 0);
}

static int take(const struct rig *rig, struct block **out, struct sp_error *err)
{
	struct block_source source = feed_source(rig->feed);
	int result;
	while ((result = source.take(source.ctx, out, err)) == 0)
		wait_wake(rig);
	return result;
}

static struct block *get(const struct rig *rig)
{
	struct block_sink sink = feed_sink(rig->feed);
	struct block *block;
	while ((block = sink.get(sink.ctx)) == NULL)
		wait_wake(rig);
	return block;
}

static int flush(const struct rig *rig, struct sp_error *err)
{
	int result;
	while ((result = feed_flushed(rig->feed, err)) == 0)
		wait_wake(rig);
	return result;
}

/* As much as fits into one block; returns how much that was. */
static size_t put(const struct rig *rig, uint64_t offset, const void *data, size_t length)
{
	struct block_sink sink = feed_sink(rig->feed);
	struct sp_error err = { 0 };
	struct block *block = get(rig);
	block->offset = offset;
	block->length = length < block->room ? length : block->room;
	memcpy(block->data, data, block->length);
	size_t taken = block->length;
	assert_int_equal(sink.put(sink.ctx, block, &err), 0);
	return taken;
}

static uint8_t *random_bytes(size_t length)
{
	uint8_t *bytes = malloc(length + 1);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(rand() >> 7);
	return bytes;
}

static const size_t sizes[] = { 0,
				1,
				REMOTE_BLOCK_MAX - 1,
				REMOTE_BLOCK_MAX,
				REMOTE_BLOCK_MAX + 1,
				200 * REMOTE_BLOCK_MAX + 77 };

static void a_source_comes_whole_in_order_with_its_sum(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		SP_AUTO_FREE uint8_t *bytes = random_bytes(sizes[i]);
		int fd = memfd_create("source", MFD_CLOEXEC);
		assert_int_equal(write(fd, bytes, sizes[i]), (ssize_t)sizes[i]);
		struct rig rig = open_rig(feeder, FEED_SOURCE, stream_of(fd));
		struct block_source source = feed_source(rig.feed);
		struct sp_error err = { 0 };

		uint64_t at = 0;
		struct block *block;
		int result;
		while ((result = take(&rig, &block, &err)) == 1) {
			assert_int_equal(block->offset, at);
			assert_memory_equal(block->data, bytes + at, block->length);
			at += block->length;
			source.give_back(source.ctx, block);
		}
		assert_int_equal(result, 2);
		assert_int_equal(at, sizes[i]);

		uint64_t size;
		char sum[SP_SHA256_HEX_SIZE], expected[SP_SHA256_HEX_SIZE];
		feed_sum(rig.feed, &size, sum);
		sp_sha256_hex(bytes, sizes[i], expected);
		assert_int_equal(size, sizes[i]);
		assert_string_equal(sum, expected);
		close_rig(&rig);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
	}
}

static void a_sink_is_written_whole_with_its_sum(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		SP_AUTO_FREE uint8_t *bytes = random_bytes(sizes[i]);
		int fd = memfd_create("sink", MFD_CLOEXEC);
		SP_AUTO_FD copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		struct rig rig = open_rig(feeder, FEED_SINK, stream_of(fd));
		struct sp_error err = { 0 };
		for (size_t at = 0; at < sizes[i];)
			at += put(&rig, at, bytes + at, sizes[i] - at);
		assert_int_equal(flush(&rig, &err), 1);

		uint64_t size;
		char sum[SP_SHA256_HEX_SIZE], expected[SP_SHA256_HEX_SIZE];
		feed_sum(rig.feed, &size, sum);
		close_rig(&rig);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		sp_sha256_hex(bytes, sizes[i], expected);
		assert_int_equal(size, sizes[i]);
		assert_string_equal(sum, expected);
		SP_AUTO_FREE uint8_t *got = malloc(sizes[i] + 1);
		assert_int_equal(pread(copy, got, sizes[i] + 1, 0), (ssize_t)sizes[i]);
		assert_memory_equal(got, bytes, sizes[i]);
	}
}

static void a_full_disk_is_told_when_flushing_and_when_more_is_put(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	struct rig rig =
		open_rig(feeder, FEED_SINK, stream_of(open("/dev/full", O_WRONLY | O_CLOEXEC)));
	struct block_sink sink = feed_sink(rig.feed);
	struct sp_error err = { 0 };
	put(&rig, 0, "x", 1);
	assert_int_equal(flush(&rig, &err), -1);
	assert_int_equal(err.code, SP_NO_SPACE);

	struct sp_error again = { 0 };
	struct block *block = get(&rig);
	block->length = 1;
	assert_int_equal(sink.put(sink.ctx, block, &again), -1);
	assert_int_equal(again.code, SP_NO_SPACE);
	close_rig(&rig);
}

static void an_unreadable_source_is_told(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	struct rig rig =
		open_rig(feeder, FEED_SOURCE, stream_of(open("/tmp", O_RDONLY | O_CLOEXEC)));
	struct block *block;
	struct sp_error err = { 0 };
	assert_int_equal(take(&rig, &block, &err), -1);
	assert_int_equal(err.code, SP_SYSTEM);
	close_rig(&rig);
}

/* One small block, and all large ones that there are. */
enum { BLOCKS_MAX = 1 + BLOCK_POOL_LARGE_MAX };

/* All that one feed may get without giving anything back. */
static size_t hoard(const struct rig *rig, struct block **blocks)
{
	struct block_sink sink = feed_sink(rig->feed);
	size_t count = 0;
	while (count <= BLOCKS_MAX && (blocks[count] = sink.get(sink.ctx)) != NULL)
		count++;
	return count;
}

static void give_all_back(const struct rig *rig, struct block **blocks, size_t count)
{
	struct block_sink sink = feed_sink(rig->feed);
	for (size_t i = 0; i < count; i++)
		sink.give_back(sink.ctx, blocks[i]);
}

static void whoever_hoards_leaves_the_others_what_they_are_sure_of(void **state)
{
	(void)state;
	enum { FEEDS = 5 };
	struct feeder *feeder = start(FEEDS);
	struct rig rigs[FEEDS];
	struct block *blocks[FEEDS][BLOCKS_MAX + 1];
	size_t counts[FEEDS], all = 0;
	for (int i = 0; i < FEEDS; i++) {
		rigs[i] = open_rig(feeder, FEED_SINK,
				   stream_of(open("/dev/null", O_WRONLY | O_CLOEXEC)));
		counts[i] = hoard(&rigs[i], blocks[i]);
		assert_true(counts[i] > BLOCK_POOL_LARGE_SURE);
		all += counts[i];
	}
	assert_true(counts[0] > counts[FEEDS - 1]);
	assert_true(all <= FEEDS + BLOCK_POOL_LARGE_MAX);
	for (int i = 0; i < FEEDS; i++) {
		give_all_back(&rigs[i], blocks[i], counts[i]);
		close_rig(&rigs[i]);
	}
}

static void one_file_alone_may_have_all_blocks_and_wakes_when_one_comes_back(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	struct rig rig =
		open_rig(feeder, FEED_SINK, stream_of(open("/dev/null", O_WRONLY | O_CLOEXEC)));
	struct block_sink sink = feed_sink(rig.feed);
	struct block *blocks[BLOCKS_MAX + 1];
	assert_int_equal(hoard(&rig, blocks), BLOCKS_MAX);
	sink.give_back(sink.ctx, blocks[1]);
	wait_wake(&rig);
	blocks[1] = sink.get(sink.ctx);
	assert_non_null(blocks[1]);
	give_all_back(&rig, blocks, BLOCKS_MAX);
	close_rig(&rig);
}

/* A disk that hangs until it is told to go on. */
struct slow_stream {
	struct stream base;
	sem_t entered, go_on, closed;
};

static ssize_t slow_read(struct stream *stream, uint64_t offset, void *out, size_t room,
			 struct sp_error *err)
{
	struct slow_stream *slow = (struct slow_stream *)stream;
	(void)offset;
	(void)err;
	sem_post(&slow->entered);
	sem_wait(&slow->go_on);
	memset(out, 'x', room);
	return (ssize_t)room;
}

static void slow_close(struct stream *stream)
{
	sem_post(&((struct slow_stream *)stream)->closed);
}

static const struct stream_backend slow_backend = { .read = slow_read, .close = slow_close };

static void closing_never_waits_for_a_disk_that_hangs(void **state)
{
	(void)state;
	struct feeder *feeder = start(2);
	struct slow_stream slow = { .base.backend = &slow_backend };
	sem_init(&slow.entered, 0, 0);
	sem_init(&slow.go_on, 0, 0);
	sem_init(&slow.closed, 0, 0);
	struct rig rig = open_rig(feeder, FEED_SOURCE, &slow.base);
	sem_wait(&slow.entered);
	close_rig(&rig);
	assert_int_equal(sem_trywait(&slow.closed), -1);
	sem_post(&slow.go_on);
	sem_wait(&slow.closed);

	/* Its block is back in the pool, and the thread serves others. */
	struct rig other =
		open_rig(feeder, FEED_SOURCE, stream_of(open("/dev/null", O_RDONLY | O_CLOEXEC)));
	struct block *block;
	struct sp_error err = { 0 };
	assert_int_equal(take(&other, &block, &err), 2);
	close_rig(&other);
}

static uint64_t take_all(const struct rig *rig)
{
	struct block_source source = feed_source(rig->feed);
	struct sp_error err = { 0 };
	struct block *block;
	uint64_t taken = 0;
	while (take(rig, &block, &err) == 1) {
		taken += block->length;
		source.give_back(source.ctx, block);
	}
	return taken;
}

static void a_mark_is_where_another_feed_goes_on_with_the_same_sum(void **state)
{
	(void)state;
	const size_t size = 2 * (size_t)FEED_MARK_STEP + 12345;
	SP_AUTO_FREE uint8_t *bytes = random_bytes(size);
	char expected[SP_SHA256_HEX_SIZE], sum[SP_SHA256_HEX_SIZE];
	sp_sha256_hex(bytes, size, expected);
	struct feeder *feeder = start(1);
	int fd = memfd_create("source", MFD_CLOEXEC);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	struct rig rig = open_rig(feeder, FEED_SOURCE, stream_of(dup(fd)));
	assert_int_equal(take_all(&rig), size);

	struct feed_mark mark;
	assert_false(feed_take_mark(rig.feed, FEED_MARK_STEP - 1, &mark));
	assert_true(feed_take_mark(rig.feed, 2 * FEED_MARK_STEP - 1, &mark));
	assert_in_range(mark.offset, FEED_MARK_STEP, FEED_MARK_STEP + REMOTE_BLOCK_MAX);
	assert_false(feed_take_mark(rig.feed, mark.offset, &mark)); /* once */
	close_rig(&rig);

	rig = open_rig_at(feeder, FEED_SOURCE, stream_of(fd), &mark);
	assert_int_equal(take_all(&rig), size - mark.offset);
	uint64_t summed;
	feed_sum(rig.feed, &summed, sum);
	assert_int_equal(summed, size);
	assert_string_equal(sum, expected);
	close_rig(&rig);
}

static void a_mark_that_is_none_is_refused(void **state)
{
	(void)state;
	struct feeder *feeder = start(1);
	struct feed_mark mark = { .offset = 5 };
	struct sp_digest digest;
	struct sp_error err = { 0 };
	struct feed *feed;
	sp_digest_start(&digest);
	sp_digest_add(&digest, "1234", 4);
	sp_digest_save(&digest, mark.state);
	const struct feed_plan plan = { .way = FEED_SOURCE, .from = &mark };
	assert_int_equal(feed_open(open_group(feeder), &plan,
				   stream_of(memfd_create("source", MFD_CLOEXEC)), &feed, &err),
			 -1);
	assert_int_equal(err.code, SP_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_comes_whole_in_order_with_its_sum),
		cmocka_unit_test(a_sink_is_written_whole_with_its_sum),
		cmocka_unit_test(a_full_disk_is_told_when_flushing_and_when_more_is_put),
		cmocka_unit_test(an_unreadable_source_is_told),
		cmocka_unit_test(whoever_hoards_leaves_the_others_what_they_are_sure_of),
		cmocka_unit_test(one_file_alone_may_have_all_blocks_and_wakes_when_one_comes_back),
		cmocka_unit_test(a_mark_is_where_another_feed_goes_on_with_the_same_sum),
		cmocka_unit_test(a_mark_that_is_none_is_refused),
		cmocka_unit_test(closing_never_waits_for_a_disk_that_hangs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
