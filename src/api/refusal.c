#include "api/refusal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/xml.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

/* clang-format off */
static const struct {
	const char *code;
	unsigned status;
} refusals[REFUSED_REASON_COUNT][FORM_COUNT] = {
	[REFUSED_UNSIGNED] = {
		[FORM_JSON]      = { "MissingAuthenticationTokenException", 400 },
		[FORM_REST_JSON] = { "MissingAuthenticationTokenException", 403 },
		[FORM_QUERY]     = { "MissingAuthenticationToken", 403 },
		[FORM_EC2]       = { "AuthFailure", 401 },
		[FORM_S3]        = { "AccessDenied", 403 },
	},
	[REFUSED_INCOMPLETE_SIGNATURE] = {
		[FORM_JSON]      = { "IncompleteSignatureException", 400 },
		[FORM_REST_JSON] = { "IncompleteSignatureException", 403 },
		[FORM_QUERY]     = { "IncompleteSignature", 403 },
		[FORM_EC2]       = { "IncompleteSignature", 400 },
		[FORM_S3]        = { "AuthorizationHeaderMalformed", 400 },
	},
	[REFUSED_UNKNOWN_KEY] = {
		[FORM_JSON]      = { "UnrecognizedClientException", 400 },
		[FORM_REST_JSON] = { "UnrecognizedClientException", 403 },
		[FORM_QUERY]     = { "InvalidClientTokenId", 403 },
		[FORM_EC2]       = { "AuthFailure", 401 },
		[FORM_S3]        = { "InvalidAccessKeyId", 403 },
	},
	[REFUSED_WRONG_SIGNATURE] = {
		[FORM_JSON]      = { "InvalidSignatureException", 400 },
		[FORM_REST_JSON] = { "InvalidSignatureException", 403 },
		[FORM_QUERY]     = { "SignatureDoesNotMatch", 403 },
		[FORM_EC2]       = { "SignatureDoesNotMatch", 403 },
		[FORM_S3]        = { "SignatureDoesNotMatch", 403 },
	},
	[REFUSED_WRONG_SCOPE] = {
		[FORM_JSON]      = { "InvalidSignatureException", 400 },
		[FORM_REST_JSON] = { "InvalidSignatureException", 403 },
		[FORM_QUERY]     = { "SignatureDoesNotMatch", 403 },
		[FORM_EC2]       = { "AuthFailure", 401 },
		[FORM_S3]        = { "AuthorizationHeaderMalformed", 400 },
	},
	[REFUSED_EXPIRED] = {
		[FORM_JSON]      = { "InvalidSignatureException", 400 },
		[FORM_REST_JSON] = { "InvalidSignatureException", 403 },
		[FORM_QUERY]     = { "SignatureDoesNotMatch", 403 },
		[FORM_EC2]       = { "RequestExpired", 400 },
		[FORM_S3]        = { "RequestTimeTooSkewed", 403 },
	},
	[REFUSED_WRONG_BODY] = {
		[FORM_JSON]      = { "InvalidSignatureException", 400 },
		[FORM_REST_JSON] = { "InvalidSignatureException", 403 },
		[FORM_QUERY]     = { "SignatureDoesNotMatch", 403 },
		[FORM_EC2]       = { "SignatureDoesNotMatch", 403 },
		[FORM_S3]        = { "XAmzContentSHA256Mismatch", 400 },
	},
	[REFUSED_BAD_TOKEN] = {
		[FORM_JSON]      = { "UnrecognizedClientException", 400 },
		[FORM_REST_JSON] = { "UnrecognizedClientException", 403 },
		[FORM_QUERY]     = { "InvalidClientTokenId", 403 },
		[FORM_EC2]       = { "AuthFailure", 401 },
		[FORM_S3]        = { "InvalidToken", 400 },
	},
	[REFUSED_OLD_TOKEN] = {
		[FORM_JSON]      = { "ExpiredTokenException", 400 },
		[FORM_REST_JSON] = { "ExpiredTokenException", 403 },
		[FORM_QUERY]     = { "ExpiredToken", 403 },
		[FORM_EC2]       = { "RequestExpired", 400 },
		[FORM_S3]        = { "ExpiredToken", 400 },
	},
	[REFUSED_DENIED] = {
		[FORM_JSON]      = { "AccessDeniedException", 400 },
		[FORM_REST_JSON] = { "AccessDeniedException", 403 },
		[FORM_QUERY]     = { "AccessDenied", 403 },
		[FORM_EC2]       = { "UnauthorizedOperation", 403 },
		[FORM_S3]        = { "AccessDenied", 403 },
	},
	[REFUSED_THROTTLED] = {
		[FORM_JSON]      = { "ThrottlingException", 400 },
		[FORM_REST_JSON] = { "ThrottlingException", 429 },
		[FORM_QUERY]     = { "Throttling", 400 },
		[FORM_EC2]       = { "RequestLimitExceeded", 503 },
		[FORM_S3]        = { "SlowDown", 503 },
	},
	[REFUSED_UNKNOWN_OPERATION] = {
		[FORM_JSON]      = { "UnknownOperationException", 400 },
		[FORM_REST_JSON] = { "UnknownOperationException", 404 },
		[FORM_QUERY]     = { "InvalidAction", 400 },
		[FORM_EC2]       = { "InvalidAction", 400 },
		[FORM_S3]        = { "NotImplemented", 501 },
	},
	[REFUSED_MALFORMED] = {
		[FORM_JSON]      = { "SerializationException", 400 },
		[FORM_REST_JSON] = { "SerializationException", 400 },
		[FORM_QUERY]     = { "MalformedQueryString", 400 },
		[FORM_EC2]       = { "MalformedQueryString", 400 },
		[FORM_S3]        = { "MalformedXML", 400 },
	},
	[REFUSED_BAD_HEAD] = {
		[FORM_JSON]      = { "SerializationException", 400 },
		[FORM_REST_JSON] = { "SerializationException", 400 },
		[FORM_QUERY]     = { "MalformedQueryString", 400 },
		[FORM_EC2]       = { "MalformedQueryString", 400 },
		[FORM_S3]        = { "InvalidRequest", 400 },
	},
	[REFUSED_TOO_LARGE] = {
		[FORM_JSON]      = { "RequestEntityTooLargeException", 413 },
		[FORM_REST_JSON] = { "RequestEntityTooLargeException", 413 },
		[FORM_QUERY]     = { "RequestEntityTooLarge", 413 },
		[FORM_EC2]       = { "RequestEntityTooLarge", 413 },
		[FORM_S3]        = { "EntityTooLarge", 413 },
	},
	[REFUSED_OVERLOADED] = {
		[FORM_JSON]      = { "ThrottlingException", 503 },
		[FORM_REST_JSON] = { "ThrottlingException", 503 },
		[FORM_QUERY]     = { "Throttling", 503 },
		[FORM_EC2]       = { "RequestLimitExceeded", 503 },
		[FORM_S3]        = { "SlowDown", 503 },
	},
	[REFUSED_CLOSING] = {
		[FORM_JSON]      = { "ServiceUnavailableException", 503 },
		[FORM_REST_JSON] = { "ServiceUnavailableException", 503 },
		[FORM_QUERY]     = { "ServiceUnavailable", 503 },
		[FORM_EC2]       = { "Unavailable", 503 },
		[FORM_S3]        = { "ServiceUnavailable", 503 },
	},
};
/* clang-format on */

enum refusal_reason refusal_of_verdict(enum sign_verdict verdict)
{
	assert(verdict != SIGN_GOOD);
	switch (verdict) {
	case SIGN_GOOD:
	case SIGN_MISSING:
		return REFUSED_UNSIGNED;
	case SIGN_INCOMPLETE:
		return REFUSED_INCOMPLETE_SIGNATURE;
	case SIGN_UNKNOWN_KEY:
		return REFUSED_UNKNOWN_KEY;
	case SIGN_WRONG:
		return REFUSED_WRONG_SIGNATURE;
	case SIGN_WRONG_SCOPE:
		return REFUSED_WRONG_SCOPE;
	case SIGN_EXPIRED:
		return REFUSED_EXPIRED;
	case SIGN_WRONG_BODY:
		return REFUSED_WRONG_BODY;
	case SIGN_BAD_TOKEN:
		return REFUSED_BAD_TOKEN;
	case SIGN_OLD_TOKEN:
		return REFUSED_OLD_TOKEN;
	}
	return REFUSED_UNSIGNED;
}

enum refusal_form refusal_form_of_protocol(enum api_protocol protocol)
{
	switch (protocol) {
	case API_JSON_1_1:
		return FORM_JSON;
	case API_REST_JSON:
		return FORM_REST_JSON;
	case API_QUERY:
		return FORM_QUERY;
	case API_EC2:
		return FORM_EC2;
	case API_S3:
		return FORM_S3;
	}
	return FORM_JSON;
}

/* JSON has no name for a text that is no UTF-8, and such bytes may come from the request that is quoted. */
static char *as_text(const char *message)
{
	return sp_utf8_valid(message, strlen(message)) ? sp_strdup(message)
						       : sp_name_escape(message);
}

static void write_json(bool rest, const char *code, const char *message_member, const char *message,
		       const json_t *members, struct api_answer *out)
{
	SP_AUTO_JSON json_t *body = json_object();
	if (!rest)
		json_object_set_new(body, "__type", json_string(code));
	json_object_set_new(body, message_member, json_string(message));
	if (members != NULL)
		json_object_update((json_t *)body, (json_t *)members);
	snprintf(out->error_type, sizeof(out->error_type), "%s", code);
	out->content_type = rest ? "application/json" : "application/x-amz-json-1.1";
	out->body = sp_json_text(body);
	out->length = strlen(out->body);
}

/* The same three facts in three shapes. */
static void write_xml(enum refusal_form form, unsigned status, const char *code,
		      const char *message, const json_t *members, const char *xml_namespace,
		      const char *request_id, struct api_answer *out)
{
	SP_AUTO_BUFFER xml = { 0 };
	sp_buffer_add_text(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	if (form == FORM_EC2)
		sp_buffer_add_text(&xml, "<Response><Errors>");
	if (form == FORM_QUERY && xml_namespace != NULL)
		sp_buffer_format(&xml, "<ErrorResponse xmlns=\"%s\">", xml_namespace);
	else if (form == FORM_QUERY)
		sp_buffer_add_text(&xml, "<ErrorResponse>");

	sp_buffer_add_text(&xml, "<Error>");
	if (form == FORM_QUERY)
		xml_add_element(&xml, "Type", status < 500 ? "Sender" : "Receiver");
	xml_add_element(&xml, "Code", code);
	xml_add_element(&xml, "Message", message);
	xml_add_members(&xml, members, form == FORM_EC2 ? "item" : "member");
	if (form == FORM_S3)
		xml_add_element(&xml, "RequestId", request_id);
	sp_buffer_add_text(&xml, "</Error>");

	if (form == FORM_EC2)
		sp_buffer_add_text(&xml, "</Errors>");
	if (form != FORM_S3)
		xml_add_element(&xml, form == FORM_EC2 ? "RequestID" : "RequestId", request_id);
	if (form != FORM_S3)
		sp_buffer_add_text(&xml, form == FORM_EC2 ? "</Response>" : "</ErrorResponse>");

	out->content_type = form == FORM_S3 ? "application/xml" : "text/xml;charset=UTF-8";
	out->length = xml.length;
	out->body = sp_buffer_take(&xml);
}

static void write_error(enum refusal_form form, unsigned status, const char *code,
			const char *message_member, const char *message, const json_t *members,
			const char *xml_namespace, const char *request_id, struct api_answer *out)
{
	SP_AUTO_FREE char *text = as_text(message);
	*out = (struct api_answer){ .status = status };
	if (form == FORM_JSON || form == FORM_REST_JSON)
		write_json(form == FORM_REST_JSON, code, message_member, text, members, out);
	else
		write_xml(form, status, code, text, members, xml_namespace, request_id, out);
}

void refusal_write(enum refusal_form form, enum refusal_reason reason, const char *message,
		   const char *request_id, struct api_answer *out)
{
	write_error(form, refusals[reason][form].status, refusals[reason][form].code, "message",
		    message, NULL, NULL, request_id, out);
}

void refusal_write_throttled(enum refusal_form form, const char *message, unsigned wait_s,
			     const char *member, const char *request_id, struct api_answer *out)
{
	SP_AUTO_JSON json_t *members = json_object();
	SP_AUTO_BUFFER seconds = { 0 };
	sp_buffer_format(&seconds, "%u", wait_s);
	if (member != NULL)
		json_object_set_new(members, member, json_string(sp_buffer_text(&seconds)));
	write_error(form, refusals[REFUSED_THROTTLED][form].status,
		    refusals[REFUSED_THROTTLED][form].code, "message", message, members, NULL,
		    request_id, out);
	out->retry_after_s = wait_s;
}

void refusal_write_modelled(enum refusal_form form, unsigned status, const char *code,
			    const char *message, const json_t *members, const char *xml_namespace,
			    const char *request_id, struct api_answer *out)
{
	write_error(form, status, code, form == FORM_JSON ? "Message" : "message", message, members,
		    xml_namespace, request_id, out);
}
