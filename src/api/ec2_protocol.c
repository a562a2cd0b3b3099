/** EC2's own Query protocol: flattened lists in, <item>s out, and errors with names that only EC2 has. */

#include <stdlib.h>
#include <string.h>

#include "api/protocol.h"
#include "api/xml.h"

/* What every request may have besides the operation's own parameters; the last is how presigned ones begin. */
static bool belongs_to_the_protocol(const char *name)
{
	return strcmp(name, "Action") == 0 || strcmp(name, "Version") == 0 ||
	       strncmp(name, "X-Amz-", strlen("X-Amz-")) == 0;
}

/* EC2 refuses what it does not know, and so do we: a filter or a DryRun that is passed over would change what is done.
 * The same holds for a list with a gap, whose elements behind it nobody would see. */
static int check_all_are_read(const struct form *form, struct sp_error *err)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct form_field *field = &form->fields[i];
		if (!field->is_read && !belongs_to_the_protocol(field->name))
			return sp_fail(err, SP_UNSUPPORTED,
				       "The parameter %.128s is not recognized", field->name);
	}
	return 0;
}

static int read_ec2(struct api_call *call, enum refusal_reason *reason, struct sp_error *err)
{
	__attribute__((cleanup(form_finish))) struct form form = { 0 };
	if (protocol_read_form(call, &form, reason, err) != 0)
		return -1;
	*reason = REFUSED_MALFORMED;
	return check_all_are_read(&form, err);
}

static void write_ec2(const struct api_call *call, const json_t *output, struct api_answer *out)
{
	const char *name = call->operation->name;
	SP_AUTO_BUFFER xml = { 0 };

	sp_buffer_add_text(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	sp_buffer_format(&xml, "<%sResponse xmlns=\"%s\">", name, call->service->xml_namespace);
	xml_add_element(&xml, "requestId", call->id);
	if (output == NULL)
		xml_add_element(&xml, "return", "true");
	xml_add_members(&xml, output, "item");
	sp_buffer_format(&xml, "</%sResponse>", name);
	protocol_give_xml(&xml, out);
}

static void refuse_ec2(const struct api_call *call, enum refusal_reason reason,
		       const struct sp_error *err, struct api_answer *out)
{
	if (reason == REFUSED_MALFORMED && err->code == SP_UNSUPPORTED)
		call_write_error(call, "UnknownParameter", err->message, NULL, out);
	else
		protocol_refuse(call, reason, err, out);
}

/* "Filter[0].Value[1]" is "Filter.1.Value.2" on the wire. */
static void add_parameter(struct sp_buffer *out, const char *member)
{
	while (*member != '\0') {
		if (*member != '[') {
			sp_buffer_add_char(out, *member++);
			continue;
		}
		char *end;
		sp_buffer_format(out, ".%lu", strtoul(member + 1, &end, 10) + 1);
		member = *end == ']' ? end + 1 : end;
	}
}

static void refuse_input_ec2(const struct api_call *call, const struct shape_fault *fault,
			     struct api_answer *out)
{
	SP_AUTO_BUFFER parameter = { 0 };
	SP_AUTO_BUFFER sentence = { 0 };
	bool missing = fault->kind == SHAPE_MISSING;
	add_parameter(&parameter, fault->member);
	if (missing)
		sp_buffer_format(&sentence, "The request must contain the parameter %s",
				 sp_buffer_text(&parameter));
	else
		sp_buffer_format(&sentence, "Invalid value for the parameter %s: it %s",
				 sp_buffer_text(&parameter), fault->reason);
	call_write_error(call, missing ? "MissingParameter" : "InvalidParameterValue",
			 sp_buffer_text(&sentence), NULL, out);
}

const struct protocol protocol_ec2 = {
	.read = read_ec2,
	.write = write_ec2,
	.refuse = refuse_ec2,
	.refuse_input = refuse_input_ec2,
};
