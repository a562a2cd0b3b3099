#include "cli/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "base/text.h"
#include "sign/make.h"

enum {
	CONNECT_TIMEOUT_MS = 15 * 1000,
	ANSWER_TIMEOUT_MS = 300 * 1000, /* a test of a connector may take its time */
	HEADERS_MAX = 8,
};

struct http {
	const struct account *account;
	CURL *easy; /* kept, and with it the connection */
	char host[300];
	char reason[CURL_ERROR_SIZE];
};

/* As libcurl would write it: without what stands in front of "@", and without the port that goes without saying. */
static int find_host(struct http *http, struct sp_error *err)
{
	const char *scheme = strstr(http->account->endpoint, "://");
	const char *at = scheme == NULL ? "" : scheme + 3; /* "http://" has lost its slashes */
	size_t length = strcspn(at, "/?#");
	bool is_secure = strncmp(http->account->endpoint, "https:", 6) == 0;
	const char *usual = is_secure ? ":443" : ":80";
	if (length == 0 || length >= sizeof(http->host) || memchr(at, '@', length) != NULL ||
	    at[length] != '\0')
		return sp_fail(err, SP_INVALID,
			       "cannot use the endpoint \"%.200s\": needed is http://HOST:PORT",
			       http->account->endpoint);
	snprintf(http->host, sizeof(http->host), "%.*s", (int)length, at);
	if (sp_text_ends_with(http->host, usual))
		http->host[length - strlen(usual)] = '\0';
	return 0;
}

int http_open(const struct account *account, struct http **out, struct sp_error *err)
{
	struct http *http = sp_alloc(sizeof(*http));
	http->account = account;
	if (find_host(http, err) != 0) {
		free(http);
		return -1;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->easy = curl_easy_init();
	if (http->easy == NULL)
		sp_die("there is no memory for a request");
	*out = http;
	return 0;
}

void http_close(struct http *http)
{
	if (http == NULL)
		return;
	curl_easy_cleanup(http->easy);
	curl_global_cleanup();
	free(http);
}

/* ---- what goes out ---------------------------------------------------------------------------------------------- */

static void add_line(struct curl_slist **list, const char *name, const char *value)
{
	SP_AUTO_BUFFER line = { .secret = true };
	sp_buffer_format(&line, "%s:%s%s", name, value[0] == '\0' ? "" : " ", value);
	struct curl_slist *longer = curl_slist_append(*list, sp_buffer_text(&line));
	if (longer == NULL)
		sp_die("there is no memory for a request");
	*list = longer;
}

static int make_headers(struct http *http, const struct http_request *request,
			struct curl_slist **out, struct sp_error *err)
{
	char stamp[SP_ISO_TIME_SIZE], hash[SP_SHA256_HEX_SIZE];
	bool is_s3 =
		strcmp(request->service, "s3") == 0; /* which wants the body's hash as a header */
	sp_time_to_amz(sp_now_ms(), stamp);
	sp_sha256_hex(request->body, request->body_length, hash);
	const struct sign_header rows[] = {
		{ "Host", http->host },
		{ "X-Amz-Date", stamp },
		{ "Content-Type", request->content_type },
		{ "X-Amz-Target", request->operation },
		{ "X-Amz-Content-Sha256", is_s3 ? hash : NULL },
		{ "X-Amz-Security-Token", http->account->session_token },
		{ "Last-Event-ID", request->last_event },
	};
	struct sign_header headers[HEADERS_MAX];
	struct sign_request to_sign = { .method = request->method,
					.target = request->target,
					.headers = headers,
					.body = request->body == NULL ? "" : request->body,
					.body_length = request->body_length };
	for (size_t i = 0; i < SP_COUNT_OF(rows); i++)
		if (rows[i].value != NULL)
			headers[to_sign.header_count++] = rows[i];

	SP_AUTO_BUFFER authorization = { 0 };
	if (sign_make(&to_sign, &http->account->key, http->account->region, request->service,
		      &authorization, err) != 0)
		return -1;
	for (size_t i = 0; i < to_sign.header_count; i++)
		add_line(out, headers[i].name, headers[i].value);
	add_line(out, "Authorization", sp_buffer_text(&authorization));
	if (request->invocation != NULL)
		add_line(out, "amz-sdk-invocation-id", request->invocation);
	add_line(out, "Expect", ""); /* no answer in between */
	if (request->content_type == NULL)
		add_line(out, "Content-Type", ""); /* nor what libcurl would say it is, unsigned */
	return 0;
}

static void set_url(struct http *http, const char *target, CURL *easy)
{
	SP_AUTO_BUFFER url = { 0 };
	sp_buffer_format(&url, "%s%s", http->account->endpoint, target);
	curl_easy_setopt(easy, CURLOPT_URL, sp_buffer_text(&url));
}

int http_prepare(struct http *http, const struct http_request *request, CURL *easy,
		 struct curl_slist **out_headers, struct sp_error *err)
{
	*out_headers = NULL;
	if (make_headers(http, request, out_headers, err) != 0) {
		curl_slist_free_all(sp_take_pointer(out_headers));
		return -1;
	}
	set_url(http, request->target, easy);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "sallyport-cli/" SALLYPORT_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *out_headers);
	if (http->account->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->account->ca_file);
	return 0;
}

/* ---- what comes back -------------------------------------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
	struct http_answer *answer = ctx;
	sp_buffer_add(&answer->body, data, size * count);
	return answer->body.failed ? 0 : size * count;
}

static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
	static const char name[] = "x-amzn-errortype:";
	struct http_answer *answer = ctx;
	size_t length = size * count, at = sizeof(name) - 1;
	if (length <= at || strncasecmp(data, name, at) != 0)
		return length;
	while (at < length && data[at] == ' ')
		at++;
	size_t end = at;
	while (end < length && strchr(":\r\n", data[end]) == NULL)
		end++;
	snprintf(answer->error_type, sizeof(answer->error_type), "%.*s", (int)(end - at),
		 data + at);
	return length;
}

static enum sp_code code_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OPERATION_TIMEDOUT:
		return SP_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CONNECT_ERROR:
		return SP_UNTRUSTED;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return SP_CLOSED;
	default:
		return SP_UNREACHABLE;
	}
}

int http_fail(struct http *http, CURLcode code, const char *reason, struct sp_error *err)
{
	char shown[CURL_ERROR_SIZE];
	snprintf(shown, sizeof(shown), "%s", reason[0] != '\0' ? reason : curl_easy_strerror(code));
	sp_text_make_readable(shown);
	return sp_fail(err, code_of(code), "could not reach the service at %.200s: %s",
		       http->account->endpoint, shown);
}

static void set_method(CURL *easy, const struct http_request *request)
{
	bool is_post = strcmp(request->method, "POST") == 0;
	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	if (is_post) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				 request->body == NULL ? "" : request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body_length);
	} else if (strcmp(request->method, "GET") != 0) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

int http_send(struct http *http, const struct http_request *request, struct http_answer *out,
	      struct sp_error *err)
{
	struct curl_slist *headers;
	CURL *easy = http->easy;
	curl_easy_reset(easy); /* the connection stays */
	sp_buffer_clear(&out->body);
	out->error_type[0] = '\0';
	if (http_prepare(http, request, easy, &headers, err) != 0)
		return -1;
	set_method(easy, request);
	http->reason[0] = '\0';
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->reason);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, out);
	CURLcode code = curl_easy_perform(easy);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return http_fail(http, code, http->reason, err);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &out->status);
	return 0;
}
