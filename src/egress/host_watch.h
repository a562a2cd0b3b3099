#pragma once
/** Within egress/: tells when this machine's interfaces or addresses change. */

#include "loop/loop.h"

struct host_watch;

/** @fn(@ctx) on the loop, at most once in a while: many changes come together. */
int host_watch_open(struct loop *loop, loop_fn *fn, void *ctx, struct host_watch **out,
		    struct sp_error *err);
void host_watch_close(struct host_watch *watch); /* NULL is fine */
