/* Streams at storage: the storage is a thread of ours behind socket pairs. */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "streams/depot.h"

#define ORIGIN "http://storage:1"
#define ETAG   "\"the-object\""

enum {
	TURNS_MAX = 200000,
	TURN_MS = 20,
	PUTS_MAX = 64,
	PATIENCE_MS = 5000,
	DRIP_MS = 2,
	RANGES = 10, /* of the object, the last one short */
	OBJECT_SIZE = (RANGES - 1) * DEPOT_RANGE + 12345,
	PIECE = 261120, /* that is read at once: no range is a multiple of it */
};

/* What was put, in the order in which it came. */
struct put {
	char target[128];
	size_t length;
	bool marked;
	char condition[64]; /* its line; "": none */
};

static struct storage {
	pthread_mutex_t lock;
	uint8_t *object;
	struct put puts[PUTS_MAX];
	size_t put_count;
	atomic_int denials, resets; /* so many requests are answered like that, before others */
	atomic_int drips; /* so many requests are answered like this, and then byte by byte: */
	const char *drip;
	atomic_int hasty; /* so many PUTs are a success as soon as their heads came */
	bool twice;       /* behind each answer stands the same one again */
	atomic_int gets;
	atomic_int serving; /* so many connections */
	bool repeats; /* it answers with the bytes from the first one on, whichever are asked for */
	const char
		*refusal; /* of every PUT with a condition: "412 Precondition Failed"; NULL: none */
	const char *denial;
	const char *etag;
} storage;

/* ---- the storage ---- */

static int read_head(int fd, char *out, size_t room)
{
	size_t length = 0;
	while (length + 1 < room && read(fd, out + length, 1) == 1) {
		out[++length] = '\0';
		if (strstr(out, "\r\n\r\n") != NULL)
			return 0;
	}
	return -1;
}

static void write_all(int fd, const void *data, size_t length)
{
	for (ssize_t put; length > 0 && (put = write(fd, data, length)) > 0;) {
		data = (const char *)data + put;
		length -= (size_t)put;
	}
}

static void take_body(int fd, size_t length)
{
	char bytes[4096];
	for (ssize_t got;
	     length > 0 &&
	     (got = read(fd, bytes, length < sizeof(bytes) ? length : sizeof(bytes))) > 0;)
		length -= (size_t)got;
}

static void note_put(const char *head, size_t length)
{
	pthread_mutex_lock(&storage.lock);
	struct put *put = &storage.puts[storage.put_count++];
	sscanf(head, "PUT %127s", put->target);
	put->length = length;
	put->marked = strstr(head, "x-amz-meta-sallyport: ab-2\r\n") != NULL;
	const char *condition = strstr(head, "If-");
	snprintf(put->condition, sizeof(put->condition), "%.*s",
		 condition == NULL ? 0 : (int)strcspn(condition, "\r"),
		 condition == NULL ? "" : condition);
	pthread_mutex_unlock(&storage.lock);
}

static void answer_get(int fd, const char *head)
{
	unsigned long long first = 0, last = 0;
	char answer[256];
	const char *range = strstr(head, "Range: bytes=");
	assert_non_null(range);
	assert_non_null(strstr(head, "If-Match: " ETAG "\r\n"));
	sscanf(range, "Range: bytes=%llu-%llu", &first, &last);
	size_t length = (size_t)(last - first + 1);
	if (storage.repeats)
		first = 0;
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 206 Partial Content\r\nContent-Length: %zu\r\nETag: %s\r\n"
		 "Content-Range: bytes %llu-%llu/%d\r\n\r\n",
		 length, storage.etag, first, first + length - 1, OBJECT_SIZE);
	write_all(fd, answer, strlen(answer));
	if (atomic_fetch_sub(&storage.resets, 1) > 0) {
		write_all(fd, storage.object + first, length / 2);
		shutdown(fd, SHUT_RDWR);
		return;
	}
	if (!storage.twice) {
		write_all(fd, storage.object + first, length);
		return;
	}
	/* So that who reads the last byte has the rest there. */
	char last_byte_and_more[sizeof(answer) + 1];
	write_all(fd, storage.object + first, length - 1);
	snprintf(last_byte_and_more, sizeof(last_byte_and_more), "%c%s", 'x', answer);
	last_byte_and_more[0] = (char)storage.object[last];
	write_all(fd, last_byte_and_more, 1 + strlen(answer));
}

static void answer_put(int fd)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
				   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	write_all(fd, text, storage.twice ? sizeof(text) - 1 : sizeof(text) / 2);
}

/* @refusal: "403 Forbidden", with the word behind a "/" when there is one. */
static void refuse(int fd, const char *refusal)
{
	char answer[256], body[64] = "";
	const char *word = strchr(refusal, '/');
	if (word != NULL)
		snprintf(body, sizeof(body), "<Code>%s</Code>", word + 1);
	snprintf(answer, sizeof(answer), "HTTP/1.1 %.*s\r\nContent-Length: %zu\r\n\r\n%s",
		 (int)strcspn(refusal, "/"), refusal, strlen(body), body);
	write_all(fd, answer, strlen(answer));
}

/* Whatever it is, it is of no use; until the other side has had enough of it. */
static void drip(int fd)
{
	const char *text = storage.drip, *next = text;
	struct pollfd end = { .fd = fd };
	while (write(fd, *next == '\0' ? "x" : next, 1) == 1 && poll(&end, 1, DRIP_MS) == 0)
		next += *next == '\0' ? 0 : 1;
}

static void *serve(void *ctx)
{
	int fd = (int)(intptr_t)ctx;
	char head[8192];
	while (read_head(fd, head, sizeof(head)) == 0) {
		const char *length = strstr(head, "Content-Length: ");
		size_t size = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
		bool puts = sp_text_starts_with(head, "PUT ");
		if (puts && atomic_fetch_sub(&storage.hasty, 1) > 0) {
			answer_put(fd);
			take_body(fd, size);
			continue;
		}
		take_body(fd, size);
		if (atomic_fetch_sub(&storage.drips, 1) > 0)
			drip(fd);
		if (atomic_fetch_sub(&storage.denials, 1) > 0) {
			refuse(fd, storage.denial);
		} else if (puts && storage.refusal != NULL && strstr(head, "If-") != NULL) {
			note_put(head, size);
			refuse(fd, storage.refusal);
		} else if (puts) {
			note_put(head, size);
			answer_put(fd);
		} else {
			atomic_fetch_add(&storage.gets, 1);
			answer_get(fd, head);
		}
	}
	close(fd);
	atomic_fetch_sub(&storage.serving, 1);
	return NULL;
}

/* ---- whoever has the depot ---- */

struct house {
	struct depot *depot;
	uint32_t wants[DEPOT_LINES_MAX]; /* sockets */
	size_t want_count;
	uint32_t part; /* of which URLs were asked for … */
	bool asked;    /* … and were not given yet */
	int times_asked;
	bool gives; /* them */
	bool woken;
};

static void need_socket(void *ctx, uint32_t request, const char *origin)
{
	struct house *house = ctx;
	assert_string_equal(origin, ORIGIN);
	house->wants[house->want_count++] = request;
}

static void need_urls(void *ctx, const char *file_id, uint32_t attempt, uint32_t part)
{
	struct house *house = ctx;
	assert_string_equal(file_id, "ab");
	assert_int_equal(attempt, 3);
	house->asked = true;
	house->times_asked++;
	house->part = part;
}

static void woke(void *ctx)
{
	((struct house *)ctx)->woken = true;
}

static void give_socket(struct house *house)
{
	int pair[2];
	pthread_t thread;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	atomic_fetch_add(&storage.serving, 1);
	pthread_create(&thread, NULL, serve, (void *)(intptr_t)pair[1]);
	pthread_detach(thread);
	depot_take_socket(house->depot, house->wants[--house->want_count], pair[0]);
}

static void give_urls(struct house *house)
{
	char urls[1024] = "";
	house->asked = false;
	for (unsigned i = 0; i < 4; i++) {
		char url[128];
		snprintf(url, sizeof(url), ORIGIN "/part?%u\n", house->part + i);
		strcat(urls, url);
	}
	depot_take_urls(house->depot, "ab", 3, house->part, urls, NULL);
}

static void turn(struct house *house)
{
	while (house->want_count > 0)
		give_socket(house);
	if (house->asked && house->gives)
		give_urls(house);
	depot_turn(house->depot, -1, TURN_MS);
}

static void begin_with(struct house *house, int stall_ms)
{
	const struct depot_door door = { .ctx = house,
					 .need_socket = need_socket,
					 .need_urls = need_urls,
					 .stall_ms = stall_ms };
	*house = (struct house){ .gives = true };
	depot_create(&door, &house->depot);
	/* What the last house asked for is not counted here; one whose test failed keeps its connections. */
	for (int64_t from_ms = sp_monotonic_ms();
	     atomic_load(&storage.serving) > 0 && sp_monotonic_ms() - from_ms < PATIENCE_MS;)
		sched_yield();
	atomic_store(&storage.serving, 0);
	storage.put_count = 0;
	storage.etag = ETAG;
	storage.denial = "403 Forbidden/RequestHasExpired";
	storage.repeats = storage.twice = false;
	atomic_store(&storage.hasty, 0);
	atomic_store(&storage.drips, 0);
	atomic_store(&storage.gets, 0);
	atomic_store(&storage.denials, 0);
	atomic_store(&storage.resets, 0);
}

static void begin(struct house *house)
{
	begin_with(house, DEPOT_STALL_MS);
}

static struct stream *open_source(struct house *house, uint64_t from)
{
	const struct stream_place place = { .file_id = "ab",
					    .attempt = 3,
					    .url = ORIGIN "/object?signed",
					    .etag = ETAG,
					    .offset = from,
					    .end = OBJECT_SIZE };
	struct stream *stream = stream_open_source(house->depot, &place);
	stream_on_wake(stream, woke, house);
	return stream;
}

/* -1 when it fails. */
static int read_all(struct house *house, struct stream *stream, uint64_t from, struct sp_error *err)
{
	SP_AUTO_FREE uint8_t *bytes = malloc(PIECE);
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		ssize_t got = stream_read(stream, from, bytes, PIECE, err);
		if (got == STREAM_LATER) {
			turn(house);
			continue;
		}
		if (got < 0)
			return -1;
		assert_memory_equal(bytes, storage.object + from, (size_t)got);
		from += (uint64_t)got;
		if (got < PIECE) {
			assert_int_equal(from, OBJECT_SIZE);
			return 0;
		}
	}
	fail_msg("it came to no end");
	return -1;
}

static struct stream *open_sink(struct house *house, uint32_t parts, uint64_t kept)
{
	const struct stream_place place = { .file_id = "ab",
					    .attempt = 3,
					    .url = ORIGIN,
					    .part_attempt = 2,
					    .parts = parts,
					    .kept = kept };
	struct stream *stream = stream_open_sink(house->depot, &place);
	stream_on_wake(stream, woke, house);
	return stream;
}

static void write_all_to(struct house *house, struct stream *stream, uint64_t from, size_t size)
{
	static uint8_t bytes[1 << 18];
	struct sp_error err = { 0 };
	for (int turns = 0; size > 0 && turns < TURNS_MAX; turns++) {
		ssize_t put = stream_write(stream, from, bytes,
					   size < sizeof(bytes) ? size : sizeof(bytes), &err);
		if (put == STREAM_LATER) {
			turn(house);
			continue;
		}
		if (put < 0)
			fail_msg("%s", err.message);
		from += (uint64_t)put;
		size -= (size_t)put;
	}
	assert_int_equal(size, 0);
}

static int finish(struct house *house, struct stream *stream, struct sp_error *err)
{
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		int result = stream_finish(stream, err);
		if (result != STREAM_LATER)
			return result;
		turn(house);
	}
	return -1;
}

/* ---- what it does ---- */

static void a_source_is_read_in_order_from_anywhere(void **state)
{
	(void)state;
	static const uint64_t from[] = {
		0, 1, DEPOT_RANGE - 1, DEPOT_RANGE, OBJECT_SIZE - 1, OBJECT_SIZE
	};
	for (size_t i = 0; i < SP_COUNT_OF(from); i++) {
		struct house house;
		struct sp_error err = { 0 };
		begin(&house);
		struct stream *stream = open_source(&house, from[i]);
		assert_int_equal(read_all(&house, stream, from[i], &err), 0);
		stream_close(stream);
		depot_destroy(house.depot);
	}
}

/* As far as it comes by itself. */
static uint64_t read_on(struct house *house, struct stream *stream, uint64_t at)
{
	static uint8_t bytes[PIECE];
	struct sp_error err = { 0 };
	int64_t last_ms = sp_monotonic_ms();
	while (at < OBJECT_SIZE && sp_monotonic_ms() - last_ms < PATIENCE_MS) {
		ssize_t got = stream_read(stream, at, bytes, PIECE, &err);
		if (got == STREAM_LATER) {
			turn(house);
			continue;
		}
		assert_int_not_equal(got, -1);
		assert_memory_equal(bytes, storage.object + at, (size_t)got);
		at += (uint64_t)got;
		last_ms = sp_monotonic_ms();
	}
	return at;
}

/* More of them than the budget has ranges. Each comes to the end of one, and what it reads next begins there and ends in
 * another: it must get that one, for it cannot give the first one back before. */
static void many_sources_do_not_wait_for_one_another(void **state)
{
	enum { SOURCES = 2 * DEPOT_SOURCE_BUDGET / DEPOT_RANGE };
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	struct stream *streams[SOURCES];
	uint8_t byte;
	begin(&house);
	for (size_t i = 0; i < SOURCES; i++) {
		streams[i] = open_source(&house, 0);
		assert_int_equal(stream_read(streams[i], 0, &byte, 1, &err), STREAM_LATER);
	}
	for (size_t i = 0; i < SOURCES; i++)
		assert_int_equal(read_on(&house, streams[i], 0), OBJECT_SIZE);
	for (size_t i = 0; i < SOURCES; i++)
		stream_close(streams[i]);
	depot_destroy(house.depot);
}

static void what_was_fetched_before_a_reset_is_not_fetched_again(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	atomic_store(&storage.resets, 3);
	struct stream *stream = open_source(&house, 0);
	assert_int_equal(read_all(&house, stream, 0, &err), 0);
	assert_int_equal(atomic_load(&storage.gets), RANGES + 3);
	stream_close(stream);
	depot_destroy(house.depot);
}

/* 1xx again and again, a head without end, and a refusal that is told byte by byte. */
static void what_is_said_without_end_is_not_waited_for(void **state)
{
	enum { STALL_MS = 400 };
	(void)state;
	static const char *const drips[] = {
		"HTTP/1.1 206 Partial Content\r\nX-Header: ",
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000000\r\n\r\n",
		"HTTP/1.1 503 Service Unavailable\r\n\r\n",
		("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
		 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 "),
	};
	for (size_t i = 0; i < SP_COUNT_OF(drips); i++) {
		struct house house;
		begin_with(&house, STALL_MS);
		storage.drip = drips[i];
		atomic_store(&storage.drips, 1);
		struct stream *stream = open_source(&house, 0);
		assert_int_equal(read_on(&house, stream, 0), OBJECT_SIZE);
		stream_close(stream);
		depot_destroy(house.depot);
	}
}

static void a_denied_url_is_asked_for_anew(void **state)
{
	(void)state;
	static const char *const denials[] = {
		"403 Forbidden/RequestHasExpired", "401 Unauthorized",
		"400 Bad Request/ExpiredToken",    "400 Bad Request/InvalidToken",
		"400 Bad Request/RequestExpired",
	};
	for (size_t i = 0; i < SP_COUNT_OF(denials); i++) {
		struct house house;
		struct sp_error err = { 0 };
		begin(&house);
		storage.denial = denials[i];
		atomic_store(&storage.denials, 2);
		struct stream *stream = open_source(&house, 0);
		assert_int_equal(read_all(&house, stream, 0, &err), 0);
		assert_in_range(house.times_asked, 1, 2);
		stream_close(stream);
		depot_destroy(house.depot);
	}
}

static void one_that_is_always_denied_is_an_end_with_the_storages_word(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	atomic_store(&storage.denials, 1000);
	struct stream *stream = open_source(&house, 0);
	assert_int_equal(read_all(&house, stream, 0, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
	assert_non_null(strstr(err.message, "403 RequestHasExpired"));
	stream_close(stream);
	depot_destroy(house.depot);
}

static void another_object_is_noticed(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	storage.etag = "\"another\"";
	struct stream *stream = open_source(&house, 0);
	assert_int_equal(read_all(&house, stream, 0, &err), -1);
	assert_int_equal(err.code, SP_CHANGED);
	stream_close(stream);
	depot_destroy(house.depot);
}

static void other_bytes_than_were_asked_for_are_refused(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	storage.repeats = true;
	struct stream *stream = open_source(&house, 0);
	assert_int_equal(read_all(&house, stream, 0, &err), -1);
	assert_int_equal(err.code, SP_PROTOCOL);
	assert_non_null(strstr(err.message, "the range that it was asked for"));
	stream_close(stream);
	depot_destroy(house.depot);
}

/* All of its connections are used once more, and what came too much waits there. */
static void what_comes_unasked_is_no_answer(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	storage.twice = true;
	for (int time = 1; time <= 3; time++) {
		struct stream *stream = open_source(&house, 0);
		assert_int_equal(read_all(&house, stream, 0, &err), 0);
		assert_int_equal(atomic_load(&storage.gets), RANGES * time); /* none was in vain */
		stream_close(stream);
	}
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, 7 * DEPOT_PART_MIN + 1);
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_int_equal(storage.put_count, 8);
	stream_close(stream);
	depot_destroy(house.depot);
}

static void what_is_small_is_held_until_it_may_be_put(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 100000, DEPOT_PART_MIN };
	for (size_t i = 0; i < SP_COUNT_OF(sizes); i++) {
		struct house house;
		struct sp_error err = { 0 };
		begin(&house);
		struct stream *stream = open_sink(&house, 0, 0);
		write_all_to(&house, stream, 0, sizes[i]);
		assert_int_equal(finish(&house, stream, &err), 0);
		assert_true(stream_is_held(stream));
		assert_int_equal(storage.put_count + (size_t)house.times_asked, 0);
		int result;
		while ((result = stream_put(stream, ORIGIN "/key?signed", NULL, &err)) ==
		       STREAM_LATER)
			turn(&house);
		assert_int_equal(result, 0);
		assert_string_equal(storage.puts[0].condition, "");
		assert_int_equal(storage.put_count, 1);
		assert_string_equal(storage.puts[0].target, "/key?signed");
		assert_int_equal(storage.puts[0].length, sizes[i]);
		assert_true(storage.puts[0].marked);
		stream_close(stream);
		depot_destroy(house.depot);
	}
}

static int put_until(struct house *house, struct stream *stream, const char *condition,
		     struct sp_error *err)
{
	int result;
	while ((result = stream_put(stream, ORIGIN "/key?signed", condition, err)) == STREAM_LATER)
		turn(house);
	return result;
}

/* The bytes stay until somebody says what else they may be put under. */
static void a_condition_that_does_not_hold_is_told_at_once_and_another_may_be_tried(void **state)
{
	(void)state;
	static const struct {
		const char *answer;
		enum sp_code code;
	} cases[] = {
		{ "412 Precondition Failed", SP_EXISTS }, { "409 Conflict", SP_CONFLICT },
		{ "404 Not Found", SP_EXISTS },           { "501 Not Implemented", SP_UNSUPPORTED },
		{ "404 Not Found/NoSuchKey", SP_EXISTS }, { "400 Bad Request", SP_UNSUPPORTED },
	};
	for (size_t i = 0; i < SP_COUNT_OF(cases); i++) {
		struct house house;
		struct sp_error err = { 0 };
		begin(&house);
		storage.refusal = cases[i].answer;
		struct stream *stream = open_sink(&house, 0, 0);
		write_all_to(&house, stream, 0, 1000);
		assert_int_equal(finish(&house, stream, &err), 0);
		assert_int_equal(put_until(&house, stream, "*", &err), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(put_until(&house, stream, "\"e\"", &err), -1);
		assert_int_equal(put_until(&house, stream, NULL, &err), 0);
		assert_int_equal(storage.put_count, 3);
		assert_string_equal(storage.puts[0].condition, "If-None-Match: *");
		assert_string_equal(storage.puts[1].condition, "If-Match: \"e\"");
		assert_int_equal(storage.puts[2].length, 1000);
		storage.refusal = NULL;
		stream_close(stream);
		depot_destroy(house.depot);
	}
}

static void a_bucket_that_is_not_there_is_no_condition(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	storage.refusal = "404 Not Found/NoSuchBucket";
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, 1000);
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_int_equal(put_until(&house, stream, "*", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_non_null(strstr(err.message, "404 NoSuchBucket"));
	storage.refusal = NULL;
	stream_close(stream);
	depot_destroy(house.depot);
}

static bool has_put(const char *target, size_t length)
{
	for (size_t i = 0; i < storage.put_count; i++)
		if (strcmp(storage.puts[i].target, target) == 0 && storage.puts[i].length == length)
			return true;
	return false;
}

static void what_is_large_goes_in_parts_and_is_kept_from_the_front(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, 3 * DEPOT_PART_MIN + 5);
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_false(stream_is_held(stream));
	assert_int_equal(stream_kept(stream), 3 * DEPOT_PART_MIN + 5);
	assert_int_equal(storage.put_count, 4);
	assert_true(has_put("/part?1", DEPOT_PART_MIN) && has_put("/part?2", DEPOT_PART_MIN) &&
		    has_put("/part?3", DEPOT_PART_MIN) && has_put("/part?4", 5));
	stream_close(stream);
	depot_destroy(house.depot);
}

static void a_success_before_all_was_sent_is_none(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	atomic_store(&storage.hasty, 2);
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, 2 * DEPOT_PART_MIN);
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_int_equal(storage.put_count, 2);
	assert_true(has_put("/part?1", DEPOT_PART_MIN) && has_put("/part?2", DEPOT_PART_MIN));
	stream_close(stream);
	depot_destroy(house.depot);
}

/* 10,000 of them must do, also when the size is told late. */
static void parts_are_as_large_as_it_takes(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	const size_t part = 16 << 20;
	begin(&house);
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, 1 << 20);
	stream_expect(stream, 150ull << 30);
	write_all_to(&house, stream, 1 << 20, 2 * part + 7 - (1 << 20));
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_int_equal(storage.put_count, 3);
	assert_true(has_put("/part?1", part) && has_put("/part?2", part) && has_put("/part?3", 7));
	stream_close(stream);
	depot_destroy(house.depot);
}

static void what_would_need_larger_parts_than_there_are_is_refused_at_once(void **state)
{
	(void)state;
	const uint64_t most = (uint64_t)DEPOT_PARTS_MAX * DEPOT_PART_MAX;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	struct stream *stream = open_sink(&house, 0, 0);
	stream_expect(stream, most);
	assert_int_equal(stream_write(stream, 0, "x", 1, &err), 1);
	stream_expect(stream, most + 1);
	assert_int_equal(stream_write(stream, 1, "x", 1, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	stream_close(stream);
	depot_destroy(house.depot);
}

/* As much as it takes by itself. */
static uint64_t write_on(struct stream *stream, uint64_t at, uint64_t end)
{
	static const uint8_t bytes[1 << 18];
	struct sp_error err = { 0 };
	while (at < end) {
		size_t size = end - at < sizeof(bytes) ? (size_t)(end - at) : sizeof(bytes);
		ssize_t put = stream_write(stream, at, bytes, size, &err);
		assert_int_not_equal(put, -1);
		if (put == STREAM_LATER)
			break;
		at += (uint64_t)put;
	}
	return at;
}

/* What their first parts begin with is most of the budget, and less than they need; each one alone is over it. */
static void sinks_with_large_parts_do_not_wait_for_one_another(void **state)
{
	enum { SINKS = 4 };
	static const size_t part = 40 << 20;
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	struct stream *streams[SINKS];
	uint64_t at[SINKS], sum = 0;
	begin(&house);
	for (size_t i = 0; i < SINKS; i++) {
		streams[i] = open_sink(&house, 0, 0);
		stream_expect(streams[i], (uint64_t)part * DEPOT_PARTS_MAX - 1);
		at[i] = write_on(streams[i], 0, DEPOT_PART_MIN);
		assert_int_equal(at[i], DEPOT_PART_MIN);
	}
	int64_t last_ms = sp_monotonic_ms();
	while (sum < SINKS * (part + 1) && sp_monotonic_ms() - last_ms < PATIENCE_MS) {
		const uint64_t before = sum;
		sum = 0;
		for (size_t i = 0; i < SINKS; i++)
			sum += at[i] = write_on(streams[i], at[i], part + 1);
		if (sum > before)
			last_ms = sp_monotonic_ms();
		turn(&house);
	}
	for (size_t i = 0; i < SINKS; i++) {
		assert_int_equal(at[i], part + 1);
		assert_int_equal(finish(&house, streams[i], &err), 0);
		stream_close(streams[i]);
	}
	assert_int_equal(storage.put_count, 2 * SINKS);
	depot_destroy(house.depot);
}

static void an_upload_is_gone_on_with_at_its_next_part(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 };
	begin(&house);
	struct stream *stream = open_sink(&house, 2, 2 * DEPOT_PART_MIN);
	assert_int_equal(stream_kept(stream), 2 * DEPOT_PART_MIN);
	write_all_to(&house, stream, 2 * DEPOT_PART_MIN, 9);
	assert_int_equal(finish(&house, stream, &err), 0);
	assert_false(stream_is_held(stream));
	assert_int_equal(storage.put_count, 1);
	assert_true(has_put("/part?3", 9));
	stream_close(stream);
	depot_destroy(house.depot);
}

static void marks_are_ends_of_parts(void **state)
{
	(void)state;
	struct house house;
	begin(&house);
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, DEPOT_PART_MIN - 1);
	assert_false(stream_may_resume_at(stream, DEPOT_PART_MIN - 1));
	write_all_to(&house, stream, DEPOT_PART_MIN - 1, 1);
	assert_true(stream_may_resume_at(stream, DEPOT_PART_MIN));
	assert_int_equal(stream_kept(stream), 0); /* nothing was sent yet */
	write_all_to(&house, stream, DEPOT_PART_MIN, 1);
	assert_false(stream_may_resume_at(stream, DEPOT_PART_MIN + 1));
	for (int turns = 0; stream_kept(stream) == 0 && turns < TURNS_MAX; turns++)
		turn(&house);
	assert_int_equal(stream_kept(stream), DEPOT_PART_MIN);
	assert_true(house.woken);
	stream_close(stream);
	depot_destroy(house.depot);
}

static void a_refusal_of_urls_is_told(void **state)
{
	(void)state;
	struct house house;
	struct sp_error err = { 0 }, why = { 0 };
	begin(&house);
	house.gives = false;
	struct stream *stream = open_sink(&house, 0, 0);
	write_all_to(&house, stream, 0, DEPOT_PART_MIN + 1);
	assert_true(house.asked);
	sp_fail(&why, SP_DENIED, "the key is not ours");
	depot_take_urls(house.depot, "ab", 3, house.part, NULL, &why);
	assert_int_equal(finish(&house, stream, &err), -1);
	assert_int_equal(err.code, SP_DENIED);
	assert_string_equal(err.message, "the key is not ours");
	stream_close(stream);
	depot_destroy(house.depot);
}

static int make_object(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&storage.lock, NULL);
	storage.object = malloc(OBJECT_SIZE);
	for (size_t i = 0; i < OBJECT_SIZE; i++)
		storage.object[i] = (uint8_t)(i * 2654435761u >> 13);
	return storage.object == NULL;
}

static int free_object(void **state)
{
	(void)state;
	return 0; /* a thread of the storage may have it still */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_read_in_order_from_anywhere),
		cmocka_unit_test(many_sources_do_not_wait_for_one_another),
		cmocka_unit_test(what_was_fetched_before_a_reset_is_not_fetched_again),
		cmocka_unit_test(what_is_said_without_end_is_not_waited_for),
		cmocka_unit_test(a_denied_url_is_asked_for_anew),
		cmocka_unit_test(one_that_is_always_denied_is_an_end_with_the_storages_word),
		cmocka_unit_test(another_object_is_noticed),
		cmocka_unit_test(other_bytes_than_were_asked_for_are_refused),
		cmocka_unit_test(what_comes_unasked_is_no_answer),
		cmocka_unit_test(a_success_before_all_was_sent_is_none),
		cmocka_unit_test(what_is_small_is_held_until_it_may_be_put),
		cmocka_unit_test(
			a_condition_that_does_not_hold_is_told_at_once_and_another_may_be_tried),
		cmocka_unit_test(a_bucket_that_is_not_there_is_no_condition),
		cmocka_unit_test(what_is_large_goes_in_parts_and_is_kept_from_the_front),
		cmocka_unit_test(parts_are_as_large_as_it_takes),
		cmocka_unit_test(what_would_need_larger_parts_than_there_are_is_refused_at_once),
		cmocka_unit_test(sinks_with_large_parts_do_not_wait_for_one_another),
		cmocka_unit_test(an_upload_is_gone_on_with_at_its_next_part),
		cmocka_unit_test(marks_are_ends_of_parts),
		cmocka_unit_test(a_refusal_of_urls_is_told),
	};
	return cmocka_run_group_tests(tests, make_object, free_object);
}
