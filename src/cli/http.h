#pragma once
/** Signed requests to the service by libcurl. One thread. */

#include <curl/curl.h>

#include "base/buffer.h"
#include "cli/account.h"

struct http_request {
	const char *method;
	const char *target;                   /* path and query, encoded */
	const char *service;                  /* that it is signed for */
	const char *content_type, *operation; /* Content-Type and X-Amz-Target; NULL: none */
	const char *
		invocation; /* tries of one request have one id: amz-sdk-invocation-id; NULL: none */
	const char *last_event; /* Last-Event-ID; NULL: none */
	const char *body;
	size_t body_length;
};

struct http_answer {
	long status;
	struct sp_buffer body;
	char error_type[128]; /* x-amzn-errortype, without what stands behind ":" */
};

struct http;

/** @account is kept. */
int http_open(const struct account *account, struct http **out, struct sp_error *err);
void http_close(struct http *http); /* NULL is fine */

/**
 * Sends it and waits for the answer, whatever its status. @out is initialized; whose body is finished by the caller, also
 * after a failure. SP_UNREACHABLE, SP_CLOSED, SP_TIMEOUT, SP_UNTRUSTED (TLS).
 */
int http_send(struct http *http, const struct http_request *request, struct http_answer *out,
	      struct sp_error *err);

/**
 * The same request on a handle of the caller's, who drives it. @out_headers is owned by the caller and has to stay as long
 * as the handle is used.
 */
int http_prepare(struct http *http, const struct http_request *request, CURL *easy,
		 struct curl_slist **out_headers, struct sp_error *err);

/** Why @code came of a request, behind "could not reach URL". */
int http_fail(struct http *http, CURLcode code, const char *reason, struct sp_error *err);
