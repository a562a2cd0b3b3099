#pragma once
/**
 * Within events/: a webhook gets each event as the body of a POST, one after the other for each connector and
 * WEBHOOK_REQUESTS connectors at the same time, with a thread of its own. Which were delivered is noted some times a
 * second: a crash before that repeats events.
 */

#include "events/lanes.h"
#include "events/sink.h"
#include "events/webhook_request.h"

enum { WEBHOOK_REQUESTS = 16 };

struct webhook_options {
	const char *name; /* of the settings; copied */
	struct webhook_door door;
	struct lane_patience patience;
};

/** The name under which it is in the store, owned by the caller. */
char *webhook_sink_name(const char *name);

/**
 * @ground     kept
 * @options    borrowed, but what its door points to is kept
 * @delivered  where it goes on
 */
int webhook_open(const struct sink_ground *ground, const struct webhook_options *options,
		 int64_t delivered, struct sink **out, struct sp_error *err);
