#include "ipc/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Aligned as the kernel wants it, with room for as many descriptors as one message may bring. */
union control {
	char bytes[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	struct cmsghdr header;
};

int ipc_pair(int out_fds[2], struct sp_error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, out_fds) == -1)
		return sp_fail_errno(err, "could not create a socket pair");
	return 0;
}

int ipc_send(int fd, const void *message, size_t length, const int *fds, size_t fd_count,
	     struct sp_error *err)
{
	if (length == 0) /* the other end would take it for the end */
		return sp_fail(err, SP_INVALID, "cannot send an empty message");
	if (length > IPC_MESSAGE_MAX || fd_count > IPC_FDS_MAX)
		return sp_fail(err, SP_LIMIT,
			       "cannot send a message of %zu bytes and %zu descriptors: "
			       "%d and %d are the limit",
			       length, fd_count, IPC_MESSAGE_MAX, IPC_FDS_MAX);

	struct iovec bytes = { .iov_base = (void *)(uintptr_t)message, .iov_len = length };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	union control control = { 0 };
	if (fd_count != 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		assert(rights != NULL); /* there is room for it */
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
	}

	ssize_t sent;
	do
		sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	if (sent != -1)
		return IPC_DONE;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return IPC_AGAIN;
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return IPC_ENDED;
	bool busy = errno == ETOOMANYREFS; /* other processes have yet to receive theirs */
	int failed = sp_fail_errno(err, "could not send a message");
	return busy ? IPC_BUSY : failed;
}

/* The kernel may hand descriptors over in several pieces; all of them are ours to close. */
static size_t collect_descriptors(struct msghdr *header, int fds[IPC_FDS_MAX])
{
	size_t count = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
	     part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds + count, CMSG_DATA(part), here * sizeof(int));
		count += here;
	}
	return count;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

int ipc_receive(int fd, void *message, size_t *out_length, int fds[IPC_FDS_MAX],
		size_t *out_fd_count, struct sp_error *err)
{
	struct iovec bytes = { .iov_base = message, .iov_len = IPC_MESSAGE_MAX };
	union control control;
	struct msghdr header = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	*out_length = 0;
	*out_fd_count = 0;

	ssize_t received;
	do
		received = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (received == -1 && errno == EINTR);
	if (received == -1) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return IPC_AGAIN;
		if (errno == ECONNRESET) /* it went away with messages of ours unread */
			return IPC_ENDED;
		return sp_fail_errno(err, "could not receive a message");
	}

	size_t count = collect_descriptors(&header, fds);
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		close_all(fds, count);
		return sp_fail(err, SP_PROTOCOL, "cannot take a message: %s",
			       (header.msg_flags & MSG_TRUNC) != 0
				       ? "it is too long"
				       : "its descriptors were cut off");
	}
	if (received == 0) {
		close_all(fds, count);
		return IPC_ENDED;
	}
	*out_length = (size_t)received;
	*out_fd_count = count;
	return IPC_DONE;
}
