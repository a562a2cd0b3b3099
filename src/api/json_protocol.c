#include <string.h>
#include <strings.h>

#include "api/protocol.h"
#include "base/text.h"

#define CONTENT_TYPE "application/x-amz-json-1.1"

static bool is_json_1_1(const char *content_type)
{
	size_t length = strlen(CONTENT_TYPE);
	return strncasecmp(content_type, CONTENT_TYPE, length) == 0 &&
	       strchr(" \t;", content_type[length]) != NULL;
}

/* "TransferService.CreateConnector": the part before the dot, when it is another service's that is here. */
static const struct api_service *owner_of(const struct api_catalogue *catalogue, const char *target)
{
	for (size_t i = 0; i < catalogue->service_count; i++) {
		const struct api_service *service = catalogue->services[i].service;
		if (service->target_prefix == NULL)
			continue;
		size_t length = strlen(service->target_prefix);
		if (strncmp(target, service->target_prefix, length) == 0 && target[length] == '.')
			return service;
	}
	return NULL;
}

static int find_operation(struct api_call *call, const struct sign_request *request,
			  enum refusal_reason *reason, struct sp_error *err)
{
	*reason = REFUSED_UNKNOWN_OPERATION;
	const char *target = sign_header_value(request, "x-amz-target");
	if (strcmp(request->method, "POST") != 0 || !form_is_at_root(request->target))
		return sp_fail(err, SP_UNSUPPORTED, "%s is asked with POST /, not with %.16s %.64s",
			       call->service->title, request->method, request->target);
	if (target == NULL)
		return sp_fail(err, SP_INVALID,
			       "there must be one X-Amz-Target header, \"%s.<Operation>\"",
			       call->service->target_prefix);

	const struct api_service *owner = owner_of(&call->catalogue, target);
	if (owner != NULL && owner != call->service) {
		*reason = REFUSED_WRONG_SCOPE;
		return sp_fail(err, SP_DENIED,
			       "Credential should be scoped to correct service: '%s'.",
			       owner->signing_name);
	}
	const char *name = owner == NULL ? target : strchr(target, '.') + 1;
	call->operation = owner == NULL ? NULL : protocol_find_operation(owner, name);
	if (call->operation == NULL)
		return protocol_unknown_operation(call->service, name, err);
	return 0;
}

static int read_json(struct api_call *call, enum refusal_reason *reason, struct sp_error *err)
{
	const struct sign_request request = call_request(call);
	if (find_operation(call, &request, reason, err) != 0)
		return -1;

	*reason = REFUSED_MALFORMED;
	const char *type = sign_header_value(&request, "content-type");
	if (type == NULL || !is_json_1_1(type))
		return sp_fail(err, SP_PROTOCOL,
			       "the Content-Type must be " CONTENT_TYPE ", not \"%.64s\"",
			       type == NULL ? "" : type);
	if (request.body_length == 0) {
		call->input = json_object();
		return 0;
	}
	if (sp_json_parse(request.body, request.body_length, &call->input, err) != 0)
		return -1;
	if (!json_is_object(call->input))
		return sp_fail(err, SP_PROTOCOL, "the body must be a JSON object");
	return 0;
}

static void write_json(const struct api_call *call, const json_t *output, struct api_answer *out)
{
	(void)call;
	*out = (struct api_answer){ .status = 200, .content_type = CONTENT_TYPE };
	if (output == NULL)
		return;
	out->body = sp_json_text(output);
	out->length = strlen(out->body);
}

const struct protocol protocol_json = {
	.read = read_json,
	.write = write_json,
	.refuse = protocol_refuse,
	.refuse_input = protocol_refuse_input,
};
