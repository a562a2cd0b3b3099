#include <string.h>

#include "api/protocol.h"
#include "api/xml.h"
#include "base/text.h"

static int read_fields(const struct sign_request *request, struct form *form, struct sp_error *err)
{
	const char *mark = strchr(request->target, '?');
	if (mark != NULL && form_add(form, mark + 1, strlen(mark + 1), err) != 0)
		return -1;
	return form_add(form, request->body, request->body_length, err);
}

static int find_operation(struct api_call *call, const struct sign_request *request,
			  const struct form *form, struct sp_error *err)
{
	bool asked_well =
		(strcmp(request->method, "POST") == 0 || strcmp(request->method, "GET") == 0) &&
		form_is_at_root(request->target);
	if (!asked_well)
		return sp_fail(err, SP_UNSUPPORTED, "%s is asked with POST /, not with %.16s %.64s",
			       call->service->title, request->method, request->target);

	const char *name = form_value(form, "Action");
	const char *version = form_value(form, "Version");
	if (name == NULL)
		return sp_fail(err, SP_INVALID,
			       "the form has no field Action, which names the operation");
	if (version == NULL || strcmp(version, call->service->version) != 0)
		return sp_fail(
			err, SP_INVALID,
			"Could not find operation %.64s for version %.32s; there is version %s",
			name, version == NULL ? "NO_VERSION_SPECIFIED" : version,
			call->service->version);
	call->operation = protocol_find_operation(call->service, name);
	if (call->operation == NULL)
		return protocol_unknown_operation(call->service, name, err);
	return 0;
}

int protocol_read_form(struct api_call *call, struct form *form, enum refusal_reason *reason,
		       struct sp_error *err)
{
	const struct sign_request request = call_request(call);

	*reason = REFUSED_MALFORMED;
	if (read_fields(&request, form, err) != 0)
		return -1;
	*reason = REFUSED_UNKNOWN_OPERATION;
	if (find_operation(call, &request, form, err) != 0)
		return -1;
	call->input = form_to_json(form, call->operation->input);
	return 0;
}

static int read_query(struct api_call *call, enum refusal_reason *reason, struct sp_error *err)
{
	__attribute__((cleanup(form_finish))) struct form form = { 0 };
	return protocol_read_form(call, &form, reason, err);
}

static void write_query(const struct api_call *call, const json_t *output, struct api_answer *out)
{
	const char *name = call->operation->name;
	SP_AUTO_BUFFER xml = { 0 };
	SP_AUTO_BUFFER result = { 0 };

	sp_buffer_format(&result, "%sResult", name);
	sp_buffer_format(&xml, "<%sResponse xmlns=\"%s\">", name, call->service->xml_namespace);
	xml_add_value(&xml, sp_buffer_text(&result), output, "member");
	sp_buffer_add_text(&xml, "<ResponseMetadata>");
	xml_add_element(&xml, "RequestId", call->id);
	sp_buffer_format(&xml, "</ResponseMetadata></%sResponse>", name);
	protocol_give_xml(&xml, out);
}

const struct protocol protocol_query = {
	.read = read_query,
	.write = write_query,
	.refuse = protocol_refuse,
	.refuse_input = protocol_refuse_input,
};
