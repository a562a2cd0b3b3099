/** REST-JSON: the method and the path name the operation; labels, query string and body are its input. */

#include <string.h>
#include <strings.h>

#include "api/protocol.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

#define CONTENT_TYPE "application/json"

static bool has_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
	       strcmp(method, "PATCH") == 0;
}

static const struct shape *member_shape(const struct shape *structure, const char *name,
					size_t length)
{
	for (const struct shape_member *at = structure->members; at->name != NULL; at++)
		if (strlen(at->name) == length && memcmp(at->name, name, length) == 0)
			return at->shape;
	return NULL;
}

/* One segment: "{name}" takes any that is not empty, decoded once, so that an ARN is one segment. */
static bool match_segment(const struct api_operation *operation, const char *pattern,
			  size_t pattern_length, const char *segment, size_t length, json_t *labels)
{
	SP_AUTO_FREE char *text = form_decode(segment, length, false);
	if (text == NULL || *text == '\0')
		return false;
	if (pattern[0] != '{')
		return strlen(text) == pattern_length && memcmp(text, pattern, pattern_length) == 0;

	size_t name_length = pattern_length - strlen("{}");
	const struct shape *shape = member_shape(operation->input, pattern + 1, name_length);
	if (shape == NULL)
		sp_die("%s has a label that its input has not", operation->name);
	json_object_setn_new(labels, pattern + 1, name_length, form_scalar(shape, text));
	return true;
}

/* Both begin with a slash. @length: of the path, without the query string. */
static bool match_path(const struct api_operation *operation, const char *path, size_t length,
		       json_t *labels)
{
	const char *pattern = operation->path, *end = path + length;
	json_object_clear(labels);
	while (*pattern == '/' && path < end) {
		pattern++;
		path++;
		size_t pattern_length = strcspn(pattern, "/");
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t segment_length = (size_t)((slash == NULL ? end : slash) - path);
		if (!match_segment(operation, pattern, pattern_length, path, segment_length,
				   labels))
			return false;
		pattern += pattern_length;
		path += segment_length;
	}
	return *pattern == '\0' && path == end;
}

/* @allowed is filled with what the path has, for the sentence. */
static const struct api_operation *find_route(const struct api_service *service,
					      const struct sign_request *request, json_t *labels,
					      struct sp_buffer *allowed)
{
	size_t length = strcspn(request->target, "?");
	for (const struct api_operation *at = service->operations; at->name != NULL; at++) {
		if (!match_path(at, request->target, length, labels))
			continue;
		if (strcmp(at->method, request->method) == 0)
			return at;
		sp_buffer_format(allowed, "%s%s (%s)", allowed->length == 0 ? "" : ", ", at->method,
				 at->name);
	}
	return NULL;
}

static int find_operation(struct api_call *call, const struct sign_request *request, json_t *labels,
			  struct sp_error *err)
{
	SP_AUTO_BUFFER allowed = { 0 };
	call->operation = find_route(call->service, request, labels, &allowed);
	if (call->operation != NULL)
		return 0;
	int length = (int)strcspn(request->target, "?");
	if (allowed.length > 0)
		return sp_fail(err, SP_UNSUPPORTED, "%s has no %.16s %.*s here; this path has %s",
			       call->service->title, request->method, length > 128 ? 128 : length,
			       request->target, sp_buffer_text(&allowed));
	SP_AUTO_BUFFER name = { 0 };
	sp_buffer_format(&name, "%.16s %.*s", request->method, length, request->target);
	return protocol_unknown_operation(call->service, sp_buffer_text(&name), err);
}

static int read_query_string(const char *target, const struct shape *shape, json_t *input,
			     struct sp_error *err)
{
	__attribute__((cleanup(form_finish))) struct form form = { .may_repeat = true };
	const char *mark = strchr(target, '?');
	if (mark != NULL && form_add(&form, mark + 1, strlen(mark + 1), err) != 0)
		return sp_wrap(err, "cannot read the query string");

	for (size_t i = 0; i < form.count; i++) {
		const char *name = form.fields[i].name, *value = form.fields[i].value;
		const struct shape *member = member_shape(shape, name, strlen(name));
		if (member == NULL)
			continue; /* as AWS does */
		json_t *there = json_object_get(input, name);
		if (member->type == SHAPE_LIST && there == NULL)
			json_object_set_new(input, name, there = json_array());
		if (member->type == SHAPE_LIST)
			json_array_append_new(there, form_scalar(member->element, value));
		else if (there == NULL)
			json_object_set_new(input, name, form_scalar(member, value));
		else
			return sp_fail(err, SP_PROTOCOL, "the query string has \"%.64s\" twice",
				       name);
	}
	return 0;
}

static bool is_json(const char *content_type)
{
	size_t length = strlen(CONTENT_TYPE);
	return content_type != NULL && strncasecmp(content_type, CONTENT_TYPE, length) == 0 &&
	       strchr(" \t;", content_type[length]) != NULL;
}

static int read_body(const struct sign_request *request, json_t *input, struct sp_error *err)
{
	if (request->body_length == 0)
		return 0;
	const char *type = sign_header_value(request, "content-type");
	if (!is_json(type))
		return sp_fail(err, SP_PROTOCOL,
			       "the Content-Type must be " CONTENT_TYPE ", not \"%.64s\"",
			       type == NULL ? "" : type);
	SP_AUTO_JSON json_t *body = NULL;
	if (sp_json_parse(request->body, request->body_length, &body, err) != 0)
		return -1;
	if (!json_is_object(body))
		return sp_fail(err, SP_PROTOCOL, "the body must be a JSON object");
	json_object_update(input, body);
	return 0;
}

static int read_rest(struct api_call *call, enum refusal_reason *reason, struct sp_error *err)
{
	const struct sign_request request = call_request(call);
	SP_AUTO_JSON json_t *labels = json_object();

	*reason = REFUSED_UNKNOWN_OPERATION;
	if (find_operation(call, &request, labels, err) != 0)
		return -1;
	*reason = REFUSED_MALFORMED;
	call->input = json_object();
	int result = has_body(request.method)
			     ? read_body(&request, call->input, err)
			     : read_query_string(request.target, call->operation->input,
						 call->input, err);
	/* Last: nothing else may say which thing is meant. */
	json_object_update(call->input, labels);
	return result;
}

static void write_rest(const struct api_call *call, const json_t *output, struct api_answer *out)
{
	int status = call->operation->status;
	*out = (struct api_answer){ .status = status == 0 ? 200 : (unsigned)status };
	if (out->status == 204)
		return;
	SP_AUTO_JSON json_t *body = output == NULL ? json_object() : json_deep_copy(output);
	shape_drop_nulls(body);
	out->content_type = CONTENT_TYPE;
	out->body = sp_json_text(body);
	out->length = strlen(out->body);
}

/* A name that was cut may end inside a character, for which JSON has no name. */
static json_t *as_value(const char *text)
{
	SP_AUTO_FREE char *escaped =
		sp_utf8_valid(text, strlen(text)) ? NULL : sp_name_escape(text);
	return json_string(escaped == NULL ? text : escaped);
}

static void write_invalid(const struct api_call *call, const char *reason, const char *message,
			  const struct shape_fault *fault, struct api_answer *out)
{
	SP_AUTO_JSON json_t *members = json_pack("{s:s}", "reason", reason);
	if (fault != NULL)
		json_object_set_new(members, "fieldList",
				    json_pack("[{s:o,s:o}]", "name", as_value(fault->member),
					      "message", as_value(fault->reason)));
	call_write_error(call, call->service->validation_error, message, members, out);
}

static void refuse_rest(const struct api_call *call, enum refusal_reason reason,
			const struct sp_error *err, struct api_answer *out)
{
	SP_AUTO_BUFFER sentence = { 0 };
	protocol_add_sentence(call->service, err, &sentence);
	write_invalid(call,
		      reason == REFUSED_UNKNOWN_OPERATION ? "unknownOperation" : "cannotParse",
		      sp_buffer_text(&sentence), NULL, out);
}

static void refuse_input_rest(const struct api_call *call, const struct shape_fault *fault,
			      struct api_answer *out)
{
	struct sp_error err = { 0 };
	shape_tell_fault(fault, &err);
	write_invalid(call, "fieldValidationFailed", err.message, fault, out);
}

const struct protocol protocol_rest = {
	.read = read_rest,
	.write = write_rest,
	.refuse = refuse_rest,
	.refuse_input = refuse_input_rest,
};
