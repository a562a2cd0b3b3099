#include "worker/limits.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/text.h"
#include "ipc/worker_message.h"
#include "model/connector.h"
#include "streams/depot.h"
#include "worker/block_pool.h"
#include "worker/sandbox.h"

enum {
	KIB = 1 << 10,
	MIB = 1 << 20,

	/* Descriptors: what is handed over at the start, what the process keeps for itself, what each connection keeps
	 * (sockets, inbox, blocks, timers), and one for each file that waits or is under way. */
	HANDED = 5,
	OWN_DESCRIPTORS = 32 + DEPOT_LINES_MAX,
	CONNECTION_DESCRIPTORS = 32,
	DESCRIPTORS_MAX = HANDED + OWN_DESCRIPTORS + WORKER_FILES_MAX +
			  CONNECTOR_CONNECTIONS_MAX * (CONNECTION_DESCRIPTORS + 1),

	/*
	 * Memory that can be written to: our own budgets, and what libssh may be brought to keep of each connection, whose
	 * window is 32 MiB, and our mistakes. For storage: what is read ahead, where each file may have two short ranges
	 * beyond the budget, and what is written, of which one part may be beyond it.
	 */
	OWN_MIB = 64 + BLOCK_POOL_LARGE_MAX * BLOCK_POOL_LARGE / MIB /* heap, stacks, pool */,
	STORAGE_MIB = (DEPOT_SOURCE_BUDGET + DEPOT_SINK_BUDGET + DEPOT_PART_MAX) / MIB +
		      WORKER_FILES_MAX * 2 * (DEPOT_RANGE_MIN / KIB) / KIB,
	CONNECTION_MIB = 192,
	/* Counted are all threads of the user, ours and others': far more than there ever are, and few enough that a
	 * worker which does nothing but start them leaves room for others in the system's table. */
	USER_TASKS_MAX = 8192,

	MEMORY_MAX_MIB = OWN_MIB + STORAGE_MIB + CONNECTOR_CONNECTIONS_MAX * CONNECTION_MIB,
};

static const struct {
	__rlimit_resource_t resource;
	rlim_t max;
	const char *name;
} limits[] = {
	{ RLIMIT_CORE, 0, "core files" },
	{ RLIMIT_NOFILE, DESCRIPTORS_MAX, "descriptors" },
#ifndef SANDBOX_SANITIZED /* the sanitizers map terabytes */
	{ RLIMIT_DATA, (rlim_t)MEMORY_MAX_MIB << 20, "memory" },
#endif
	{ RLIMIT_NPROC, USER_TASKS_MAX, "threads" },
	/* How large a file may become only its owner can say. */
};

static int set(__rlimit_resource_t resource, rlim_t max)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) == -1)
		return -1;
	if (max < limit.rlim_max)
		limit.rlim_max = max;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit);
}

/* A worker can be started again, and the daemon has what all of them need. Where /proc is not there or not ours, the
 * kernel chooses as it likes. */
static void offer_to_killer(void)
{
	static const char before_others[] = "500"; /* of 1000 */
	SP_AUTO_FD fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t written = write(fd, before_others, strlen(before_others));
	(void)written;
}

int limits_set(struct sp_error *err)
{
	offer_to_killer();
	for (size_t i = 0; i < SP_COUNT_OF(limits); i++)
		if (set(limits[i].resource, limits[i].max) != 0)
			return sp_fail_errno(err, "could not limit the worker's %s",
					     limits[i].name);
	return 0;
}
