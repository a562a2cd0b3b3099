#include "events/webhook_request.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "events/signature.h"

enum { ANSWER_MAX = 64 << 10, SHOWN_URL_SIZE = 256 };

struct webhook_request {
	const struct webhook_door *door;
	CURL *easy;
	CURLM *multi; /* NULL: it is not under way */
	struct curl_slist *headers;
	char *body;
	size_t answered; /* bytes */
	char reason[CURL_ERROR_SIZE];
};

/* An answer's body is read, so that the connection can be used again, and forgotten. */
static size_t take_answer(char *data, size_t size, size_t count, void *ctx)
{
	struct webhook_request *request = ctx;
	(void)data;
	request->answered += size * count;
	return request->answered > ANSWER_MAX ? 0 : size * count;
}

struct webhook_request *webhook_request_create(const struct webhook_door *door)
{
	struct webhook_request *request = sp_alloc(sizeof(*request));
	request->door = door;
	CURL *easy = request->easy = curl_easy_init();
	if (easy == NULL)
		sp_die("there is no memory for a request");
	curl_easy_setopt(easy, CURLOPT_URL, door->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "sallyport/" SALLYPORT_VERSION);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
			 1L); /* a name server that hangs keeps nobody from ending */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)door->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)door->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->reason);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	if (door->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, door->ca_file);
	return request;
}

static void add_header(struct webhook_request *request, const char *name, const char *value)
{
	char line[256];
	snprintf(line, sizeof(line), "%s:%s%s", name, value[0] == '\0' ? "" : " ", value);
	struct curl_slist *longer = curl_slist_append(request->headers, line);
	if (longer == NULL)
		sp_die("there is no memory for a request");
	request->headers = longer;
}

static void clear(struct webhook_request *request)
{
	curl_slist_free_all(sp_take_pointer(&request->headers));
	free(sp_take_pointer(&request->body));
	request->answered = 0;
	request->reason[0] = '\0';
}

void webhook_request_begin(struct webhook_request *request, CURLM *multi, const char *event_id,
			   char *body, void *ctx)
{
	assert(request->multi == NULL);
	char signature[EVENT_SIGNATURE_SIZE];
	clear(request);
	request->body = body;
	event_signature(request->door->secret, sp_now_ms(), body, strlen(body), signature);
	add_header(request, "Content-Type", "application/json");
	add_header(request, "Sallyport-Event-Id", event_id);
	add_header(request, EVENT_SIGNATURE_HEADER, signature);
	add_header(request, "Expect", ""); /* no answer in between */
	curl_easy_setopt(request->easy, CURLOPT_PRIVATE, ctx);
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
	curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(request->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
	request->multi = multi;
	curl_multi_add_handle(multi, request->easy);
}

void *webhook_request_ctx(CURL *easy)
{
	char *ctx = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &ctx);
	return ctx;
}

static int fail_status(const struct webhook_request *request, long status, struct sp_error *err)
{
	char *target = NULL;
	curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_URL, &target);
	if (target == NULL)
		return sp_fail(err, SP_PROTOCOL, "it answered %ld, and 2xx was to come", status);
	char shown[SHOWN_URL_SIZE];
	snprintf(shown, sizeof(shown), "%s", target);
	sp_text_make_readable(shown);
	return sp_fail(err, SP_PROTOCOL,
		       "it answered %ld and sends to \"%s\", where no event goes: give that URL "
		       "if it is right",
		       status, shown);
}

static int judge(struct webhook_request *request, CURLcode code, struct sp_error *err)
{
	long status = 0;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	bool is_answered = code == CURLE_OK || request->answered > ANSWER_MAX;
	if (is_answered && status >= 200 && status < 300)
		return 0;
	if (is_answered)
		return fail_status(request, status, err);
	sp_text_make_readable(request->reason);
	return sp_fail(err, SP_UNREACHABLE, "%s",
		       request->reason[0] != '\0' ? request->reason : curl_easy_strerror(code));
}

int webhook_request_end(struct webhook_request *request, CURLcode code, struct sp_error *err)
{
	int result = judge(request, code, err);
	curl_multi_remove_handle(request->multi, request->easy);
	request->multi = NULL;
	return result;
}

void webhook_request_destroy(struct webhook_request *request)
{
	if (request == NULL)
		return;
	if (request->multi != NULL)
		curl_multi_remove_handle(request->multi, request->easy);
	curl_easy_cleanup(request->easy);
	clear(request);
	free(request);
}
