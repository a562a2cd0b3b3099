#pragma once
/** What a service declares about itself: its protocol, its operations and its errors, as tables. */

#include <stddef.h>

#include "access/facts.h"
#include "api/call.h"
#include "api/shape.h"
#include "api/sink.h"

enum api_protocol {
	API_JSON_1_1,  /* POST /, X-Amz-Target: <target>.<Operation> */
	API_QUERY,     /* POST / (or GET), form parameters Action and Version; XML answers */
	API_EC2,       /* as Query, with EC2's own answers and errors */
	API_REST_JSON, /* method and path; labels and the query string are members of the input */
	API_S3,        /* REST-XML: the same, and headers; bodies are XML, or an object's bytes */
};

struct api_operation {
	const char *name;
	const struct shape *input; /* a STRUCTURE */
	void (*handle)(struct api_call *call);
	/* REST-JSON: "POST", "/resourcegateways/{resourceGatewayIdentifier}". A label is a member of the input; the
	 * other members are in the query string, or with POST, PUT and PATCH in the body.
	 * S3: "/{Bucket}/{Key+}?uploadId&x-amz-copy-source": the rest of the path is the key, and of what stands behind "?"
	 * all has to be there, in the query string or as a header. Members that begin with "x-amz-" are headers, other lower
	 * case ones parameters, the rest is the body's; the first row that fits is it. */
	const char *method, *path;
	int status; /* REST-JSON only: of a success; 0: 200. 204 has no body */
	/* What it is about, for the check of permissions: words that api/guard.h explains. Its action is the service's
	 * signing name, a colon and its name. Required. */
	const char *resource;
	/* REST-JSON only, of a path without labels: whether it is answered without a signature just now; NULL: never. */
	bool (*is_open)(const void *context);
	/* What its permission is called when that is not its own name: "ListBucket" for ListObjectsV2. NULL: its name. */
	const char *action;
	/* S3 only: where its body goes; then it has no handler. NULL: into memory, as everywhere else. */
	const struct api_sink *sink;
};

struct api_error_type {
	const char *name;
	int http_status;
};

enum { API_VALUES_MAX = 20 };

struct api_service {
	const char *signing_name; /* "transfer": the service in the credential's scope */
	const char *title;        /* "AWS Transfer Family": for sentences */
	enum api_protocol protocol;
	const char *target_prefix; /* JSON 1.1: "TransferService" */
	const char *version;       /* Query, EC2: "2011-06-15" */
	const char *xml_namespace; /* Query, EC2 */
	/* What a shape that does not fit is called: "InvalidRequestException". EC2's protocol has its own names. */
	const char *validation_error;
	const char *internal_error; /* what our own failure is called: "InternalServiceError" */
	const char *
		retry_member; /* of the error for who asks too often: seconds, a string. NULL: none */
	bool is_global;       /* as IAM: its ARNs name no region */
	const char *arn_service; /* whose resources its operations are about; NULL: its own */
	/**
	 * Puts what a request's names mean in their place, before anybody is asked for a permission: what was allowed is what is
	 * done, whatever has that name by then. A name that means nothing stays. @context: the service's. May be NULL.
	 */
	void (*resolve)(void *context, const struct api_operation *operation, json_t *input);
	/**
	 * The values that a condition key of the service's own has in a request; each of them must be allowed. Borrowed from
	 * @input. Returns how many: 0 when the request has no such key. May be NULL.
	 */
	size_t (*list_values)(const struct api_operation *operation, const json_t *input,
			      enum access_fact *out_key, const char *out[API_VALUES_MAX]);
	/**
	 * The ARN that a resource has which a request names otherwise: @value, where a word of api_operation.resource has
	 * braces behind @kind. Owned by the caller; NULL: there is nothing to find, so @kind and @value make the ARN. May be
	 * NULL itself. @context: the service's.
	 */
	char *(*find_arn)(void *context, const json_t *input, const char *kind, const char *value);
	const struct api_operation *operations; /* ends with a NULL name */
	/* Ends with a NULL name; those not listed are HTTP 400. */
	const struct api_error_type *errors;
};
