#pragma once
/** Within service/native/: a file as JSON. */

#include "base/json.h"
#include "model/transfer.h"
#include "store/attempts.h"
#include "transfer/progress.h"

/** Id, path, state and failure: one of a list. Owned by the caller, as all below. */
json_t *file_view_summary(const struct transfer_file *file);

/** All that is known of it. @connection: JSON text, NULL when none is known. */
json_t *file_view_receipt(const struct transfer_file *file, const char *connection);

/** What an event says of it. */
json_t *file_view_event(const struct transfer_file *file);

/** Bytes, rate, and how long it will take. */
json_t *file_view_progress(const struct progress *progress);

/** What happened to it, in order: times and sentences. @attempts: those that were followed by others. */
json_t *file_view_timeline(const struct transfer_file *file, const struct attempt *attempts,
			   size_t count);
