#include "base/clock.h"
#include "service/native/operations.h"
#include "service/transfer/answer.h"
#include "service/transfer/try_connector.h"
#include "store/breakers.h"
#include "store/connectors.h"
#include "store/transfers.h"

struct status {
	const char *connector_id;
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
	if (transfers_count_pending(db, status->connector_id, &status->pending, err) != 0)
		return -1;
	return breakers_find(db, status->connector_id, &status->record, &status->is_unreached, err);
}

static void set_time(json_t *out, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	sp_time_to_iso(time_ms, text);
	sp_json_set_text(out, name, text);
}

static json_t *breaker_to_json(const struct status *status)
{
	const struct breaker_record *record = &status->record;
	if (!status->is_unreached)
		return json_pack("{s:s}", "State", "CLOSED");
	bool tries = record->next_ms <= sp_now_ms();
	json_t *out = json_pack("{s:s}", "State", tries ? "HALF_OPEN" : "OPEN");
	set_time(out, "Since", record->since_ms);
	sp_json_set_text(out, "Step", failure_step_name(record->step));
	sp_json_set_text(out, "Reason", record->reason);
	if (!tries)
		set_time(out, "NextProbe", record->next_ms);
	return out;
}

void native_get_connector(struct api_call *call)
{
	struct status status = { .connector_id = sp_json_string(api_input(call), "ConnectorId") };
	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_status, &status, &err) == 0) {
		json_t *output = json_pack("{s:s, s:I}", "ConnectorId", status.connector_id,
					   "PendingFiles", (json_int_t)status.pending);
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
	try_connector(call, answer);
}
