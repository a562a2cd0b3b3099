/** From a complete request to its handler: the signature, the operation and its input, the permission. */

#include <stdio.h>
#include <string.h>

#include "api/exchange.h"
#include "api/protocol.h"
#include "base/clock.h"

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

/* All who act as a role are one, or each session would be another. */
static void name_limited(const struct sign_identity *who, char out[SIGN_SESSION_SIZE])
{
	size_t length = strcspn(who->session, ":");
	snprintf(out, SIGN_SESSION_SIZE, "%.*s", (int)length, who->session);
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

/* The service by the credential's scope. False when the call was refused. */
static bool verify(struct api_call *call)
{
	const struct sign_request request = call_request(call);
	struct sp_error err = { 0 };
	enum sign_verdict verdict =
		sign_verify(&request, call->catalogue.keys, call->catalogue.region, sp_now_ms(),
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
	if (verdict != SIGN_GOOD) {
		call_refuse(call, refusal_of_verdict(verdict), err.message);
		return false;
	}
	int64_t wait_us;
	char role[SIGN_SESSION_SIZE];
	name_limited(&call->identity, role);
	if (api_limits_let(call->catalogue.limits,
			   role[0] != '\0' ? role : call->identity.access_key_id, sp_monotonic_us(),
			   &wait_us))
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

void call_run(void *ctx)
{
	struct api_call *call = ctx;
	struct sp_error err = { 0 };
	enum refusal_reason reason = REFUSED_MALFORMED;
	struct shape_fault fault;
	struct api_answer answer;

	/* Its client was told that nobody will do it. */
	if (call_is_answered(call)) {
		call_release(call);
		return;
	}
	bool is_open = find_open(call);
	if (!is_open && !verify(call))
		return;
	const struct protocol *protocol = protocol_of(call->service->protocol);
	if (protocol->read(call, &reason, &err) != 0) {
		protocol->refuse(call, reason, &err, &answer);
		call_finish(call, &answer);
		return;
	}
	shape_drop_nulls(call->input);
	if (shape_find_fault(call->operation->input, call->input, &fault) != 0) {
		protocol->refuse_input(call, &fault, &answer);
		call_finish(call, &answer);
		return;
	}
	shape_drop_strangers(call->operation->input, call->input);
	if (!is_open && call->service->resolve != NULL)
		call->service->resolve(call->context, call->operation, call->input);
	if (is_open || guard_lets(call))
		call->operation->handle(call);
}
