#include "service/lattice/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/id.h"
#include "base/text.h"

enum { ID_DIGITS = 17 };

static const struct {
	const char *type, *noun;
	const char *id_prefix, *arn_prefix; /* of those that have ARNs here */
} resources[] = {
	[LATTICE_GATEWAY] = { "RESOURCE_GATEWAY", "resource gateway", "rgw-", "resourcegateway/" },
	[LATTICE_CONFIGURATION] = { "RESOURCE_CONFIGURATION", "resource configuration", "rcfg-",
				    "resourceconfiguration/" },
	[LATTICE_VPC] = { "VPC", "VPC", NULL, NULL },
	[LATTICE_SUBNET] = { "SUBNET", "subnet", NULL, NULL },
	[LATTICE_GROUP] = { "SECURITY_GROUP", "security group", NULL, NULL },
};

const char *lattice_noun(enum lattice_resource resource)
{
	return resources[resource].noun;
}

/* ---- the way into the store and back -------------------------------------------------------------------------------- */

struct step {
	struct lattice_request *request;
	lattice_fn *fn;
	void *ctx;
};

static int run_step(struct db *db, void *ctx, struct sp_error *err)
{
	const struct step *step = ctx;
	return step->fn(step->request, db, step->ctx, err);
}

void lattice_begin(struct lattice_request *request, const struct api_call *call)
{
	*request = (struct lattice_request){ .context = api_context(call),
					     .input = api_input(call),
					     .output = json_object() };
}

int lattice_in_read(struct lattice_request *request, lattice_fn *fn, void *ctx,
		    struct sp_error *err)
{
	struct step step = { request, fn, ctx };
	return store_read(request->context->store, run_step, &step, err);
}

int lattice_in_write(struct lattice_request *request, lattice_fn *fn, void *ctx,
		     struct sp_error *err)
{
	struct step step = { request, fn, ctx };
	if (store_write(request->context->store, run_step, &step, err) != 0)
		return -1;
	if (request->changes_networks)
		networks_wake(request->context->networks);
	if (request->changes_connections)
		transfer_engine_changed(request->context->engine, NULL);
	return 0;
}

/* Of what nobody refused with a name. */
static const char *exception_of(enum sp_code code)
{
	/* SP_LIMIT: the store's queue is full. */
	return code == SP_LIMIT ? "ThrottlingException" : "InternalServerException";
}

void lattice_end(struct lattice_request *request, struct api_call *call, int result,
		 const struct sp_error *err)
{
	if (result == 0)
		api_reply(call, json_incref(request->output));
	else if (request->exception != NULL)
		api_fail_with(call, request->exception, json_incref(request->members), "%s",
			      err->message);
	else
		api_fail(call, exception_of(err->code), "%s", err->message);
	json_decref(request->output);
	json_decref(request->members);
	*request = (struct lattice_request){ 0 };
}

void lattice_read(struct api_call *call, lattice_fn *fn, void *ctx)
{
	struct lattice_request request;
	struct sp_error err = { 0 };
	lattice_begin(&request, call);
	int result = lattice_in_read(&request, fn, ctx, &err);
	lattice_end(&request, call, result, &err);
}

void lattice_write(struct api_call *call, lattice_fn *fn, void *ctx)
{
	struct lattice_request request;
	struct sp_error err = { 0 };
	lattice_begin(&request, call);
	int result = lattice_in_write(&request, fn, ctx, &err);
	lattice_end(&request, call, result, &err);
}

/* ---- refusals ------------------------------------------------------------------------------------------------------- */

/* @members is taken. */
static int refuse(struct lattice_request *request, const char *exception, json_t *members)
{
	json_decref(request->members);
	request->exception = exception;
	request->members = members;
	return -1;
}

int lattice_refuse_field(struct lattice_request *request, struct sp_error *err, const char *field,
			 const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(err, SP_INVALID, format, args);
	va_end(args);
	json_t *members = json_pack("{s:s, s:[{s:s, s:s}]}", "reason", "fieldValidationFailed",
				    "fieldList", "name", field, "message", err->message);
	sp_wrap(err, "%s", field);
	return refuse(request, "ValidationException", members);
}

static json_t *name_resource(enum lattice_resource resource, const char *id)
{
	return json_pack("{s:s, s:s}", "resourceType", resources[resource].type, "resourceId", id);
}

int lattice_refuse_missing(struct lattice_request *request, enum lattice_resource resource,
			   const char *id, struct sp_error *err)
{
	sp_fail(err, SP_NOT_FOUND, "there is no %s \"%.200s\"", resources[resource].noun, id);
	return refuse(request, "ResourceNotFoundException", name_resource(resource, id));
}

int lattice_refuse_conflict(struct lattice_request *request, enum lattice_resource resource,
			    const char *id, struct sp_error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	sp_fail_va(err, SP_CONFLICT, format, args);
	va_end(args);
	return refuse(request, "ConflictException", name_resource(resource, id));
}

int lattice_refuse_quota(struct lattice_request *request, enum lattice_resource resource,
			 const char *id, const char *service_code, const char *quota_code)
{
	json_t *members = name_resource(resource, id);
	json_object_set_new(members, "serviceCode", json_string(service_code));
	json_object_set_new(members, "quotaCode", json_string(quota_code));
	return refuse(request, "ServiceQuotaExceededException", members);
}

/* ---- names, ids, ARNs ----------------------------------------------------------------------------------------------- */

char *lattice_arn(const struct service_context *context, enum lattice_resource resource,
		  const char *id)
{
	return sp_arn_format("vpc-lattice", context->region, context->account, "%s%s",
			     resources[resource].arn_prefix, id);
}

void lattice_draw_id(enum lattice_resource resource, char out[NETWORK_ID_SIZE])
{
	char digits[ID_DIGITS + 1];
	sp_random_hex(digits, ID_DIGITS);
	snprintf(out, NETWORK_ID_SIZE, "%s%s", resources[resource].id_prefix, digits);
}

int lattice_check_name(struct lattice_request *request, enum lattice_resource resource,
		       struct sp_error *err)
{
	const char *name = sp_json_string(request->input, "name");
	if (!sp_text_starts_with(name, resources[resource].id_prefix))
		return 0;
	return lattice_refuse_field(request, err, "name",
				    "\"%s\" begins with \"%s\", as the ids do", name,
				    resources[resource].id_prefix);
}

/* Ids have digits and lower-case letters; ours are hexadecimal. */
static bool is_id(enum lattice_resource resource, const char *text)
{
	const char *prefix = resources[resource].id_prefix;
	if (!sp_text_starts_with(text, prefix))
		return false;
	const char *digits = text + strlen(prefix);
	return strlen(digits) == ID_DIGITS &&
	       strspn(digits, "0123456789abcdefghijklmnopqrstuvwxyz") == ID_DIGITS;
}

/* False when it is no such ARN at all. @out_here: of this account and region? */
static bool read_arn(const struct service_context *context, enum lattice_resource resource,
		     const char *text, char out[NETWORK_ID_SIZE], bool *out_here)
{
	const char *prefix = resources[resource].arn_prefix;
	struct sp_arn arn;
	if (!sp_arn_parse(text, &arn) || strcmp(arn.service, "vpc-lattice") != 0 ||
	    !sp_text_starts_with(arn.resource, prefix) ||
	    !is_id(resource, arn.resource + strlen(prefix)))
		return false;
	snprintf(out, NETWORK_ID_SIZE, "%s", arn.resource + strlen(prefix));
	*out_here = strcmp(arn.region, context->region) == 0 &&
		    strcmp(arn.account, context->account) == 0;
	return true;
}

int lattice_read_identifier(struct lattice_request *request, enum lattice_resource resource,
			    const char *field, char out[NETWORK_ID_SIZE], struct sp_error *err)
{
	const char *text = sp_json_string(request->input, field);
	bool here = true;
	if (is_id(resource, text))
		snprintf(out, NETWORK_ID_SIZE, "%s", text);
	else if (!read_arn(request->context, resource, text, out, &here))
		return lattice_refuse_field(
			request, err, field,
			"\"%.200s\" is neither the id (%s…) nor the ARN of a %s", text,
			resources[resource].id_prefix, resources[resource].noun);
	return here ? 0 : lattice_refuse_missing(request, resource, text, err);
}

int lattice_read_arn(struct lattice_request *request, const char *field,
		     enum lattice_resource *out_resource, char out[NETWORK_ID_SIZE],
		     struct sp_error *err)
{
	static const enum lattice_resource known[] = { LATTICE_GATEWAY, LATTICE_CONFIGURATION };
	const char *text = sp_json_string(request->input, field);
	for (size_t i = 0; i < SP_COUNT_OF(known); i++) {
		bool here;
		if (!read_arn(request->context, known[i], text, out, &here))
			continue;
		*out_resource = known[i];
		return here ? 0 : lattice_refuse_missing(request, known[i], text, err);
	}
	return lattice_refuse_field(
		request, err, field,
		"\"%.200s\" is not the ARN of a resource gateway or resource configuration", text);
}
