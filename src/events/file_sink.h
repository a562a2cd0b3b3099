#pragma once
/**
 * Within events/: a file with a line of JSON for each event (base/line_file.h). A thread of its own writes it. An event
 * counts as delivered once its line is on disk; a crash before that is noted repeats lines.
 */

#include "base/line_file.h"
#include "events/sink.h"

/**
 * @ground     kept
 * @delivered  where it goes on
 */
int file_sink_open(const struct sink_ground *ground, const struct sp_line_file_options *options,
		   int64_t delivered, struct sink **out, struct sp_error *err);

/** The name that every event file has in the store. */
extern const char file_sink_name[];
