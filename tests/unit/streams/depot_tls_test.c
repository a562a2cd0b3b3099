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

enum { TURN_MS = 40, TURNS = 5 };

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

static int certificate_file(void)
{
	int fd = memfd_create("certificate", MFD_CLOEXEC);
	size_t length = strlen(certificate);
	assert_int_equal(write(fd, certificate, length), length);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void who_waits_for_tls_to_be_agreed_on_sleeps(void **state)
{
	(void)state;
	struct house house = { 0 };
	const struct depot_door door = { .ctx = &house,
					 .need_socket = need_socket,
					 .need_urls = need_urls,
					 .stall_ms = DEPOT_STALL_MS };
	const struct stream_place place = {
		.file_id = "ab", .attempt = 1, .url = ORIGIN "/object", .etag = "\"e\"", .end = 10
	};
	struct depot *depot;
	struct sp_error err = { 0 };
	char bytes[10];
	int pair[2];
	depot_create(&door, &depot);
	depot_take_ca(depot, ORIGIN, certificate_file());
	struct stream *stream = stream_open_source(depot, &place);
	stream_on_wake(stream, woke, NULL);
	assert_int_equal(stream_read(stream, 0, bytes, sizeof(bytes), &err), STREAM_LATER);
	depot_turn(depot, -1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	depot_take_socket(depot, house.wanted, pair[0]);

	int hello = 0;
	while (hello == 0) {
		depot_turn(depot, -1, TURN_MS);
		hello = (int)recv(pair[1], bytes, 1, MSG_PEEK) > 0;
	}
	assert_int_equal(bytes[0], 22); /* a handshake has begun, and the other side lets it wait */
	int64_t began_ms = sp_monotonic_ms();
	for (int i = 0; i < TURNS; i++)
		depot_turn(depot, -1, TURN_MS);
	assert_true(sp_monotonic_ms() - began_ms >= TURNS * TURN_MS - TURNS);
	stream_close(stream);
	depot_destroy(depot);
	close(pair[1]);
}

int main(void)
{
	wire_prepare();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_for_tls_to_be_agreed_on_sleeps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
