#include "service/transfer/start.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/request_token.h"
#include "service/transfer/answer.h"
#include "store/connectors.h"
#include "store/events.h"
#include "store/transfers.h"

/* A request on its way to the store. */
struct start {
	struct api_call *call;
	const struct start_kind *kind;
	struct plan plan;
	struct request_try this_try;
	char made_before[NETWORK_ID_SIZE]; /* by an earlier try; "" */
	bool queue_is_full;
};

/* A file may have FAILED already. */
static int insert_files(struct db *db, struct plan *plan, const struct service_context *context,
			struct sp_error *err)
{
	const struct logging logging = service_logging(context);
	int64_t before;
	if (events_last_number(db, &before, err) != 0 ||
	    transfers_insert(db, &plan->transfer, plan->files, plan->count, err) != 0)
		return -1;
	return logging_settle(db, &logging, before, err);
}

int start_insert(struct db *db, struct plan *plan, const struct service_context *context,
		 bool *out_full, struct sp_error *err)
{
	int64_t most = context->quotas.queued_files;
	const char *connector_id = plan->transfer.connector_id;
	int64_t pending = 0;
	if (connectors_check_active(db, connector_id, err) != 0 ||
	    transfers_count_pending(db, connector_id, &pending, err) != 0)
		return -1;
	*out_full = pending + (int64_t)plan->count > most;
	if (*out_full)
		return sp_fail(err, SP_LIMIT,
			       "the queue of connector \"%s\" is full: %" PRId64
			       " files are waiting, and at most %" PRId64
			       " may (quota.queued_files)",
			       connector_id, pending, most);
	return insert_files(db, plan, context, err);
}

static int insert(struct db *db, void *ctx, struct sp_error *err)
{
	struct start *start = ctx;
	const struct service_context *context = answer_context(start->call);
	if (request_try_look_up(db, &start->this_try, start->made_before, err) != 0)
		return -1;
	if (start->made_before[0] != '\0')
		return 0;
	if (start_insert(db, &start->plan, context, &start->queue_is_full, err) != 0)
		return -1;
	return request_try_note(db, &start->this_try, start->plan.transfer.id, err);
}

/* On the writer's thread, once it is on disk. The engine is woken before the answer: as long as a call has none, the
 * rooms are there. */
static void inserted(void *ctx, int result, const struct sp_error *err)
{
	struct start *start = ctx;
	const struct transfer *transfer = &start->plan.transfer;
	if (result == 0 && start->made_before[0] != '\0') {
		api_reply(start->call, start->kind->answer(&start->plan, start->made_before));
	} else if (result == 0) {
		transfer_engine_wake(answer_context(start->call)->engine, transfer->connector_id);
		api_reply(start->call, start->kind->answer(&start->plan, transfer->id));
	} else if (start->queue_is_full) {
		api_fail(start->call, THROTTLING, "%s", err->message);
	} else if (err->code == SP_NOT_FOUND) {
		answer_no_connector(start->call, transfer->connector_id);
	} else {
		answer_error(start->call, err);
	}
	plan_finish(&start->plan);
	free(start);
}

void start_plan(struct api_call *call, const struct start_kind *kind)
{
	struct sp_error err = { 0 };
	if (answer_check_rate(call, answer_context(call)->start_rate, "quota.start_rate") != 0)
		return;
	struct start *start = sp_alloc(sizeof(*start));
	start->call = call;
	start->kind = kind;
	if (kind->plan(answer_context(call)->objects, api_input(call), sp_now_ms(), &start->plan,
		       &err) != 0) {
		free(start);
		answer_error(call, &err);
		return;
	}
	request_try_begin(call, kind->operation, answer_context(call)->retry_window_ms,
			  &start->this_try);
	store_submit(answer_context(call)->store, insert, start, inserted, start);
}
