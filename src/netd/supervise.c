#include "netd/supervise.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "netd/confine.h"
#include "netd/probe.h"
#include "netd/serve.h"
#include "netd/user_namespace.h"

enum {
	EXIT_SERVED = 0,
	EXIT_FAILED = 1,
	EXIT_CANNOT = 2, /* and no other process could */
	WHY_SIZE = 256,
	SHORT_LIFE_MS = 1000, /* one that dies so soon is not followed at once by the next */
};

/* What a working process may do. */
struct rights {
	const char *why_no_uplinks; /* NULL: it may use them */
	bool leads_to_host;
};

/* ---- the working process --------------------------------------------------------------------------------------- */

/* The first one looks whether anything can be made here; those after it need not. */
static int prepare(struct maker *maker, const struct rights *rights, bool is_successor,
		   struct sp_error *err)
{
	if (maker_open(maker, rights->why_no_uplinks, rights->leads_to_host, err) != 0)
		return -1;
	return is_successor ? 0 : probe(&maker->namespaces, err);
}

static int work(int fd, const struct rights *rights, bool is_successor)
{
	struct maker maker;
	struct sp_error err = { 0 };
	int status = EXIT_SERVED;
	if (prepare(&maker, rights, is_successor, &err) != 0) {
		sp_wrap(&err, "cannot make networks here");
		serve_refusal(fd, &err);
		status = EXIT_CANNOT;
	} else if (serve(&maker, fd, is_successor, &err) != 0) {
		status = EXIT_FAILED;
	}
	if (status != EXIT_SERVED)
		sp_log(SP_LOG_ERROR, "%s", err.message);
	maker_close(&maker);
	return status;
}

/* ---- the one that stays ---------------------------------------------------------------------------------------- */

static pid_t start(int fd, const struct rights *rights, bool is_successor)
{
	pid_t parent = getpid();
	pid_t child = fork();
	if (child != 0)
		return child;
	/* Two that work on the same networks must never be: it goes with the one that watches it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(EXIT_FAILED);
	_exit(work(fd, rights, is_successor));
}

static bool is_peer_gone(int fd, int wait_ms)
{
	struct pollfd look = { .fd = fd };
	return poll(&look, 1, wait_ms) == 1;
}

static void tell_death(int status)
{
	if (WIFSIGNALED(status))
		sp_log(SP_LOG_WARNING,
		       "the working process was ended by signal %d (%s), starting another",
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		sp_log(SP_LOG_WARNING, "the working process ended with %d, starting another",
		       WEXITSTATUS(status));
}

static int watch(int fd, const struct rights *rights, struct sp_error *err)
{
	for (bool is_successor = false;; is_successor = true) {
		int64_t started_ms = sp_monotonic_ms();
		pid_t child = start(fd, rights, is_successor);
		if (child == -1)
			return sp_fail_errno(err, "could not fork");
		int status;
		while (waitpid(child, &status, 0) == -1)
			if (errno != EINTR)
				return sp_fail_errno(err, "could not wait for the working process");
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SERVED)
			return 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CANNOT)
			return sp_fail(err, SP_UNSUPPORTED, "cannot serve on this host");
		bool died_soon = sp_monotonic_ms() - started_ms < SHORT_LIFE_MS;
		if (is_peer_gone(fd, died_soon && is_successor ? SHORT_LIFE_MS : 0))
			return 0;
		tell_death(status);
	}
}

/* Why it cannot be done is for the daemon's ears first. */
static int refuse(int fd, struct sp_error *err)
{
	sp_wrap(err, "cannot make networks here");
	serve_refusal(fd, err);
	return -1;
}

int supervise(int fd, bool leads_to_host, struct sp_error *err)
{
	char why[WHY_SIZE] = "";
	if (!confine_may_make_networks()) {
		snprintf(why, sizeof(why),
			 "sallyport-netd was started by an ordinary user (uid %u) and makes "
			 "networks in a "
			 "user namespace, where this host's interfaces are not",
			 (unsigned)geteuid());
		if (user_namespace_enter(err) != 0)
			return refuse(fd, err);
	}
	if (confine(err) != 0)
		return refuse(fd, err);
	const struct rights rights = { .why_no_uplinks = why[0] == '\0' ? NULL : why,
				       .leads_to_host = leads_to_host };
	return watch(fd, &rights, err);
}
