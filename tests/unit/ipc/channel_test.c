#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capabilities.h"
#include "base/scope.h"
#include "ipc/channel.h"

struct ends {
	int a, b;
};

static struct ends open_pair(void)
{
	int fds[2];
	struct sp_error err = { 0 };
	assert_int_equal(ipc_pair(fds, &err), 0);
	return (struct ends){ fds[0], fds[1] };
}

static void close_pair(struct ends *ends)
{
	sp_close_fd(&ends->a);
	sp_close_fd(&ends->b);
}

static int count_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void both_ends_are_non_blocking_and_close_on_exec(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	int fds[] = { ends.a, ends.b };
	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
	}
	close_pair(&ends);
}

static void messages_arrive_whole_and_in_order(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	static char in[IPC_MESSAGE_MAX];
	static char big[IPC_MESSAGE_MAX];
	memset(big, 'x', sizeof(big));
	size_t length, fd_count;
	int fds[IPC_FDS_MAX];

	assert_int_equal(ipc_receive(ends.b, in, &length, fds, &fd_count, &err), IPC_AGAIN);
	assert_int_equal(ipc_send(ends.a, "one", 3, NULL, 0, &err), IPC_DONE);
	assert_int_equal(ipc_send(ends.a, big, sizeof(big), NULL, 0, &err), IPC_DONE);
	assert_int_equal(ipc_receive(ends.b, in, &length, fds, &fd_count, &err), IPC_DONE);
	assert_int_equal(length, 3);
	assert_memory_equal(in, "one", 3);
	assert_int_equal(ipc_receive(ends.b, in, &length, fds, &fd_count, &err), IPC_DONE);
	assert_int_equal(length, sizeof(big));
	assert_memory_equal(in, big, sizeof(big));
	assert_int_equal(fd_count, 0);
	close_pair(&ends);
}

static void descriptors_pass_as_copies_that_close_on_exec(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	int out[IPC_FDS_MAX];
	int in[IPC_FDS_MAX];
	for (int i = 0; i < IPC_FDS_MAX; i++)
		out[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(ipc_send(ends.a, "x", 1, out, IPC_FDS_MAX, &err), IPC_DONE);
	char message[IPC_MESSAGE_MAX];
	size_t length, fd_count;
	assert_int_equal(ipc_receive(ends.b, message, &length, in, &fd_count, &err), IPC_DONE);
	assert_int_equal(fd_count, IPC_FDS_MAX);
	struct stat expected, got;
	assert_int_equal(stat("/dev/null", &expected), 0);
	for (int i = 0; i < IPC_FDS_MAX; i++) {
		assert_int_not_equal(in[i], out[i]);
		assert_int_equal(fstat(in[i], &got), 0);
		assert_int_equal(got.st_rdev, expected.st_rdev);
		assert_true(fcntl(in[i], F_GETFD) & FD_CLOEXEC);
		close(in[i]);
		close(out[i]);
	}
	close_pair(&ends);
}

/* Sends as someone else would who does not use our room. */
static void send_raw(int fd, size_t length, const int *fds, size_t fd_count)
{
	char *bytes = calloc(1, length + 1);
	struct iovec part = { bytes, length };
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 64)];
		struct cmsghdr header;
	} control = { 0 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd_count != 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
	}
	assert_int_equal(sendmsg(fd, &header, 0), (ssize_t)length);
	free(bytes);
}

static void refuses_what_is_too_much_and_leaves_no_descriptor_open(void **state)
{
	(void)state;
	static const struct {
		size_t length, fd_count;
	} rows[] = { { 1, IPC_FDS_MAX + 1 },
		     { 1, 40 },
		     { IPC_MESSAGE_MAX + 1, 0 },
		     { IPC_MESSAGE_MAX + 1, 3 } };
	struct ends ends = open_pair();
	int out[40];
	for (int i = 0; i < 40; i++)
		out[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = count_descriptors();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sp_error err = { 0 };
		static char message[IPC_MESSAGE_MAX];
		int in[IPC_FDS_MAX];
		size_t length, fd_count;
		send_raw(ends.a, rows[i].length, out, rows[i].fd_count);
		assert_int_equal(ipc_receive(ends.b, message, &length, in, &fd_count, &err), -1);
		assert_int_equal(err.code, SP_PROTOCOL);
		assert_int_equal(fd_count, 0);
		assert_int_equal(count_descriptors(), before);
	}
	for (int i = 0; i < 40; i++)
		close(out[i]);
	close_pair(&ends);
}

static void refuses_to_send_nothing_or_too_much(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	static char big[IPC_MESSAGE_MAX + 1];
	int fds[IPC_FDS_MAX + 1] = { 0 };
	assert_int_equal(ipc_send(ends.a, big, 0, NULL, 0, &err), -1);
	assert_int_equal(err.code, SP_INVALID);
	assert_int_equal(ipc_send(ends.a, big, sizeof(big), NULL, 0, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_int_equal(ipc_send(ends.a, big, 1, fds, IPC_FDS_MAX + 1, &err), -1);
	assert_int_equal(err.code, SP_LIMIT);
	assert_int_equal(ipc_receive(ends.b, big, &(size_t){ 0 }, fds, &(size_t){ 0 }, &err),
			 IPC_AGAIN);
	close_pair(&ends);
}

static void a_full_socket_says_again_until_there_is_room(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	char message[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX];
	size_t length, fd_count;
	int sent = 0;
	int result;
	while ((result = ipc_send(ends.a, "fill", 4, NULL, 0, &err)) == IPC_DONE)
		sent++;
	assert_int_equal(result, IPC_AGAIN);
	assert_true(sent > 0);
	for (int i = 0; i < sent; i++)
		assert_int_equal(ipc_receive(ends.b, message, &length, fds, &fd_count, &err),
				 IPC_DONE);
	assert_int_equal(ipc_receive(ends.b, message, &length, fds, &fd_count, &err), IPC_AGAIN);
	assert_int_equal(ipc_send(ends.a, "fill", 4, NULL, 0, &err), IPC_DONE);
	close_pair(&ends);
}

/* Without what exempts root, and with few descriptors: as many may travel as may be open. */
static bool is_told_to_wait(void)
{
	enum { DESCRIPTORS = 512 };
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	static char message[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX];
	size_t length, fd_count;
	const struct rlimit limit = { DESCRIPTORS, DESCRIPTORS };
	for (int i = 0; i < IPC_FDS_MAX; i++)
		fds[i] = ends.a;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || sp_capabilities_keep(NULL, 0, &err) != 0)
		return false;
	int result, sent = 0;
	while ((result = ipc_send(ends.a, "x", 1, fds, IPC_FDS_MAX, &err)) == IPC_DONE)
		sent++;
	bool plain_goes = ipc_send(ends.a, "x", 1, NULL, 0, &err) == IPC_DONE;
	for (int i = 0; i < sent; i++) {
		if (ipc_receive(ends.b, message, &length, fds, &fd_count, &err) != IPC_DONE)
			return false;
		for (size_t at = 0; at < fd_count; at++)
			close(fds[at]);
	}
	fds[0] = ends.a;
	return result == IPC_BUSY && plain_goes &&
	       ipc_send(ends.a, "x", 1, fds, 1, &err) == IPC_DONE;
}

static void as_many_descriptors_as_may_travel_are_no_failure(void **state)
{
	(void)state;
	enum { EXIT_GOOD = 17, EXIT_BAD = 18 };
	pid_t child = fork();
	if (child == 0)
		_exit(is_told_to_wait() ? EXIT_GOOD : EXIT_BAD);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, W_EXITCODE(EXIT_GOOD, 0));
}

static void what_was_sent_before_the_end_still_arrives(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	char message[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX];
	size_t length, fd_count;
	assert_int_equal(ipc_send(ends.a, "last", 4, NULL, 0, &err), IPC_DONE);
	sp_close_fd(&ends.a);
	assert_int_equal(ipc_receive(ends.b, message, &length, fds, &fd_count, &err), IPC_DONE);
	assert_int_equal(ipc_receive(ends.b, message, &length, fds, &fd_count, &err), IPC_ENDED);
	assert_int_equal(ipc_send(ends.b, "x", 1, NULL, 0, &err), IPC_ENDED);
	close_pair(&ends);
}

static void an_end_that_left_messages_unread_is_an_end(void **state)
{
	(void)state;
	struct ends ends = open_pair();
	struct sp_error err = { 0 };
	char message[IPC_MESSAGE_MAX];
	int fds[IPC_FDS_MAX];
	size_t length, fd_count;
	assert_int_equal(ipc_send(ends.b, "unread", 6, NULL, 0, &err), IPC_DONE);
	sp_close_fd(&ends.a);
	assert_int_equal(ipc_receive(ends.b, message, &length, fds, &fd_count, &err), IPC_ENDED);
	close_pair(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_are_non_blocking_and_close_on_exec),
		cmocka_unit_test(messages_arrive_whole_and_in_order),
		cmocka_unit_test(descriptors_pass_as_copies_that_close_on_exec),
		cmocka_unit_test(refuses_what_is_too_much_and_leaves_no_descriptor_open),
		cmocka_unit_test(refuses_to_send_nothing_or_too_much),
		cmocka_unit_test(a_full_socket_says_again_until_there_is_room),
		cmocka_unit_test(as_many_descriptors_as_may_travel_are_no_failure),
		cmocka_unit_test(what_was_sent_before_the_end_still_arrives),
		cmocka_unit_test(an_end_that_left_messages_unread_is_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
