#include "sign/claim.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "sign/canonical.h"

#define ALGORITHM    "AWS4-HMAC-SHA256"
#define TOKEN_HEADER "x-amz-security-token"

static enum sign_verdict incomplete(struct sp_error *err, const char *sentence, const char *what)
{
	sp_fail(err, SP_INVALID, "%s '%.200s'", sentence, what);
	return SIGN_INCOMPLETE;
}

/* The longest part that fits, and whether all of it did. */
static bool copy_part(char *out, size_t room, const char *part, size_t length)
{
	snprintf(out, room, "%.*s", (int)(length < room ? length : room - 1), part);
	return length < room && length > 0;
}

/* "AKIA…/20261123/eu-central-1/transfer/aws4_request" */
static bool read_credential(const char *text, struct sign_claim *claim)
{
	const struct {
		char *to;
		size_t room;
	} parts[] = {
		{ claim->access_key_id, sizeof(claim->access_key_id) },
		{ claim->date, sizeof(claim->date) },
		{ claim->region, sizeof(claim->region) },
		{ claim->service, sizeof(claim->service) },
		{ claim->terminator, sizeof(claim->terminator) },
	};
	bool good = true;
	for (size_t i = 0; i < SP_COUNT_OF(parts); i++) {
		size_t length = strcspn(text, "/");
		good = copy_part(parts[i].to, parts[i].room, text, length) && good;
		bool last = i + 1 == SP_COUNT_OF(parts);
		if ((text[length] == '\0') != last)
			return false;
		text += length + !last;
	}
	return good;
}

/* What both forms have in common. NULL parts are missing. */
static enum sign_verdict read_parts(const char *credential, const char *names,
				    const char *signature, struct sign_claim *claim,
				    struct sp_error *err)
{
	/* The credential first: a refusal takes the form of the service that it names. */
	bool scoped = credential != NULL && read_credential(credential, claim);
	SP_AUTO_BUFFER missing = { 0 };
	if (credential == NULL)
		sp_buffer_add_text(&missing, "Authorization requires 'Credential' parameter. ");
	if (signature == NULL)
		sp_buffer_add_text(&missing, "Authorization requires 'Signature' parameter. ");
	if (names == NULL)
		sp_buffer_add_text(&missing, "Authorization requires 'SignedHeaders' parameter. ");
	if (credential == NULL || signature == NULL || names == NULL) {
		sp_fail(err, SP_INVALID, "%.*s", (int)missing.length - 1, missing.data);
		return SIGN_INCOMPLETE;
	}
	if (!scoped)
		return incomplete(err,
				  "Credential must have exactly 5 slash-delimited elements, e.g. "
				  "keyid/date/region/service/term, got",
				  credential);
	if (strlen(names) >= sizeof(claim->names) || !sign_names_are_canonical(names))
		return incomplete(err,
				  "SignedHeaders must be lower-case names in ascending order, not",
				  names);
	snprintf(claim->names, sizeof(claim->names), "%s", names);
	if (!sp_hex_decode(signature, claim->signature, sizeof(claim->signature))) {
		sp_fail(err, SP_INVALID, "Signature must be 64 hexadecimal digits");
		return SIGN_INCOMPLETE;
	}
	return SIGN_GOOD;
}

/* RFC 1123, where the zone may be written as the number that botocore writes. */
static bool read_http_date(const char *date, int64_t *out_ms)
{
	char copy[SP_ISO_TIME_SIZE];
	if (strlen(date) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", date);
	if (sp_text_ends_with(copy, " -0000") || sp_text_ends_with(copy, " +0000"))
		strcpy(copy + strlen(copy) - strlen("-0000"), "GMT");
	return sp_time_from_http(copy, out_ms);
}

/* X-Amz-Date, else Date. */
static enum sign_verdict read_header_date(const struct sign_request *request,
					  struct sign_claim *claim, struct sp_error *err)
{
	const char *stamp = sign_header_value(request, "x-amz-date");
	const char *date = stamp == NULL ? sign_header_value(request, "date") : NULL;
	if (stamp != NULL ? !sp_time_from_amz(stamp, &claim->time_ms)
			  : date != NULL && !read_http_date(date, &claim->time_ms) &&
				    !sp_time_from_amz(date, &claim->time_ms))
		return incomplete(err, "Date must be in ISO-8601 'basic format'. Got",
				  stamp != NULL ? stamp : date);
	if (stamp == NULL && date == NULL) {
		sp_fail(err, SP_INVALID,
			"Authorization header requires existence of either a 'X-Amz-Date' or a "
			"'Date' header.");
		return SIGN_INCOMPLETE;
	}
	sp_time_to_amz(claim->time_ms, claim->stamp);
	return SIGN_GOOD;
}

/* @token: NULL when there is none. */
static void take_token(const char *token, struct sign_claim *claim)
{
	if (token != NULL)
		claim->has_bad_token =
			!copy_part(claim->token, sizeof(claim->token), token, strlen(token));
}

static bool has_header(const struct sign_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return true;
	return false;
}

static enum sign_verdict read_header(const struct sign_request *request, const char *value,
				     struct sign_claim *claim, struct sp_error *err)
{
	size_t algorithm_length = strcspn(value, " ");
	if (algorithm_length != strlen(ALGORITHM) ||
	    memcmp(value, ALGORITHM, algorithm_length) != 0) {
		sp_fail(err, SP_INVALID, "Unsupported AWS 'algorithm': '%.*s'",
			(int)(algorithm_length < 64 ? algorithm_length : 64), value);
		return SIGN_INCOMPLETE;
	}

	SP_AUTO_FREE char *copy = sp_strdup(value + algorithm_length);
	struct {
		const char *name;
		char *value;
	} parts[] = { { "Credential", NULL }, { "SignedHeaders", NULL }, { "Signature", NULL } };
	char *rest = copy;
	for (char *part; (part = strsep(&rest, ",")) != NULL;) {
		part += strspn(part, " \t");
		char *equals = strchr(part, '=');
		if (equals == NULL)
			return incomplete(err,
					  "Invalid key=value pair (missing equal-sign) in "
					  "Authorization header:",
					  part);
		*equals = '\0';
		for (size_t i = 0; i < SP_COUNT_OF(parts); i++) {
			if (strcmp(part, parts[i].name) != 0)
				continue;
			if (parts[i].value != NULL)
				return incomplete(err,
						  "Authorization header names it twice:", part);
			parts[i].value = equals + 1;
			char *end = equals + strlen(equals + 1) + 1;
			while (end > equals + 1 && (end[-1] == ' ' || end[-1] == '\t'))
				*--end = '\0';
		}
	}
	enum sign_verdict verdict =
		read_parts(parts[0].value, parts[1].value, parts[2].value, claim, err);
	take_token(sign_header_value(request, TOKEN_HEADER), claim);
	claim->has_bad_token = claim->has_bad_token ||
			       (claim->token[0] == '\0' && has_header(request, TOKEN_HEADER));
	return verdict == SIGN_GOOD ? read_header_date(request, claim, err) : verdict;
}

static enum sign_verdict read_query(const char *query, struct sign_claim *claim,
				    struct sp_error *err)
{
	SP_AUTO_FREE char *algorithm = sign_query_value(query, "X-Amz-Algorithm");
	SP_AUTO_FREE char *credential = sign_query_value(query, "X-Amz-Credential");
	SP_AUTO_FREE char *names = sign_query_value(query, "X-Amz-SignedHeaders");
	SP_AUTO_FREE char *signature = sign_query_value(query, "X-Amz-Signature");
	SP_AUTO_FREE char *stamp = sign_query_value(query, "X-Amz-Date");
	SP_AUTO_FREE char *expires = sign_query_value(query, "X-Amz-Expires");
	SP_AUTO_FREE char *token = sign_query_value(query, "X-Amz-Security-Token");

	claim->in_query = true;
	take_token(token, claim);
	if (algorithm == NULL || strcmp(algorithm, ALGORITHM) != 0)
		return incomplete(
			err, "Unsupported AWS 'algorithm':", algorithm == NULL ? "" : algorithm);
	enum sign_verdict verdict = read_parts(credential, names, signature, claim, err);
	if (verdict != SIGN_GOOD)
		return verdict;
	if (stamp == NULL || !sp_time_from_amz(stamp, &claim->time_ms))
		return incomplete(err, "X-Amz-Date must be in ISO-8601 'basic format'. Got",
				  stamp == NULL ? "" : stamp);
	sp_time_to_amz(claim->time_ms, claim->stamp);
	uint64_t seconds = 0;
	if (!sp_text_to_u64(expires, 1, SIGN_EXPIRES_MAX, &seconds))
		return incomplete(err, "X-Amz-Expires must be between 1 and 604800 seconds, not",
				  expires == NULL ? "" : expires);
	claim->expires_ms = (int64_t)seconds * 1000;
	return SIGN_GOOD;
}

enum sign_verdict sign_read_claim(const struct sign_request *request, struct sign_claim *out,
				  struct sp_error *err)
{
	memset(out, 0, sizeof(*out));

	size_t headers = 0;
	for (size_t i = 0; i < request->header_count; i++)
		headers += strcasecmp(request->headers[i].name, "authorization") == 0;
	if (headers > 1) {
		sp_fail(err, SP_INVALID, "there must be one Authorization header, not %zu",
			headers);
		return SIGN_INCOMPLETE;
	}
	if (headers == 1)
		return read_header(request, sign_header_value(request, "authorization"), out, err);

	const char *mark = strchr(request->target, '?');
	const char *query = mark == NULL ? "" : mark + 1;
	SP_AUTO_FREE char *signature = sign_query_value(query, "X-Amz-Signature");
	SP_AUTO_FREE char *algorithm = sign_query_value(query, "X-Amz-Algorithm");
	if (signature != NULL || algorithm != NULL)
		return read_query(query, out, err);
	SP_AUTO_FREE char *older = sign_query_value(query, "AWSAccessKeyId");
	if (older != NULL) {
		sp_fail(err, SP_INVALID,
			"The authorization mechanism you have provided is not supported. Please "
			"use AWS4-HMAC-SHA256.");
		return SIGN_INCOMPLETE;
	}
	sp_fail(err, SP_DENIED, "Missing Authentication Token");
	return SIGN_MISSING;
}
