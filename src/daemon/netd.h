#pragma once
/** Starting sallyport-netd, or knowing why there is none. */

#include "base/error.h"
#include "config/settings.h"
#include "loop/loop.h"

struct netd {
	char *path;        /* of the program; NULL: it is not to be started by us */
	pid_t pid;         /* the one that runs; 0: none */
	int fd;            /* our end of its socket, until somebody takes it; -1: none */
	struct loop *loop; /* NULL before netd_watch() */
	bool internet;     /* it may lead VPCs to this host */
	bool has_rights;   /* it was started as root, and we have become somebody else since */
	struct sp_error
		why; /* code SP_OK when there is one, or netd.socket says where one listens */
};

/**
 * Before process_become(): what root starts has the rights that real networks need. Without rights it makes networks in
 * a user namespace. A failure is no reason not to run: @netd->why tells.
 */
void netd_start(struct netd *netd, const struct settings *settings);

/** From now on the loop reaps it. */
void netd_watch(struct netd *netd, struct loop *loop);

/** Another one, in place of one that is gone: networks_options.respawn with a struct netd. Our end of its socket, or -1. */
int netd_respawn(void *netd, struct sp_error *err);

/** Lets go of it: it ends with its socket. */
void netd_finish(struct netd *netd);
