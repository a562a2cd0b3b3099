#include "service/ec2/request.h"

#include <stdarg.h>

#include "base/scope.h"

struct run {
	struct ec2_request *request;
	ec2_fn *fn;
	void *ctx;
};

static const char *code_of(enum sp_code code)
{
	switch (code) {
	case SP_INVALID:
	case SP_EXISTS:
	case SP_CONFLICT:
		return EC2_INVALID_VALUE;
	case SP_UNSUPPORTED:
		return EC2_UNSUPPORTED_OPERATION;
	case SP_DENIED:
		return EC2_NOT_PERMITTED;
	case SP_LIMIT: /* the store's queue is full */
		return "RequestLimitExceeded";
	case SP_NO_SPACE:
	case SP_NO_MEMORY:
	case SP_TIMEOUT:
	case SP_CLOSED:
	case SP_CANCELLED:
	case SP_UNREACHABLE:
		return "Unavailable";
	case SP_OK:
	case SP_NOT_FOUND:
	case SP_AUTH:
	case SP_UNTRUSTED:
	case SP_PROTOCOL:
	case SP_CHANGED:
	case SP_SYSTEM:
	case SP_INTERNAL:
		return "InternalError";
	}
	return "InternalError";
}

/* A closure that fails leaves nothing behind: that is what makes a dry run out of any operation. */
static int run(struct db *db, void *ctx, struct sp_error *err)
{
	struct run *run = ctx;
	if (run->fn(run->request, db, run->ctx, err) != 0)
		return -1;
	if (ec2_flag(run->request, "DryRun"))
		return ec2_refuse(run->request, err, "DryRunOperation",
				  "Request would have succeeded, but DryRun flag is set.");
	return 0;
}

typedef int store_door(struct store *store, store_fn *fn, void *ctx, struct sp_error *err);

static bool answer(struct api_call *call, store_door *door, ec2_fn *fn, void *ctx)
{
	struct ec2_request request = {
		.context = api_context(call),
		.input = api_input(call),
		.output = json_object(),
	};
	struct run running = { .request = &request, .fn = fn, .ctx = ctx };
	struct sp_error err = { 0 };
	if (door(request.context->store, run, &running, &err) != 0) {
		json_decref(request.output);
		api_fail(call, request.code != NULL ? request.code : code_of(err.code), "%s",
			 err.message);
		return false;
	}
	if (json_object_size(request.output) == 0)
		json_decref(sp_take_pointer(&request.output));
	api_reply(call, request.output);
	return true;
}

void ec2_read(struct api_call *call, ec2_fn *fn, void *ctx)
{
	answer(call, store_read, fn, ctx);
}

void ec2_write(struct api_call *call, ec2_fn *fn, void *ctx)
{
	const struct service_context *context = api_context(call);
	if (answer(call, store_write, fn, ctx))
		networks_wake(context->networks);
}

int(ec2_refuse)(struct ec2_request *request, struct sp_error *err, const char *code,
		const char *format, ...)
{
	va_list args;
	request->code = code;
	va_start(args, format);
	sp_fail_va(err, SP_INVALID, format, args);
	va_end(args);
	return -1;
}

int(ec2_refuse_missing)(struct ec2_request *request, struct sp_error *err, const char *parameter)
{
	return ec2_refuse(request, err, EC2_MISSING_PARAMETER,
			  "The request must contain the parameter %s", parameter);
}

const char *ec2_text(const struct ec2_request *request, const char *name)
{
	return sp_json_string(request->input, name);
}

bool ec2_flag(const struct ec2_request *request, const char *name)
{
	return json_is_true(json_object_get(request->input, name));
}

bool ec2_attribute(const struct ec2_request *request, const char *name, bool *out)
{
	const json_t *value = json_object_get(json_object_get(request->input, name), "Value");
	if (value == NULL)
		return false;
	*out = json_is_true(value);
	return true;
}
