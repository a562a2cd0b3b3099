#include <stdio.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/transfer/try_connector.h"
#include "store/breakers.h"
#include "store/connectors.h"
#include "store/transfers.h"

struct status {
	const char *connector_id;
	struct connector_pause pause;
	int64_t pending;
	bool is_unreached;
	struct breaker_record record;
};

static int read_status(struct db *db, void *ctx, struct sp_error *err)
{
	struct status *status = ctx;
	struct connector connector = { 0 };
	if (connectors_find(db, status->connector_id, &connector, err) != 0)
		return -1;
	connector_finish(&connector);
	if (connectors_find_pause(db, status->connector_id, &status->pause, err) != 0 ||
	    transfers_count_pending(db, status->connector_id, &status->pending, err) != 0)
		return -1;
	return breakers_find(db, status->connector_id, &status->record, &status->is_unreached, err);
}

static json_t *breaker_to_json(const struct status *status)
{
	const struct breaker_record *record = &status->record;
	if (!status->is_unreached)
		return json_pack("{s:s}", "State", "CLOSED");
	bool tries = record->next_ms <= sp_now_ms();
	json_t *out = json_pack("{s:s}", "State", tries ? "HALF_OPEN" : "OPEN");
	native_set_time(out, "Since", record->since_ms);
	sp_json_set_text(out, "Step", failure_step_name(record->step));
	sp_json_set_text(out, "Reason", record->reason);
	if (!tries)
		native_set_time(out, "NextProbe", record->next_ms);
	return out;
}

void native_get_connector(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	struct status status = { .connector_id = sp_json_string(api_input(call), "ConnectorId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_status, &status, &err) == 0) {
		json_t *output = json_pack("{s:s, s:I}", "ConnectorId", status.connector_id,
					   "PendingFiles", (json_int_t)status.pending);
		json_object_set_new(output, "Paused", json_boolean(status.pause.paused_ms > 0));
		native_set_time(output, "PausedSince", status.pause.paused_ms);
		json_object_set_new(output, "Breaker", breaker_to_json(&status));
		api_reply(call, output);
	} else if (err.code == SP_NOT_FOUND) {
		answer_no_connector(call, status.connector_id);
	} else {
		answer_error(call, &err);
	}
}

static void answer(struct api_call *call, const struct connection_test *test)
{
	json_t *output = json_pack("{s:s, s:s, s:s}", "ConnectorId", test->connector_id, "Status",
				   test->status, "StatusMessage", test->message);
	sp_json_set_text(output, "HostKey", test->host_key);
	json_object_set_new(output, "Steps",
			    test->trace == NULL ? json_array() : trace_to_json(test->trace));
	api_reply(call, output);
}

void native_test_connector(struct api_call *call)
{
	if (native_check_connector(call) == 0)
		try_connector(call, answer);
}

/* ---- pausing --------------------------------------------------------------------------------------------------- */

struct pausing {
	struct api_call *call;
	bool pauses;
	char connector_id[CONNECTOR_ID_SIZE];
	struct connector_pause pause;
};

static int write_pause(struct db *db, void *ctx, struct sp_error *err)
{
	struct pausing *pausing = ctx;
	int64_t now_ms = sp_now_ms();
	int result = pausing->pauses ? connectors_pause(db, pausing->connector_id, now_ms, err)
				     : connectors_resume(db, pausing->connector_id, now_ms, err);
	return result == 0 ? connectors_find_pause(db, pausing->connector_id, &pausing->pause, err)
			   : -1;
}

/* On the loop's thread: from here on nothing is begun. */
static void paused(void *ctx)
{
	struct pausing *pausing = ctx;
	json_t *output = json_pack("{s:s, s:b}", "ConnectorId", pausing->connector_id, "Paused",
				   pausing->pause.paused_ms > 0);
	native_set_time(output, "PausedSince", pausing->pause.paused_ms);
	api_reply(pausing->call, output);
	free(pausing);
}

static void set_pause(struct api_call *call, bool pauses)
{
	if (native_check_connector(call) != 0)
		return;
	const struct service_context *context = answer_context(call);
	struct pausing *pausing = sp_alloc(sizeof(*pausing));
	struct sp_error err = { 0 };
	pausing->call = call;
	pausing->pauses = pauses;
	snprintf(pausing->connector_id, sizeof(pausing->connector_id), "%s",
		 sp_json_string(api_input(call), "ConnectorId"));
	if (store_write(context->store, write_pause, pausing, &err) == 0) {
		transfer_engine_pause(context->engine, pausing->connector_id, &pausing->pause,
				      paused, pausing);
		return;
	}
	native_error(call, &err);
	free(pausing);
}

void native_pause_connector(struct api_call *call)
{
	set_pause(call, true);
}

void native_resume_connector(struct api_call *call)
{
	set_pause(call, false);
}
