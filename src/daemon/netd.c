#include "daemon/netd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "daemon/process.h"
#include "ipc/channel.h"
#include "loop/spawn.h"

enum { FIRST_HANDED = 3 /* the child's number for the first descriptor that it is handed */ };

static int start(struct netd *netd, struct sp_error *err)
{
	int pair[2];
	char number[16];
	if (ipc_pair(pair, err) != 0)
		return -1;
	SP_AUTO_FD ours = pair[0];
	SP_AUTO_FD theirs = pair[1];
	snprintf(number, sizeof(number), "%d", FIRST_HANDED);
	char *const argv[] = { netd->path, (char *)"--supervise", number,
			       netd->internet ? (char *)"--internet" : NULL, NULL };
	char *const environment[] = { (char *)"LC_ALL=C",
				      (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	if (spawn_program(argv, environment, STDERR_FILENO, &theirs, 1, &netd->pid, err) != 0)
		return -1;
	return sp_take_fd(&ours);
}

void netd_start(struct netd *netd, const struct settings *settings)
{
	*netd = (struct netd){ .fd = -1, .internet = settings->network_internet };
	if (settings->netd_socket != NULL)
		return;
	if (strcmp(settings->network_provider, "host") == 0) {
		sp_fail(&netd->why, SP_UNSUPPORTED,
			"sallyport-netd was not started, because network.provider is \"host\"");
		return;
	}
	if (process_find_program("sallyport-netd", "/../netd", settings->netd_path, "netd.path",
				 &netd->path, &netd->why) != 0) {
		sp_log(SP_LOG_WARNING, "no networks of kernel namespaces can be made: %s",
		       netd->why.message);
		return;
	}
	netd->has_rights = geteuid() == 0 && settings->user != NULL;
	netd->fd = start(netd, &netd->why);
}

static void ended(void *ctx, pid_t pid, int wait_status)
{
	struct netd *netd = ctx;
	(void)wait_status; /* its socket has told that it is gone */
	if (netd->pid == pid)
		netd->pid = 0;
}

void netd_watch(struct netd *netd, struct loop *loop)
{
	netd->loop = loop;
	if (netd->pid != 0)
		loop_watch_child(loop, netd->pid, ended, netd);
}

int netd_respawn(void *ctx, struct sp_error *err)
{
	struct netd *netd = ctx;
	/* An ordinary user's would find networks that it may not touch. */
	if (netd->has_rights && geteuid() != 0)
		return sp_fail(err, SP_DENIED,
			       "sallyport-netd has ended, and only root can start another: start "
			       "sallyportd anew");
	int fd = start(netd, err);
	if (fd != -1)
		loop_watch_child(netd->loop, netd->pid, ended, netd);
	return fd;
}

void netd_finish(struct netd *netd)
{
	sp_close_fd(&netd->fd);
	free(netd->path);
	*netd = (struct netd){ .fd = -1 };
}
