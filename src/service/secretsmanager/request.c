#include "service/secretsmanager/request.h"

#include "base/clock.h"
#include "base/text.h"

/* What our codes are called by Secrets Manager; all others are its InternalServiceError. */
static const struct {
	enum sp_code code;
	const char *type;
} error_types[] = {
	{ SP_NOT_FOUND, "ResourceNotFoundException" },
	{ SP_EXISTS, "ResourceExistsException" },
	{ SP_CONFLICT, "InvalidRequestException" },
	{ SP_INVALID, "InvalidParameterException" },
	{ SP_UNSUPPORTED, "InvalidParameterException" },
	{ SP_LIMIT, "LimitExceededException" },
	{ SP_UNTRUSTED, "InvalidNextTokenException" },
	{ SP_DENIED, "DecryptionFailure" },
};

static void answer(struct api_call *call, struct request *request, int result,
		   const struct sp_error *err)
{
	if (result == 0) {
		/* TagResource and UntagResource have no output at all. */
		bool empty = json_object_size(request->output) == 0;
		if (empty)
			json_decref(request->output);
		api_reply(call, empty ? NULL : request->output);
		return;
	}
	json_decref(request->output);
	const char *type = "InternalServiceError";
	for (size_t i = 0; i < SP_COUNT_OF(error_types); i++)
		if (error_types[i].code == err->code)
			type = error_types[i].type;
	api_fail(call, type, "%s", err->message);
}

static struct request begin(struct api_call *call)
{
	return (struct request){ .context = api_context(call),
				 .input = api_input(call),
				 .output = json_object(),
				 .now_ms = sp_now_ms() };
}

static void write_and_answer(struct api_call *call, store_fn *fn, bool is_value)
{
	struct request request = begin(call);
	struct sp_error err = { 0 };
	int result = store_write(request.context->store, fn, &request, &err);
	/* Before the answer: what is transferred after it must not meet the old value. */
	if (result == 0 && is_value)
		transfer_engine_changed(request.context->engine, NULL);
	answer(call, &request, result, &err);
}

void request_write(struct api_call *call, store_fn *fn)
{
	write_and_answer(call, fn, false);
}

void request_write_value(struct api_call *call, store_fn *fn)
{
	write_and_answer(call, fn, true);
}

void request_read(struct api_call *call, store_fn *fn)
{
	struct request request = begin(call);
	struct sp_error err = { 0 };
	int result = store_read(request.context->store, fn, &request, &err);
	answer(call, &request, result, &err);
}

int request_find_secret(struct db *db, const struct request *request, bool deleted_too,
			struct secret *out, struct sp_error *err)
{
	const char *id = sp_json_string(request->input, "SecretId");
	if (secrets_find(db, id, request->now_ms, out, err) != 0) {
		/* Clients look for the first words. */
		if (err->code == SP_NOT_FOUND)
			sp_fail(err, SP_NOT_FOUND,
				"Secrets Manager can't find the specified secret: there is no "
				"\"%s\"",
				id);
		return -1;
	}
	if (out->deleted_ms == 0 || deleted_too)
		return 0;
	sp_fail(err, SP_CONFLICT,
		"this cannot be done with the secret \"%s\" because it was marked for deletion: "
		"restore it first",
		out->name);
	secret_finish(out);
	return -1;
}

int request_touch_secret(struct db *db, const struct request *request, struct secret *secret,
			 struct sp_error *err)
{
	secret->changed_ms = request->now_ms;
	return secrets_update(db, secret, err);
}

void request_reply_secret(struct request *request, const struct secret *secret)
{
	sp_json_set_text(request->output, "ARN", secret->arn);
	sp_json_set_text(request->output, "Name", secret->name);
}

void request_set_time(json_t *object, const char *name, int64_t time_ms)
{
	if (time_ms != 0)
		json_object_set_new(object, name, json_real((double)time_ms / 1000));
}
