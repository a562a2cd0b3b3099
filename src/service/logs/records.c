#include "service/logs/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "events/envelope.h"

/* False when it does not fit any more. */
static bool take(struct records *records, const struct event *event)
{
	const struct event_place place = { .region = records->context->region,
					   .account = records->context->account };
	SP_AUTO_FREE char *message = event_log_text(event, &place);
	bool matches = records->filter == NULL || log_filter_matches(records->filter, message);
	size_t bytes = strlen(message) + LOG_EVENT_OVERHEAD;
	if (matches && (records->count == records->max ||
			(records->count > 0 && records->bytes + bytes > LOG_ANSWER_BYTES)))
		return false;
	records->last = (struct event_log_position){ event->time_ms, event->number };
	if (records->looked++ == 0)
		records->first = records->last;
	if (matches) {
		records->add(records, event, message);
		records->count++;
		records->bytes += bytes;
	}
	return true;
}

/* Returns how many there were, -1, or 0 when the answer is full. */
static int read_page(struct db *db, struct records *records, struct event *events,
		     struct sp_error *err)
{
	size_t count;
	if (event_logs_list(db, &records->range, events, LOG_PAGE, &count, err) != 0)
		return -1;
	bool fits = true;
	for (size_t i = 0; i < count; i++) {
		fits = fits && records->looked < records->look_max && take(records, &events[i]);
		event_finish(&events[i]);
	}
	if (fits && count < LOG_PAGE)
		records->ended = true;
	records->range.beside = records->last;
	return fits && count == LOG_PAGE ? (int)count : 0;
}

int records_read(struct db *db, void *ctx, struct sp_error *err)
{
	struct records *records = ctx;
	int64_t first_ms, last_ms;
	int got = event_logs_span(db, records->connector_id, &first_ms, &last_ms, err);
	records->has_group = got == 1;
	if (got <= 0)
		return got;
	SP_AUTO_FREE struct event *events = sp_alloc(LOG_PAGE * sizeof(*events));
	while ((got = read_page(db, records, events, err)) > 0)
		;
	return got;
}

char *records_position_text(const struct event_log_position *position)
{
	return sp_format("%" PRId64 " %" PRId64, position->time_ms, position->number);
}

bool records_position_read(const char *text, struct event_log_position *out)
{
	return sscanf(text, "%" SCNd64 " %" SCNd64, &out->time_ms, &out->number) == 2;
}
