#include "pipe_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scope.h"

struct pipe_channel {
	struct channel channel;
	int fd;
	pid_t server;
	size_t limit, expected;
};

static size_t limited(const struct pipe_channel *pipe, size_t length)
{
	return length < pipe->limit ? length : pipe->limit;
}

static ssize_t pipe_read(struct channel *channel, void *out, size_t room, struct sp_error *err)
{
	struct pipe_channel *pipe = (struct pipe_channel *)channel;
	ssize_t count = recv(pipe->fd, out, limited(pipe, room), 0);
	if (count > 0)
		return count;
	if (count == 0 || errno == ECONNRESET)
		return sp_fail(err, SP_CLOSED, "the server closed the connection");
	return errno == EAGAIN ? 0 : sp_fail_errno(err, "could not read");
}

static ssize_t pipe_write(struct channel *channel, const void *data, size_t length,
			  struct sp_error *err)
{
	struct pipe_channel *pipe = (struct pipe_channel *)channel;
	ssize_t count = send(pipe->fd, data, limited(pipe, length), MSG_NOSIGNAL);
	if (count >= 0)
		return count;
	return errno == EAGAIN ? 0 : sp_fail_errno(err, "could not write");
}

static int pipe_wait(struct channel *channel, bool want_write, int other_fd, int timeout_ms,
		     struct sp_error *err)
{
	struct pipe_channel *pipe = (struct pipe_channel *)channel;
	struct pollfd entries[] = {
		{ .fd = pipe->fd, .events = (short)(want_write ? POLLIN | POLLOUT : POLLIN) },
		{ .fd = other_fd, .events = POLLIN },
	};
	if (poll(entries, 2, timeout_ms) < 0 && errno != EINTR)
		return sp_fail_errno(err, "could not wait");
	return 0;
}

static void pipe_expect(struct channel *channel, size_t bytes)
{
	struct pipe_channel *pipe = (struct pipe_channel *)channel;
	if (bytes > pipe->expected)
		pipe->expected = bytes;
}

static void pipe_close(struct channel *channel)
{
	struct pipe_channel *pipe = (struct pipe_channel *)channel;
	close(pipe->fd);
	waitpid(pipe->server, NULL, 0);
	free(pipe);
}

static const struct channel_backend pipe_backend = {
	.read = pipe_read,
	.write = pipe_write,
	.wait = pipe_wait,
	.expect = pipe_expect,
	.close = pipe_close,
};

const char *pipe_channel_server(void)
{
	static const char *const places[] = {
		"/usr/lib/openssh/sftp-server",
		"/usr/libexec/openssh/sftp-server",
		"/usr/libexec/sftp-server",
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

_Noreturn static void run_server(int fd, const char *const *arguments, uid_t user)
{
	const char *argv[16] = { pipe_channel_server() };
	for (size_t i = 0; arguments != NULL && arguments[i] != NULL && i < 14; i++)
		argv[i + 1] = arguments[i];
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	if (user != 0 && (setgroups(0, NULL) != 0 || setgid((gid_t)user) != 0 || setuid(user) != 0))
		_exit(126);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

struct channel *pipe_channel_start(const char *const *arguments, uid_t user)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	pid_t server = fork();
	if (server < 0)
		abort();
	if (server == 0)
		run_server(ends[1], arguments, user);
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);

	struct pipe_channel *pipe = sp_alloc(sizeof(*pipe));
	pipe->channel.backend = &pipe_backend;
	pipe->fd = ends[0];
	pipe->server = server;
	pipe->limit = SIZE_MAX;
	return &pipe->channel;
}

void pipe_channel_limit(struct channel *channel, size_t bytes)
{
	((struct pipe_channel *)channel)->limit = bytes;
}

size_t pipe_channel_expected(const struct channel *channel)
{
	return ((const struct pipe_channel *)channel)->expected;
}
