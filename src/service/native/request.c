#include "service/native/request.h"

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "store/connectors.h"

void native_error(struct api_call *call, const struct sp_error *err)
{
	if (err->code == SP_CONFLICT)
		api_fail(call, CONFLICT_EXCEPTION, "%s", err->message);
	else
		answer_error(call, err);
}

struct reference {
	const char *given;
	char *arn_prefix;
	char id[CONNECTOR_ID_SIZE];
};

/* Whether @text is an id and not a Name, which then means nobody else, whoever has such a Name. */
static bool is_connector_id(const char *text)
{
	return strlen(text) == CONNECTOR_ID_SIZE - 1 && strncmp(text, "c-", 2) == 0 &&
	       strspn(text + 2, "0123456789abcdef") == CONNECTOR_ID_SIZE - 3;
}

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct reference *reference = ctx;
	return connectors_find_name(db, reference->arn_prefix, reference->given, reference->id,
				    err);
}

/* The id of the connector whose Name it is. */
static int find_named(const struct service_context *context, const char *name,
		      char out_id[CONNECTOR_ID_SIZE], struct sp_error *err)
{
	struct reference reference = { .given = name,
				       .arn_prefix = answer_connector_arn(context, "") };
	int result = store_read(context->store, find, &reference, err);
	free(reference.arn_prefix);
	memcpy(out_id, reference.id, CONNECTOR_ID_SIZE);
	return result;
}

void native_resolve(void *context, const struct api_operation *operation, json_t *input)
{
	(void)operation;
	const char *given = sp_json_string(input, "ConnectorId");
	char id[CONNECTOR_ID_SIZE];
	struct sp_error err = { 0 };
	if (given != NULL && !is_connector_id(given) && find_named(context, given, id, &err) == 0)
		sp_json_set_text(input, "ConnectorId", id);
}

int native_check_connector(struct api_call *call)
{
	const char *given = sp_json_string(api_input(call), "ConnectorId");
	char id[CONNECTOR_ID_SIZE];
	struct sp_error err = { 0 };
	if (given == NULL || is_connector_id(given))
		return 0;
	if (find_named(answer_context(call), given, id, &err) == 0)
		sp_fail(&err, SP_CONFLICT, "a connector got the Name \"%s\" just now: ask again",
			given);
	if (err.code == SP_NOT_FOUND)
		answer_not_found(call, "Connector", given, err.message);
	else
		native_error(call, &err);
	return -1;
}

int native_read_time(struct api_call *call, const char *name, int64_t fallback, int64_t *out_ms)
{
	const char *text = sp_json_string(api_input(call), name);
	*out_ms = fallback;
	if (text == NULL || sp_time_from_iso(text, out_ms))
		return 0;
	api_fail(call, INVALID_REQUEST,
		 "%s: must be a time such as 2026-11-23T15:41:48Z, or a day such as 2026-11-23, "
		 "not \"%.64s\"",
		 name, text);
	return -1;
}

void native_set_time(json_t *out, const char *name, int64_t time_ms)
{
	char text[SP_ISO_TIME_SIZE];
	if (time_ms <= 0)
		return;
	sp_time_to_iso(time_ms, text);
	sp_json_set_text(out, name, text);
}
