/* Figures for Prometheus, in its text format. Labels have few values, which are known beforehand. */

#include <assert.h>
#include <inttypes.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/context.h"
#include "service/native/event_hub.h"
#include "service/native/operations.h"
#include "service/transfer/answer.h"
#include "store/overview.h"
#include "transfer/progress.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static int read_overview(struct db *db, void *ctx, struct sp_error *err)
{
	return overview_read(db, ctx, err);
}

static void begin(struct sp_buffer *out, const char *name, const char *type, const char *help)
{
	sp_buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add(struct sp_buffer *out, const char *name, const char *type, const char *help,
		int64_t value)
{
	begin(out, name, type, help);
	sp_buffer_format(out, "%s %" PRId64 "\n", name, value);
}

static void add_totals(struct sp_buffer *out, const struct progress_totals *totals)
{
	static const char *const directions[] = { "send", "retrieve", "list", "move", "delete" };
	static_assert(SP_COUNT_OF(directions) == TRANSFER_DIRECTION_COUNT, "a label for each");
	begin(out, "sallyport_files_ended_total", "counter",
	      "Files that have come to their end since the daemon began.");
	for (size_t i = 0; i < SP_COUNT_OF(directions); i++)
		sp_buffer_format(
			out,
			"sallyport_files_ended_total{direction=\"%s\",result=\"completed\"}"
			" %" PRId64 "\n"
			"sallyport_files_ended_total{direction=\"%s\",result=\"failed\"}"
			" %" PRId64 "\n",
			directions[i], totals->of[i].completed, directions[i],
			totals->of[i].failed);
	begin(out, "sallyport_file_bytes_moved_total", "counter",
	      "Bytes that these files took over the wire, all attempts.");
	for (size_t i = 0; i < SP_COUNT_OF(directions); i++)
		sp_buffer_format(out,
				 "sallyport_file_bytes_moved_total{direction=\"%s\"} %" PRId64 "\n",
				 directions[i], totals->of[i].bytes_moved);
	add(out, "sallyport_file_attempts_total", "counter",
	    "Attempts at files that were given to a worker.", totals->attempts);
	add(out, "sallyport_file_retries_total", "counter",
	    "Files that went back into their queue after an attempt.", totals->retries);
}

static void write_metrics(const struct service_context *context,
			  const struct store_overview *counts, struct sp_buffer *out)
{
	struct progress_board *board = transfer_engine_progress(context->engine);
	struct progress_totals totals = progress_totals(board);
	begin(out, "sallyport_build_info", "gauge", "Which version runs.");
	sp_buffer_format(out, "sallyport_build_info{version=\"%s\"} 1\n", SALLYPORT_VERSION);
	add(out, "sallyport_connectors", "gauge", "Connectors that there are.", counts->connectors);
	add(out, "sallyport_connectors_paused", "gauge", "Connectors that are paused.",
	    counts->paused);
	add(out, "sallyport_partners_away", "gauge",
	    "Connectors whose partner cannot be reached, or does not let us in.", counts->away);
	add(out, "sallyport_resource_gateways", "gauge", "Resource gateways that there are.",
	    counts->gateways);
	add(out, "sallyport_files_pending", "gauge", "Files that have not come to their end.",
	    counts->pending);
	add(out, "sallyport_files_under_way", "gauge", "Files that a worker has in hand.",
	    (int64_t)progress_files(board));
	add_totals(out, &totals);
	add(out, "sallyport_store_commits_total", "counter", "Commits of the store.",
	    (int64_t)store_commits(context->store));
	add(out, "sallyport_event_clients", "gauge", "Clients that listen to events.",
	    (int64_t)event_hub_clients(context->events));
}

bool native_metrics_are_open(const void *ctx)
{
	const struct service_context *context = ctx;
	return context != NULL && context->metrics_open;
}

void native_get_metrics(struct api_call *call)
{
	const struct service_context *context = api_context(call);
	struct store_overview counts = { 0 };
	struct sp_error err = { 0 };
	if (store_read(context->store, read_overview, &counts, &err) != 0) {
		answer_error(call, &err);
		return;
	}
	struct sp_buffer text = { 0 };
	write_metrics(context, &counts, &text);
	api_reply_text(call, 200, CONTENT_TYPE, sp_buffer_take(&text));
}
