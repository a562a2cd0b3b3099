#include <inttypes.h>

#include "base/clock.h"
#include "base/scope.h"
#include "service/request_token.h"
#include "service/tag_list.h"
#include "service/transfer/answer.h"
#include "service/transfer/connector_request.h"
#include "service/transfer/operations.h"
#include "store/connectors.h"
#include "store/tags.h"

static void answer_id(struct api_call *call, const char *connector_id)
{
	api_reply(call, json_pack("{s:s}", "ConnectorId", connector_id));
}

/* SP_NOT_FOUND out of a request's members can only be the security policy. */
static void answer_refused(struct api_call *call, const struct sp_error *err)
{
	if (err->code == SP_NOT_FOUND)
		answer_not_found(call, "SecurityPolicy",
				 sp_json_string(api_input(call), "SecurityPolicyName"),
				 err->message);
	else
		answer_error(call, err);
}

static struct connector_home home_of(const struct service_context *context)
{
	return (struct connector_home){ .region = context->region, .account = context->account };
}

struct creation {
	const struct connector *connector;
	const char *arn;
	const json_t *tags;
	int64_t most; /* there may be */
	struct request_try this_try;
	char made_before[NETWORK_ID_SIZE]; /* by an earlier try; "" */
};

static int check_room(struct db *db, int64_t most, struct sp_error *err)
{
	int64_t count;
	if (connectors_count(db, &count, err) != 0)
		return -1;
	if (count < most)
		return 0;
	/* The model has no exception for a quota. */
	return sp_fail(err, SP_CONFLICT,
		       "the account has %" PRId64
		       " connectors, more cannot be made (quota.connectors)",
		       count);
}

static int insert(struct db *db, void *ctx, struct sp_error *err)
{
	struct creation *creation = ctx;
	if (request_try_look_up(db, &creation->this_try, creation->made_before, err) != 0)
		return -1;
	if (creation->made_before[0] != '\0')
		return 0;
	if (check_room(db, creation->most, err) != 0 ||
	    connectors_insert(db, creation->connector, err) != 0)
		return -1;
	if (tag_list_put(db, creation->arn, creation->tags, err) != 0)
		return -1;
	if (tags_read_publishing(db, creation->arn, NULL, err) != 0)
		return -1;
	return request_try_note(db, &creation->this_try, creation->connector->id, err);
}

void transfer_create_connector(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	const json_t *tags = json_object_get(api_input(call), "Tags");
	struct connector_home home = home_of(context);
	struct connector connector = { 0 };
	struct sp_error err = { 0 };
	if (tag_list_check(tags, &err) != 0 ||
	    connector_request_create(api_input(call), &home, sp_now_ms(), &connector, &err) != 0) {
		answer_refused(call, &err);
		return;
	}
	SP_AUTO_FREE char *arn = answer_connector_arn(context, connector.id);
	struct creation creation = { .connector = &connector,
				     .arn = arn,
				     .tags = tags,
				     .most = context->quotas.connectors };
	request_try_begin(call, "transfer CreateConnector", context->retry_window_ms,
			  &creation.this_try);
	if (store_write(context->store, insert, &creation, &err) == 0) {
		networks_wake(context->networks);
		answer_id(call,
			  creation.made_before[0] != '\0' ? creation.made_before : connector.id);
	} else {
		answer_error(call, &err);
	}
	connector_finish(&connector);
}

struct change {
	const json_t *input;
	struct connector_home home;
	const char *id;
	bool refused; /* the connector is there, but the request makes no sense */
};

/* Members merge into what is kept, so it is read where it is written. */
static int update(struct db *db, void *ctx, struct sp_error *err)
{
	struct change *change = ctx;
	struct connector connector = { 0 };
	if (connectors_find(db, change->id, &connector, err) != 0)
		return -1;
	int result = connector_request_update(change->input, &change->home, &connector, err);
	change->refused = result != 0;
	if (result == 0)
		result = connectors_update(db, &connector, err);
	connector_finish(&connector);
	return result;
}

void transfer_update_connector(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	struct change change = {
		.input = api_input(call),
		.home = home_of(context),
		.id = sp_json_string(api_input(call), "ConnectorId"),
	};
	struct sp_error err = { 0 };
	if (store_write(context->store, update, &change, &err) == 0) {
		transfer_engine_changed(context->engine, change.id);
		networks_wake(context->networks);
		answer_id(call, change.id);
	} else if (change.refused) {
		answer_refused(call, &err);
	} else if (err.code == SP_NOT_FOUND) {
		answer_no_connector(call, change.id);
	} else {
		answer_error(call, &err);
	}
}

static int delete (struct db *db, void *ctx, struct sp_error *err)
{
	return connectors_delete(db, ctx, sp_now_ms(), err);
}

void transfer_delete_connector(struct api_call *call)
{
	const struct service_context *context = answer_context(call);
	SP_AUTO_FREE char *id = sp_strdup(sp_json_string(api_input(call), "ConnectorId"));
	struct sp_error err = { 0 };
	if (store_write(context->store, delete, id, &err) == 0) {
		transfer_engine_changed(context->engine, id);
		api_reply(call, NULL);
	} else if (err.code == SP_NOT_FOUND) {
		answer_no_connector(call, id);
	} else {
		answer_error(call, &err);
	}
}
