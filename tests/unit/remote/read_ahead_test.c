#include "test.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/read_ahead.h"

enum { PIECE = 4096, PIECES = 8 };

/* [0] is the transport's, [1] the server's; [2] and [3] are a pair that no transport has. */
struct ground {
	int ends[4];
	struct read_ahead ahead;
};

static int set_up(void **state)
{
	struct ground *ground = sp_alloc(sizeof(*ground));
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ground->ends));
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ground->ends + 2));
	ground->ahead.fd = ground->ends[0];
	read_ahead_enter(&ground->ahead);
	*state = ground;
	return 0;
}

static int tear_down(void **state)
{
	struct ground *ground = *state;
	read_ahead_enter(NULL);
	for (size_t i = 0; i < SP_COUNT_OF(ground->ends); i++)
		sp_close_fd(&ground->ends[i]);
	free(ground);
	return 0;
}

/** PIECES pieces, each of a letter of its own. */
static void send_pieces(int fd)
{
	char piece[PIECE];
	for (int i = 0; i < PIECES; i++) {
		memset(piece, 'a' + i, sizeof(piece));
		assert_int_equal(PIECE, send(fd, piece, sizeof(piece), 0));
	}
}

static void assert_piece(int fd, char letter)
{
	char piece[PIECE];
	assert_int_equal(PIECE, recv(fd, piece, sizeof(piece), 0));
	for (size_t i = 0; i < sizeof(piece); i++)
		assert_int_equal(letter, piece[i]);
}

static void small_receives_are_served_in_order_from_a_large_one(void **state)
{
	struct ground *ground = *state;
	send_pieces(ground->ends[1]);
	for (int i = 0; i < PIECES; i++) {
		assert_piece(ground->ends[0], (char)('a' + i));
		assert_int_equal((PIECES - i - 1) * PIECE, ground->ahead.end - ground->ahead.first);
	}
	char byte;
	assert_int_equal(-1, recv(ground->ends[0], &byte, 1, 0));
}

static void bytes_in_the_buffer_make_the_socket_ready(void **state)
{
	struct ground *ground = *state;
	send_pieces(ground->ends[1]);
	assert_piece(ground->ends[0], 'a');

	struct pollfd fds[] = { { .fd = ground->ends[0], .events = POLLIN },
				{ .fd = ground->ends[2], .events = POLLIN } };
	assert_int_equal(1, poll(fds, 1, -1));
	assert_int_equal(POLLIN, fds[0].revents);
	assert_int_equal(1, poll(fds, 2, -1));
	assert_int_equal(0, fds[1].revents);
	assert_int_equal(1, send(ground->ends[3], "x", 1, 0));
	assert_int_equal(2, poll(fds, 2, -1));
	fds[0].events = POLLIN | POLLOUT;
	assert_int_equal(2, poll(fds, 2, -1));
	assert_int_equal(POLLIN | POLLOUT, fds[0].revents);
	assert_int_equal(1, poll(fds, 1, -1));
	assert_int_equal(POLLIN, fds[0].revents); /* without a look at the socket */
	fds[0].events = POLLOUT;
	assert_int_equal(1, poll(fds, 1, -1));
	assert_int_equal(POLLOUT, fds[0].revents);
}

static void an_empty_buffer_leaves_the_answer_to_the_kernel(void **state)
{
	struct ground *ground = *state;
	struct pollfd entry = { .fd = ground->ends[0], .events = POLLIN };
	assert_int_equal(0, poll(&entry, 1, 0));
	assert_int_equal(0, poll(&entry, 1, 1));
	sp_close_fd(&ground->ends[1]);
	assert_int_equal(1, poll(&entry, 1, -1));
	char byte;
	assert_int_equal(0, recv(ground->ends[0], &byte, 1, 0));
}

static void what_came_before_the_end_is_not_lost(void **state)
{
	struct ground *ground = *state;
	send_pieces(ground->ends[1]);
	sp_close_fd(&ground->ends[1]);
	for (int i = 0; i < PIECES; i++)
		assert_piece(ground->ends[0], (char)('a' + i));
	char byte;
	assert_int_equal(0, recv(ground->ends[0], &byte, 1, 0));
}

static void other_sockets_and_other_flags_are_the_kernels(void **state)
{
	struct ground *ground = *state;
	char byte;
	send_pieces(ground->ends[3]);
	assert_piece(ground->ends[2], 'a');
	assert_int_equal(0, ground->ahead.end);
	send_pieces(ground->ends[1]);
	assert_int_equal(1, recv(ground->ends[0], &byte, 1, MSG_PEEK));
	assert_int_equal(0, ground->ahead.end);
	read_ahead_enter(NULL);
	assert_piece(ground->ends[0], 'a');
	assert_int_equal(0, ground->ahead.end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(small_receives_are_served_in_order_from_a_large_one,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(bytes_in_the_buffer_make_the_socket_ready, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_empty_buffer_leaves_the_answer_to_the_kernel,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_came_before_the_end_is_not_lost, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_sockets_and_other_flags_are_the_kernels,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
