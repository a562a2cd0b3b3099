/*
 * sallyport-worker: speaks SSH and SFTP for one connector. Started by sallyportd, with the control socket as descriptor
 * 3 and the connector's lock file as descriptor 4; what it says on standard error goes through a pipe to the daemon, which
 * logs it. Before it hears of anything it enters its sandbox, where there are no files and no sockets but those that it is
 * handed.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "remote/transport.h"
#include "streams/wire.h"
#include "worker/desk.h"
#include "worker/limits.h"
#include "worker/sandbox.h"

enum {
	CONTROL_FD = 3,
	LOCK_FD = 4,
	LOCK_RETRY_MS = 20,
};

/* Secrets are in here: no core file, no look from a process of the same user, and no life after the daemon's. */
static int harden(struct sp_error *err)
{
	signal(SIGPIPE, SIG_IGN);
	if (limits_set(err) != 0)
		return -1;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		return sp_fail_errno(err, "could not shut the worker off");
	return 0;
}

/* Holding the lock proves that an earlier worker of this connector is gone, with all that it had at the server's door.
 * Kept until the process ends. Not taken when the daemon goes away meanwhile. */
static int take_lock(bool *out_taken, struct sp_error *err)
{
	*out_taken = false;
	while (flock(LOCK_FD, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return sp_fail_errno(err, "could not lock the connector");
		struct pollfd wait = { .fd = CONTROL_FD };
		if (poll(&wait, 1, LOCK_RETRY_MS) > 0)
			return 0;
	}
	*out_taken = true;
	return 0;
}

static int work(bool test, struct sp_error *err)
{
	if (harden(err) != 0 || transport_init(err) != 0)
		return -1;
	wire_prepare();
	bool ours = test;
	if (!test && take_lock(&ours, err) != 0)
		return -1;
	if (!ours)
		return 0;

	struct desk *desk;
	if (desk_open(CONTROL_FD, test, &desk, err) != 0 ||
	    sandbox_enter(CONTROL_FD, test ? CONTROL_FD + 1 : LOCK_FD + 1, err) != 0)
		return -1;
	int result = desk_run(desk, err);
	desk_wipe(desk);
	return result;
}

int main(int argc, char **argv)
{
	bool test = argc == 2 && strcmp(argv[1], "--test") == 0;
	if (argc != 1 && !test) {
		fprintf(stderr, "usage: sallyport-worker [--test]\n"
				"sallyportd starts this program; it is of no use by itself\n");
		return 2;
	}
	sp_log_init("sallyport-worker", SP_LOG_INFO);
	struct sp_error err = { 0 };
	int result = work(test, &err);
	if (result != 0)
		sp_log(SP_LOG_ERROR, "%s", err.message);
	/* Other threads may be stuck in a disk or a handshake: nobody waits for them. */
	_exit(result == 0 ? 0 : 1);
}
