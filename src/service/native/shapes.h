#pragma once
/** Within service/native/: what the operations take. */

#include "api/shape.h"

extern const struct shape native_nothing, native_connector, native_transfer,
	native_connector_transfer, native_file, native_listing, native_bucket;
extern const struct shape native_transfers, native_flows, native_events, native_usage;
extern const struct shape native_webhook, native_resume_webhook_input, native_skip_event_input;
