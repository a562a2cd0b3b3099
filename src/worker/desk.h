#pragma once
/**
 * The main thread: stands between the daemon and the connections. It alone reads and writes the control socket, keeps
 * the files that wait, and decides which connection gets which file and when another connection is opened. It never
 * blocks, so that the end of the control socket is noticed in whatever state the others are.
 */

#include <stdbool.h>

#include "base/error.h"

struct desk;

/** @control_fd: kept. @test: tries one connection and takes no file. Locks memory, which the sandbox does not let it. */
int desk_open(int control_fd, bool test, struct desk **out, struct sp_error *err);

/** Until the control socket ends (0), or until the daemon said what makes no sense (-1). */
int desk_run(struct desk *desk, struct sp_error *err);

/** Overwrites the connector's secrets. The process has to end at once: other threads may be using them. */
void desk_wipe(struct desk *desk);
