#pragma once
/** Within events/: one who is told of events, in their order, each of them at least once. */

#include <stdatomic.h>
#include <stdint.h>

#include "base/buffer.h"
#include "events/envelope.h"
#include "store/store.h"

struct sink;

/** All three are required. */
struct sink_backend {
	void (*wake)(struct sink *sink); /* there may be more events. Any thread; does not block */
	void (*go_on)(
		struct sink *sink); /* what waits, or was given up, is tried now. Any thread */
	void (*close)(
		struct sink *sink); /* what was not delivered is delivered after the next start */
};

/** The first member of each backend's own struct. */
struct sink {
	const struct sink_backend *backend;
	char *name;  /* in the store; owned */
	char *title; /* in sentences; owned */
	/* All events up to this number were delivered, and that is committed. */
	_Atomic int64_t delivered;
};

/** What sinks work with; all kept. */
struct sink_ground {
	struct store *store;
	struct event_place place;
};

/** The calling thread takes what others leave: whoever is told of events can wait, files cannot. */
void sink_step_back(void);

enum {
	SINK_PAGE = 256,      /* events that are read at a time */
	SINK_GATHER_MS = 100, /* for others that come right behind the first */
};
