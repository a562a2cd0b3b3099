#include "netd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "netd/confine.h"
#include "netd/probe.h"
#include "netd/serve.h"

enum { SYSTEMD_FD = 3 /* sd_listen_fds(3) */ };

static int find_user(const char *name, uid_t *out, struct sp_error *err)
{
	errno = 0;
	const struct passwd *entry = getpwnam(name);
	if (entry == NULL && errno != 0)
		return sp_fail_errno(err, "could not look up the user \"%s\"", name);
	if (entry == NULL)
		return sp_fail(err, SP_NOT_FOUND, "cannot serve \"%s\": there is no such user",
			       name);
	*out = entry->pw_uid;
	return 0;
}

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static int take_socket(int *out, struct sp_error *err)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t number;
	if (pid == NULL || !sp_text_to_u64(pid, 1, INT32_MAX, &number) ||
	    (pid_t)number != getpid() || !sp_text_equal(count, "1"))
		return sp_fail(err, SP_INVALID,
			       "cannot serve without the one socket that systemd opens "
			       "(sallyport-netd.socket)");
	if (socket_option(SYSTEMD_FD, SO_DOMAIN) != AF_UNIX ||
	    socket_option(SYSTEMD_FD, SO_TYPE) != SOCK_SEQPACKET ||
	    socket_option(SYSTEMD_FD, SO_ACCEPTCONN) != 1)
		return sp_fail(err, SP_INVALID,
			       "cannot serve on a socket that is not ListenSequentialPacket=");
	if (fcntl(SYSTEMD_FD, F_SETFD, FD_CLOEXEC) == -1)
		return sp_fail_errno(err, "could not prepare the socket");
	*out = SYSTEMD_FD;
	return 0;
}

static bool is_welcome(int fd, uid_t user)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return false;
	if (peer.uid == user)
		return true;
	sp_log(SP_LOG_WARNING, "sent process %d of uid %u away: only uid %u is served",
	       (int)peer.pid, (unsigned)peer.uid, (unsigned)user);
	return false;
}

/* Whether networks can be made is tried once; why they cannot be, each time anew: it may have changed. */
static void serve_peer(struct maker *maker, int fd, bool *is_proven)
{
	struct sp_error err = { 0 };
	*is_proven = *is_proven || probe(&maker->namespaces, &err) == 0;
	if (!*is_proven) {
		sp_wrap(&err, "cannot make networks here");
		serve_refusal(fd, &err);
	}
	if (!*is_proven || serve(maker, fd, false, &err) != 0)
		sp_log(SP_LOG_ERROR, "%s", err.message);
}

static int serve_next(struct maker *maker, int listener, uid_t user, bool *is_proven,
		      struct sp_error *err)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	if (poll(&wait, 1, -1) == -1 && errno != EINTR)
		return sp_fail_errno(err, "could not wait for a daemon");
	SP_AUTO_FD fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return 0;
	if (fd == -1)
		return sp_fail_errno(err, "could not accept a daemon");
	if (is_welcome(fd, user))
		serve_peer(maker, fd, is_proven);
	return 0;
}

int listen_for(const char *user, bool leads_to_host, struct sp_error *err)
{
	uid_t uid;
	int listener;
	if (find_user(user, &uid, err) != 0 || take_socket(&listener, err) != 0 ||
	    confine(err) != 0)
		return -1;
	struct maker maker;
	bool is_proven = false;
	int result = maker_open(&maker, NULL, leads_to_host, err);
	while (result == 0)
		result = serve_next(&maker, listener, uid, &is_proven, err);
	maker_close(&maker);
	return result;
}
