#pragma once
/** A call as the server would have it after the signature was verified, for the tests of protocols. */
#include "test.h"

#include <stdio.h>

#include "api/protocol.h"
#include "base/scope.h"
#include "base/text.h"

static inline struct api_call *make_call(const struct api_service *service, const char *method,
					 const char *target, const char *content_type,
					 const char *body)
{
	struct api_call *call = call_create(target);
	call->service = service;
	call->method = sp_strdup(method);
	call->headers = sp_alloc(sizeof(*call->headers));
	if (content_type != NULL)
		call->headers[call->header_count++] =
			(struct sign_header){ sp_strdup("Content-Type"), sp_strdup(content_type) };
	sp_buffer_add_text(&call->body, body);
	snprintf(call->id, sizeof(call->id), "id");
	return call;
}

/** "Name {input}", or "status Code body"; owned by the caller. */
static inline char *read_call(struct api_call *call)
{
	const struct protocol *protocol = protocol_of(call->service->protocol);
	enum refusal_reason reason;
	struct sp_error err = { 0 };
	struct shape_fault fault;
	struct api_answer answer = { 0 };
	SP_AUTO_BUFFER out = { 0 };

	if (protocol->read(call, &reason, &err) != 0) {
		protocol->refuse(call, reason, &err, &answer);
	} else if (shape_find_fault(call->operation->input, call->input, &fault) != 0) {
		protocol->refuse_input(call, &fault, &answer);
	} else {
		SP_AUTO_FREE char *input = sp_json_text(call->input);
		sp_buffer_format(&out, "%s %s", call->operation->name, input);
		return sp_buffer_take(&out);
	}
	assert_int_equal(answer.length, strlen(answer.body));
	sp_buffer_format(&out, "%u %s%s%s", answer.status, answer.error_type,
			 answer.error_type[0] == '\0' ? "" : " ", answer.body);
	free(answer.body);
	return sp_buffer_take(&out);
}

/** Reads one request and compares what came of it. */
static inline void expect_read(const struct api_service *service, const char *method,
			       const char *target, const char *content_type, const char *body,
			       const char *expected)
{
	struct api_call *call = make_call(service, method, target, content_type, body);
	SP_AUTO_FREE char *text = read_call(call);
	assert_string_equal(text, expected);
	call_release(call);
}
