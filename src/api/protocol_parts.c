/* What protocols share. */

#include <string.h>

#include "api/protocol.h"

const struct api_operation *protocol_find_operation(const struct api_service *service,
						    const char *name)
{
	for (const struct api_operation *at = service->operations; at->name != NULL; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

int protocol_unknown_operation(const struct api_service *service, const char *name,
			       struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND, "%s has no operation \"%.64s\" here", service->title,
		       name);
}

/* The names do not fit into an error: EC2 alone has dozens. */
void protocol_add_sentence(const struct api_service *service, const struct sp_error *err,
			   struct sp_buffer *out)
{
	sp_buffer_add_text(out, err->message);
	if (err->code != SP_NOT_FOUND)
		return;
	for (const struct api_operation *at = service->operations; at->name != NULL; at++) {
		sp_buffer_format(out, "%s%s", at == service->operations ? "; it has " : ", ",
				 at->name);
		if (at->path != NULL)
			sp_buffer_format(out, " (%s %s)", at->method, at->path);
	}
}

void protocol_refuse(const struct api_call *call, enum refusal_reason reason,
		     const struct sp_error *err, struct api_answer *out)
{
	SP_AUTO_BUFFER sentence = { 0 };
	protocol_add_sentence(call->service, err, &sentence);
	refusal_write(call_form(call), reason, sp_buffer_text(&sentence), call->id, out);
}

void protocol_refuse_input(const struct api_call *call, const struct shape_fault *fault,
			   struct api_answer *out)
{
	struct sp_error err = { 0 };
	shape_tell_fault(fault, &err);
	if (fault->kind == SHAPE_WRONG_TYPE)
		refusal_write(call_form(call), REFUSED_MALFORMED, err.message, call->id, out);
	else
		call_write_error(call, call->service->validation_error, err.message, NULL, out);
}

void protocol_give_xml(struct sp_buffer *xml, struct api_answer *out)
{
	*out = (struct api_answer){ .status = 200,
				    .content_type = "text/xml;charset=UTF-8",
				    .length = xml->length };
	out->body = sp_buffer_take(xml);
}
