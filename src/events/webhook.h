#pragma once
/**
 * Within events/: a webhook gets each event as the body of a POST, one after the other for each connector and
 * WEBHOOK_REQUESTS connectors at the same time, with a thread of its own. Which were delivered is noted some times a
 * second: a crash before that repeats events.
 */

#include "events/lanes.h"
#include "events/sink.h"
#include "events/webhook_request.h"
#include "events/webhook_view.h"

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

/* Any thread but the loop's and the store-writer's. */

/** Those that have something to tell. @out is the caller's: webhook_lanes_finish() */
void webhook_list_lanes(struct sink *sink, struct webhook_lane **out, size_t *out_count);

/** What waits, or was parked, is tried at once. @connector_id: NULL: of all. Returns how many were parked. */
size_t webhook_resume(struct sink *sink, const char *connector_id);

/**
 * The connector's first event that was not taken is passed by, for good.
 *
 * @event_id  it must be this one: SP_CONFLICT when it is another one, or is being sent just now
 * SP_NOT_FOUND when all were taken. 0: that is kept.
 */
int webhook_skip(struct sink *sink, const char *connector_id, const char *event_id,
		 struct sp_error *err);
