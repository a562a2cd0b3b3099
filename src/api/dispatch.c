/** From a complete request to its handler: the signature, the operation and its input, the permission. */

#include <string.h>

#include "api/body.h"
#include "api/protocol.h"
#include "base/clock.h"
#include "base/text.h"

enum { SECOND_US = 1000 * 1000 };

static const struct api_served *find_service(const struct api_catalogue *catalogue,
					     const char *signing_name)
{
	for (size_t i = 0; i < catalogue->service_count; i++)
		if (strcmp(catalogue->services[i].service->signing_name, signing_name) == 0)
			return &catalogue->services[i];
	return NULL;
}

static void refuse_service(struct api_call *call, const char *signing_name)
{
	const struct api_catalogue *catalogue = &call->catalogue;
	SP_AUTO_BUFFER text = { 0 };
	sp_buffer_format(&text, "Sallyport does not answer \"%s\"; it answers ", signing_name);
	for (size_t i = 0; i < catalogue->service_count; i++)
		sp_buffer_format(&text, "%s%s", i == 0 ? "" : ", ",
				 catalogue->services[i].service->signing_name);
	call_refuse(call, REFUSED_UNKNOWN_OPERATION, sp_buffer_text(&text));
}

static void refuse_throttled(struct api_call *call, int64_t wait_us)
{
	const char *message =
		call->service->protocol == API_EC2 ? "Request limit exceeded." : "Rate exceeded";
	unsigned wait_s = (unsigned)((wait_us + SECOND_US - 1) / SECOND_US);
	struct api_answer answer;
	refusal_write_throttled(call_form(call), message, wait_s, call->service->retry_member,
				call->id, &answer);
	call_finish(call, &answer);
}

/* The service by the credential's scope. False when the call was refused. @is_head: the body is not here yet. */
static bool verify(struct api_call *call, bool is_head)
{
	const struct sign_request request = call_request(call);
	const struct api_catalogue *catalogue = &call->catalogue;
	struct sp_error err = { 0 };
	enum sign_verdict verdict =
		is_head ? sign_verify_head(&request, catalogue->keys, catalogue->region,
					   sp_now_ms(), &call->identity, &call->seal, &err)
			: sign_verify(&request, catalogue->keys, catalogue->region, sp_now_ms(),
				      &call->identity, &err);

	/* Said before the signature counts: clients of such a service sign in ways that we do not know, and
	 * nothing is done for them. */
	const char *name = call->identity.service;
	const struct api_served *served = find_service(&call->catalogue, name);
	if (served == NULL && name[0] != '\0') {
		refuse_service(call, name);
		return false;
	}
	if (served != NULL) {
		call->service = served->service;
		call->context = served->context;
	}
	/* Who has not signed at all was only looking for the door. */
	if (verdict != SIGN_GOOD && verdict != SIGN_MISSING)
		api_limits_tell(call->catalogue.limits, &call->identity, call->source, err.message,
				sp_monotonic_us());
	if (verdict == SIGN_GOOD)
		return true;
	call_refuse(call, refusal_of_verdict(verdict), err.message);
	return false;
}

/* False when the call was refused: its key asks too often. */
static bool is_within_rate(struct api_call *call)
{
	int64_t wait_us;
	char name[LIMITED_NAME_SIZE];
	call_limited_name(call, name);
	if (api_limits_let(call->catalogue.limits, name, sp_monotonic_us(), &wait_us))
		return true;
	refuse_throttled(call, wait_us);
	return false;
}

static bool is_asked_for(const struct api_call *call, const struct api_operation *operation,
			 const void *context)
{
	size_t length = strcspn(call->target, "?");
	return operation->is_open != NULL && strcmp(operation->method, call->method) == 0 &&
	       strlen(operation->path) == length &&
	       memcmp(operation->path, call->target, length) == 0 && operation->is_open(context);
}

/* What anybody may ask: nobody's signature is looked at. */
static bool find_open(struct api_call *call)
{
	for (size_t i = 0; i < call->catalogue.service_count; i++) {
		const struct api_served *served = &call->catalogue.services[i];
		for (const struct api_operation *at = served->service->operations; at->name != NULL;
		     at++) {
			if (!is_asked_for(call, at, served->context))
				continue;
			call->service = served->service;
			call->context = served->context;
			return true;
		}
	}
	return false;
}

/* False when the call was refused: there is no such operation, or its input does not fit. */
static bool read_input(struct api_call *call)
{
	const struct protocol *protocol = protocol_of(call->service->protocol);
	enum refusal_reason reason = REFUSED_MALFORMED;
	struct sp_error err = { 0 };
	struct shape_fault fault;
	struct api_answer answer;
	if (protocol->read(call, &reason, &err) != 0) {
		protocol->refuse(call, reason, &err, &answer);
		call_finish(call, &answer);
		return false;
	}
	shape_drop_nulls(call->input);
	if (shape_find_fault(call->operation->input, call->input, &fault) != 0) {
		protocol->refuse_input(call, &fault, &answer);
		call_finish(call, &answer);
		return false;
	}
	shape_drop_strangers(call->operation->input, call->input);
	return true;
}

void call_run(void *ctx)
{
	struct api_call *call = ctx;

	/* Its client was told that nobody will do it. */
	if (call_is_answered(call)) {
		call_release(call);
		return;
	}
	bool is_open = find_open(call);
	if (!is_open && (!verify(call, false) || !is_within_rate(call)))
		return;
	if (!read_input(call))
		return;
	if (!is_open && call->service->resolve != NULL)
		call->service->resolve(call->context, call->operation, call->input);
	if (is_open || guard_lets(call))
		call->operation->handle(call);
}

/* ---- before the body is here -------------------------------------------------------------------------------------- */

bool call_has_door(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	struct sign_identity identity;
	if (strcmp(call->method, "PUT") != 0 && strcmp(call->method, "POST") != 0)
		return false;
	const struct api_served *served = sign_identify(&request, &identity)
						  ? find_service(&call->catalogue, identity.service)
						  : NULL;
	return served != NULL && served->service->protocol == API_S3;
}

/* Such a one may be of somebody who may do nothing, which is known when it is there: not all connections may bring one. */
static bool needs_place(const struct api_call *call)
{
	uint64_t length;
	const char *text = api_header(call, "content-length");
	return text == NULL ? api_header(call, "transfer-encoding") != NULL
			    : !sp_text_to_u64(text, 0, call->catalogue.body_max, &length);
}

/* A document goes into memory, and all is verified once more when it is there. */
static void let_document_in(struct api_call *call)
{
	if (needs_place(call) && !body_take_place(call))
		return;
	pthread_mutex_lock(&call->lock);
	if (!call->answered)
		MHD_resume_connection(call->connection);
	pthread_mutex_unlock(&call->lock);
	call_release(call);
}

void call_run_head(void *ctx)
{
	struct api_call *call = ctx;
	struct sp_error err = { 0 };
	struct api_answer answer;
	if (call_is_answered(call)) {
		call_release(call);
		return;
	}
	if (!verify(call, true))
		return;
	if (s3_find_operation(call, &err) != 0) {
		protocol_of(API_S3)->refuse(call, REFUSED_UNKNOWN_OPERATION, &err, &answer);
		call_finish(call, &answer);
	} else if (call->operation->sink == NULL) {
		let_document_in(call);
	} else if (is_within_rate(call) && read_input(call) && guard_lets(call)) {
		body_begin(call);
	}
}
