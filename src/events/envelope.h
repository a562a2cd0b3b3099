#pragma once
/**
 * How the end of a file is told: as an event of Amazon EventBridge ("SFTP Connector File Send Completed" …), and as the
 * record that a connector writes into CloudWatch Logs. Pure; any thread.
 */

#include "base/buffer.h"
#include "base/json.h"
#include "model/event.h"

/** Where we are: parts of every ARN. */
struct event_place {
	const char *region, *account;
};

/** Owned by the caller. */
json_t *event_to_json(const struct event *event, const struct event_place *place);

/** The text of event_to_json(), owned by the caller. */
char *event_text(const struct event *event, const struct event_place *place);

/** The text of a log record, owned by the caller. */
char *event_log_text(const struct event *event, const struct event_place *place);
