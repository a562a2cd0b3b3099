#include "api/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/exchange.h"
#include "api/protocol.h"
#include "api/stream_inside.h"
#include "base/scope.h"

const json_t *api_input(const struct api_call *call)
{
	return call->input;
}

void *api_context(const struct api_call *call)
{
	return call->context;
}

const char *api_request_id(const struct api_call *call)
{
	return call->id;
}

const char *api_access_key_id(const struct api_call *call)
{
	return call->identity.access_key_id;
}

const char *api_session(const struct api_call *call, int64_t *out_issued_ms)
{
	*out_issued_ms = call->identity.session_issued_ms;
	return call->identity.session;
}

const char *api_invocation_id(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	return sign_header_value(&request, "amz-sdk-invocation-id");
}

const char *api_header(const struct api_call *call, const char *name)
{
	const struct sign_request request = call_request(call);
	return sign_header_value(&request, name);
}

bool api_header_at(const struct api_call *call, size_t i, const char **name, const char **value)
{
	if (i >= call->header_count)
		return false;
	*name = call->headers[i].name;
	*value = call->headers[i].value;
	return true;
}

void api_reply_text(struct api_call *call, unsigned status, const char *content_type, char *body)
{
	struct api_answer answer = {
		.status = status, .content_type = content_type, .body = body, .length = strlen(body)
	};
	call_finish(call, &answer);
}

void api_add_header(struct api_call *call, const char *name, const char *value)
{
	pthread_mutex_lock(&call->lock);
	if (!call->answered && call->more_count < API_HEADERS_MAX)
		call->more[call->more_count++] =
			(struct api_header){ sp_strdup(name), sp_strdup(value) };
	pthread_mutex_unlock(&call->lock);
}

void api_reply_empty(struct api_call *call, unsigned status)
{
	struct api_answer answer = { .status = status };
	call_finish(call, &answer);
}

void api_reply_file(struct api_call *call, unsigned status, int fd, uint64_t offset,
		    uint64_t length)
{
	struct api_answer answer = {
		.status = status, .has_file = true, .fd = fd, .offset = offset, .length = length
	};
	call_finish(call, &answer);
}

struct api_stream *api_stream_open(struct api_call *call, const char *content_type,
				   size_t buffer_max)
{
	struct api_stream *stream = stream_create(call->connection, buffer_max);
	pthread_mutex_lock(&call->lock);
	call->stream = stream;
	bool answered = call->answered;
	pthread_mutex_unlock(&call->lock);
	if (answered) /* the server is closing */
		stream_end(stream);
	struct api_answer answer = { .status = 200,
				     .content_type = content_type,
				     .stream = stream };
	call_finish(call, &answer);
	return stream;
}

void api_reply(struct api_call *call, json_t *output)
{
	struct api_answer answer;
	protocol_of(call->service->protocol)->write(call, output, &answer);
	json_decref(output);
	call_finish(call, &answer);
}

static void fail_with(struct api_call *call, const char *type, const json_t *members,
		      const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void fail_with(struct api_call *call, const char *type, const json_t *members,
		      const char *format, va_list args)
{
	SP_AUTO_FREE char *text = NULL;
	if (vasprintf(&text, format, args) == -1)
		sp_die("out of memory");

	struct api_answer answer;
	call_write_error(call, type, text, members, &answer);
	call_finish(call, &answer);
}

void api_fail(struct api_call *call, const char *type, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_with(call, type, NULL, format, args);
	va_end(args);
}

void api_refuse_key(struct api_call *call)
{
	call_refuse(call, REFUSED_UNKNOWN_KEY, SIGN_UNKNOWN_KEY_TEXT);
}

void api_fail_with(struct api_call *call, const char *type, json_t *members, const char *format,
		   ...)
{
	va_list args;
	va_start(args, format);
	fail_with(call, type, members, format, args);
	va_end(args);
	json_decref(members);
}
