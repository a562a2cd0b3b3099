#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/transfer/answer.h"
#include "service/transfer/try_connector.h"
#include "store/connectors.h"

/* The words that AWS's documents know begin the message, so that scripts find them; the exact sentence follows. */
static const struct {
	enum failure_step step;
	const char *words;
} known_words[] = {
	{ STEP_ROLE, "Unable to assume the configured access role" },
	{ STEP_SECRET, "Cannot access secret manager" },
	{ STEP_RESOLVE, "Unknown Host" },
	{ STEP_CONNECT, "Connection failed" },
	{ STEP_BANNER, "Connection failed" },
	{ STEP_HOST_KEY, "Invalid trusted host keys" },
};

#define NOT_AVAILABLE "Connector not available: "

struct test {
	struct api_call *call;
	try_connector_fn *fn;
	char connector_id[CONNECTOR_ID_SIZE];
	bool is_pending;
	bool trusts_nobody;         /* no trusted host keys: the first contact */
	struct sp_error not_active; /* why the connector takes no transfers; code SP_OK: it does */
};

/* What made a connector ERRORED is tried as well, so that the answer shows where its path ends. When that went away
 * meanwhile, the connector is not active yet. */
static bool is_good(const struct test *test, const struct transfer_test_result *result)
{
	return result->code == SP_OK && test->not_active.code == SP_OK;
}

static void write_message(const struct test *test, const struct transfer_test_result *result,
			  struct sp_buffer *out)
{
	if (is_good(test, result)) {
		sp_buffer_add_text(out, "Connection succeeded");
		return;
	}
	if (result->code == SP_OK) {
		sp_buffer_format(out,
				 NOT_AVAILABLE "%s; the path works now, and UpdateConnector "
					       "makes the connector try it anew",
				 test->not_active.message);
		return;
	}
	if (result->step == STEP_HOST_KEY && test->trusts_nobody && result->host_key[0] != '\0') {
		sp_buffer_format(
			out,
			"No trusted host keys: the server showed its key %s; once its owner "
			"has confirmed it, trust it by update-connector with the HostKey of "
			"this answer as SftpConfig.TrustedHostKeys",
			result->fingerprint);
		return;
	}
	for (size_t i = 0; i < SP_COUNT_OF(known_words); i++)
		if (known_words[i].step == result->step)
			sp_buffer_format(out, "%s: ", known_words[i].words);
	sp_buffer_add_text(out, result->message);
}

/* On the loop's thread, seconds after the request. */
static void on_tested(void *ctx, const struct transfer_test_result *result)
{
	struct test *test = ctx;
	SP_AUTO_BUFFER message = { 0 };
	write_message(test, result, &message);
	const struct connection_test told = {
		.connector_id = test->connector_id,
		.status = is_good(test, result) ? "OK" : "ERROR",
		.message = sp_buffer_text(&message),
		.host_key = result->host_key[0] == '\0' ? NULL : result->host_key,
		.trace = result->trace,
	};
	test->fn(test->call, &told);
	free(test);
}

/* Its path is being made: an answer about the connector, not about its partner. */
static void tell_pending(const struct test *test)
{
	SP_AUTO_BUFFER message = { 0 };
	sp_buffer_format(&message, NOT_AVAILABLE "%s", test->not_active.message);
	const struct connection_test told = { .connector_id = test->connector_id,
					      .status = "ERROR",
					      .message = sp_buffer_text(&message) };
	test->fn(test->call, &told);
}

static int look_at_connector(struct db *db, void *ctx, struct sp_error *err)
{
	struct test *test = ctx;
	struct connector connector = { 0 };
	if (connectors_find(db, test->connector_id, &connector, err) != 0)
		return -1;
	test->trusts_nobody = connector.trusted_key_count == 0;
	test->is_pending = connector.state == CONNECTOR_PENDING;
	connector_finish(&connector);
	connectors_check_active(db, test->connector_id, &test->not_active);
	return 0;
}

void try_connector(struct api_call *call, try_connector_fn *fn)
{
	const struct service_context *context = answer_context(call);
	if (answer_check_rate(call, context->test_rate, "quota.test_rate") != 0)
		return;
	struct test *test = sp_alloc(sizeof(*test));
	struct sp_error err = { 0 };
	test->call = call;
	test->fn = fn;
	snprintf(test->connector_id, sizeof(test->connector_id), "%s",
		 sp_json_string(api_input(call), "ConnectorId"));
	int result = store_read(context->store, look_at_connector, test, &err);
	if (result == 0 && !test->is_pending) {
		transfer_engine_test(context->engine, test->connector_id, on_tested, test);
		return;
	}
	if (result == 0)
		tell_pending(test);
	else if (err.code == SP_NOT_FOUND)
		answer_no_connector(call, test->connector_id);
	else
		answer_error(call, &err);
	free(test);
}
