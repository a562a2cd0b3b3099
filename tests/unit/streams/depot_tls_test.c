/* A depot whose storage takes connections and then says nothing: TLS is never agreed on. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "streams/depot.h"
#include "streams/wire.h"

#define ORIGIN "https://storage:1"

enum { TURN_MS = 40, TURNS = 5, TURNS_MAX = 250 };

/* Of nobody; it is trusted, and never seen. */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBbjCCAROgAwIBAgIUVphz074nxtdgO7tLWe56aId5BuMwCgYIKoZIzj0EAwIw\n"
	"DDEKMAgGA1UEAwwBYTAeFw0yNjEyMDEwMzAyMzlaFw0yNjEyMDMwMzAyMzlaMAwx\n"
	"CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQUrGro/F9rYi/p\n"
	"Az4t61rinbB+oToGLSJmSXt86765MXcbXpmdSNdmgXLAiNRWdxVH5CkTlHR4rAt8\n"
	"FxZwI52To1MwUTAdBgNVHQ4EFgQUvEEXSmX3AH+EWClaTtuw5n0GlCIwHwYDVR0j\n"
	"BBgwFoAUvEEXSmX3AH+EWClaTtuw5n0GlCIwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"
	"hkjOPQQDAgNJADBGAiEA3bSXL26F4vblkBdI0FiDQ/G29oknwG+XxeGWpFZcpVsC\n"
	"IQDPfpGfiI0fX/mnBrQ12S5AmdWfqzORTJweGSxHzs2pWQ==\n"
	"-----END CERTIFICATE-----\n";

struct house {
	struct depot *depot;
	uint32_t wanted;
};

static void need_socket(void *ctx, uint32_t request, const char *origin)
{
	struct house *house = ctx;
	assert_string_equal(origin, ORIGIN);
	house->wanted = request;
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

static int file_of(const char *text)
{
	int fd = memfd_create("certificates", MFD_CLOEXEC);
	size_t length = strlen(text);
	assert_int_equal(write(fd, text, length), length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void begin(struct house *house)
{
	const struct depot_door door = { .ctx = house,
					 .need_socket = need_socket,
					 .need_urls = need_urls,
					 .stall_ms = DEPOT_STALL_MS };
	*house = (struct house){ 0 };
	depot_create(&door, &house->depot);
}

static int read_some(struct stream *stream, struct sp_error *err)
{
	char bytes[10];
	return (int)stream_read(stream, 0, bytes, sizeof(bytes), err);
}

/* A source that wants a connection and gets one. @out_end: the storage's end of it. */
static struct stream *open_source(struct house *house, int *out_end)
{
	const struct stream_place place = {
		.file_id = "ab", .attempt = 1, .url = ORIGIN "/object", .etag = "\"e\"", .end = 10
	};
	struct sp_error err = { 0 };
	int pair[2];
	struct stream *stream = stream_open_source(house->depot, &place);
	stream_on_wake(stream, woke, NULL);
	assert_int_equal(read_some(stream, &err), STREAM_LATER);
	depot_turn(house->depot, -1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	depot_take_socket(house->depot, house->wanted, pair[0]);
	*out_end = pair[1];
	return stream;
}

static void expect_hello(struct house *house, int end)
{
	char first = 0;
	for (int i = 0; i < TURNS_MAX && recv(end, &first, 1, MSG_PEEK) != 1; i++)
		depot_turn(house->depot, -1, TURN_MS);
	assert_int_equal(first, 22); /* of a handshake */
}

static void who_waits_for_tls_to_be_agreed_on_sleeps(void **state)
{
	(void)state;
	struct house house;
	int end;
	begin(&house);
	depot_take_ca(house.depot, ORIGIN, file_of(certificate));
	struct stream *stream = open_source(&house, &end);
	expect_hello(&house, end);
	int64_t began_ms = sp_monotonic_ms();
	for (int i = 0; i < TURNS; i++)
		depot_turn(house.depot, -1, TURN_MS);
	assert_true(sp_monotonic_ms() - began_ms >= TURNS * TURN_MS - TURNS);
	stream_close(stream);
	depot_destroy(house.depot);
	close(end);
}

static void expect_no_trust(struct house *house, const char *why)
{
	struct sp_error err = { 0 };
	int end;
	struct stream *stream = open_source(house, &end);
	assert_int_equal(read_some(stream, &err), -1);
	assert_int_equal(err.code, SP_UNTRUSTED);
	assert_non_null(strstr(err.message, why));
	stream_close(stream);
	close(end);
}

/* What is said of it at last is what was wrong with the file that came last. */
static void certificates_that_were_replaced_count_for_new_connections(void **state)
{
	(void)state;
	struct house house;
	int end;
	begin(&house);
	expect_no_trust(&house, "no certificates are known");
	depot_take_ca(house.depot, ORIGIN, file_of("none\n"));
	expect_no_trust(&house, "there is no certificate in the file");
	depot_take_ca(house.depot, ORIGIN, file_of(certificate));
	struct stream *stream = open_source(&house, &end);
	expect_hello(&house, end);
	depot_take_ca(house.depot, ORIGIN, file_of(certificate));
	depot_take_ca(house.depot, ORIGIN, file_of(""));
	depot_turn(house.depot, -1, 0); /* the connection that is there goes on */
	stream_close(stream);
	close(end);
	expect_no_trust(&house, "there is no certificate in the file");
	depot_destroy(house.depot);
}

int main(void)
{
	wire_prepare();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_for_tls_to_be_agreed_on_sleeps),
		cmocka_unit_test(certificates_that_were_replaced_count_for_new_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
