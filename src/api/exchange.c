#include "api/exchange.h"

#include <stdio.h>
#include <string.h>

#include "api/stream_inside.h"
#include "base/scope.h"
#include "base/secret.h"

struct api_call *call_create(const char *target)
{
	struct api_call *call = sp_alloc(sizeof(*call));
	call->target = sp_strdup(target);
	call->body.secret = true;
	sp_random_uuid(call->id);
	pthread_mutex_init(&call->lock, NULL);
	atomic_init(&call->holders, 1);
	return call;
}

/* What an answer holds that nobody will read. */
static void answer_drop(struct api_answer *answer)
{
	sp_secret_free(answer->body);
	if (answer->has_file)
		close(answer->fd);
}

void call_hold(struct api_call *call)
{
	atomic_fetch_add(&call->holders, 1);
}

void call_release(struct api_call *call)
{
	if (call == NULL || atomic_fetch_sub(&call->holders, 1) != 1)
		return;
	for (size_t i = 0; i < call->header_count; i++) {
		free((char *)call->headers[i].name);
		free((char *)call->headers[i].value);
	}
	free(call->headers);
	free(call->method);
	free(call->target);
	sp_buffer_finish(&call->body);
	json_decref(call->input);
	answer_drop(&call->answer);
	for (size_t i = 0; i < call->more_count; i++) {
		free(call->more[i].name);
		free(call->more[i].value);
	}
	explicit_bzero(&call->seal, sizeof(call->seal));
	stream_release(call->stream);
	if (call->place != NULL)
		places_leave(call->place);
	pthread_mutex_destroy(&call->lock);
	free(call);
}

void call_limited_name(const struct api_call *call, char out[LIMITED_NAME_SIZE])
{
	const struct sign_identity *who = &call->identity;
	bool is_session = who->session[0] != '\0';
	size_t length = is_session ? strcspn(who->session, ":") : strlen(who->access_key_id);
	snprintf(out, LIMITED_NAME_SIZE, "%.*s", (int)length,
		 is_session ? who->session : who->access_key_id);
}

struct sign_request call_request(const struct api_call *call)
{
	return (struct sign_request){
		.method = call->method,
		.target = call->target,
		.headers = call->headers,
		.header_count = call->header_count,
		.body = sp_buffer_text(&call->body),
		.body_length = call->body.length,
		.secure = call->secure,
	};
}

enum refusal_form call_form_as_asked(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	struct sign_identity identity;
	enum refusal_form form;
	if (sign_identify(&request, &identity) && refusal_form_of_service(identity.service, &form))
		return form;
	return refusal_form_of_request(&request);
}

enum refusal_form call_form(const struct api_call *call)
{
	return call->service == NULL ? call_form_as_asked(call)
				     : refusal_form_of_protocol(call->service->protocol);
}

bool call_answer(struct api_call *call, struct api_answer *answer)
{
	pthread_mutex_lock(&call->lock);
	bool first = !call->answered;
	if (first) {
		call->answered = true;
		call->answer = *answer;
		/* Under the lock: whoever closes the server waits for this to be done. */
		MHD_resume_connection(call->connection);
	}
	pthread_mutex_unlock(&call->lock);
	if (!first)
		answer_drop(answer);
	return first;
}

bool call_is_answered(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	bool answered = call->answered;
	pthread_mutex_unlock(&call->lock);
	return answered;
}

void call_finish(struct api_call *call, struct api_answer *answer)
{
	call_answer(call, answer);
	call_release(call);
}

void call_refuse(struct api_call *call, enum refusal_reason reason, const char *message)
{
	struct api_answer answer;
	refusal_write(call_form(call), reason, message, call->id, &answer);
	call_finish(call, &answer);
}

void call_end_stream(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	if (call->stream != NULL)
		stream_end(call->stream);
	pthread_mutex_unlock(&call->lock);
}

static unsigned status_of(const struct api_service *service, const char *type)
{
	for (const struct api_error_type *at = service->errors; at != NULL && at->name != NULL;
	     at++)
		if (strcmp(at->name, type) == 0)
			return (unsigned)at->http_status;
	return 400;
}

void call_write_error(const struct api_call *call, const char *type, const char *message,
		      const json_t *members, struct api_answer *out)
{
	refusal_write_modelled(call_form(call), status_of(call->service, type), type, message,
			       members, call->service->xml_namespace, call->id, out);
}
