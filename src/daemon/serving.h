#pragma once
/** From "ready" to the end: signals, and what they ask for. */

#include "daemon/options.h"
#include "daemon/rooms.h"

/** Before any thread is started: SIGTERM, SIGINT and SIGHUP wait until serve() takes them. */
void serving_hold_signals(void);

/** Until SIGTERM or SIGINT, and until what was under way has ended. @settings changes on SIGHUP. */
int serve(struct rooms *rooms, const struct options *options, struct settings *settings,
	  struct sp_error *err);
