#pragma once
/** Refusals, each in the form that the client's protocol expects, whether or not we speak that protocol otherwise. */

#include "api/answer.h"
#include "api/service.h"
#include "sign/verify.h"

/** How errors look. */
enum refusal_form { FORM_JSON, FORM_REST_JSON, FORM_QUERY, FORM_EC2, FORM_S3, FORM_COUNT };

/** What is wrong with a request before, or instead of, an operation's own errors. */
enum refusal_reason {
	REFUSED_UNSIGNED,
	REFUSED_INCOMPLETE_SIGNATURE,
	REFUSED_UNKNOWN_KEY,
	REFUSED_WRONG_SIGNATURE,
	REFUSED_WRONG_SCOPE,
	REFUSED_EXPIRED,
	REFUSED_WRONG_BODY,
	REFUSED_BAD_TOKEN,
	REFUSED_OLD_TOKEN,
	REFUSED_DENIED,            /* by a policy */
	REFUSED_THROTTLED,         /* this key asks too often */
	REFUSED_UNKNOWN_OPERATION, /* also: a service that is not here */
	REFUSED_MALFORMED,
	REFUSED_BAD_HEAD, /* whatever the body is */
	REFUSED_TOO_LARGE,
	REFUSED_OVERLOADED,
	REFUSED_CLOSING,
	REFUSED_REASON_COUNT
};

enum refusal_reason refusal_of_verdict(enum sign_verdict verdict); /* not SIGN_GOOD */

enum refusal_form refusal_form_of_protocol(enum api_protocol protocol);

/** The form of an AWS service, ours or not, by its signing name. False when it is not known. */
bool refusal_form_of_service(const char *signing_name, enum refusal_form *out);

/** The likeliest form, by the looks of a request that does not say which service it is for. */
enum refusal_form refusal_form_of_request(const struct sign_request *request);

/** An error with the code and status that @form has for @reason. */
void refusal_write(enum refusal_form form, enum refusal_reason reason, const char *message,
		   const char *request_id, struct api_answer *out);

/**
 * REFUSED_THROTTLED, and when to ask again: in the header Retry-After, and in a member of the error.
 * @wait_s  at least 1
 * @member  NULL: in the header only
 */
void refusal_write_throttled(enum refusal_form form, const char *message, unsigned wait_s,
			     const char *member, const char *request_id, struct api_answer *out);

/** An error that a service declares. @members: further members, borrowed, may be NULL. */
void refusal_write_modelled(enum refusal_form form, unsigned status, const char *code,
			    const char *message, const json_t *members, const char *xml_namespace,
			    const char *request_id, struct api_answer *out);
