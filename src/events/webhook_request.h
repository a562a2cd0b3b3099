#pragma once
/**
 * Within events/: one event on its way to a webhook. It is delivered when the receiver answers 2xx; redirects are not
 * followed, proxies of the environment not asked, and of an answer ANSWER_MAX bytes are read.
 */

#include <curl/curl.h>

#include "base/error.h"

struct webhook_request;

/** All kept. */
struct webhook_door {
	const char *url, *secret;
	const char *ca_file; /* NULL: those of the host */
	int64_t timeout_ms;  /* of the whole: connection, request, answer */
};

struct webhook_request *webhook_request_create(const struct webhook_door *door);
void webhook_request_destroy(struct webhook_request *request); /* NULL is fine */

/**
 * Puts it under way.
 * @multi     kept until webhook_request_end()
 * @event_id  copied
 * @body      taken
 * @ctx       for webhook_request_ctx()
 */
void webhook_request_begin(struct webhook_request *request, CURLM *multi, const char *event_id,
			   char *body, void *ctx);

/** What @ctx was, of whose handle it is. */
void *webhook_request_ctx(CURL *easy);

/** It is no longer under way. @code: how it ended. Returns 0 when the event was delivered, or -1 with a sentence. */
int webhook_request_end(struct webhook_request *request, CURLcode code, struct sp_error *err);
