#include "cli/listen.h"

#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "cli/event_stream.h"
#include "cli/interrupt.h"

enum {
	AGAIN_AFTER_MS = 500,   /* a connection that broke */
	SILENCE_MAX_S = 60,     /* the service sends a comment every 15 */
	REFUSAL_MAX = 64 << 10, /* bytes */
};

struct listen {
	struct ask *ask;
	listen_fn *take;
	void *ctx;
	char *target;
	CURLM *multi;
	CURL *easy; /* NULL: no connection is under way */
	struct curl_slist *headers;
	struct event_stream stream;
	struct sp_buffer refusal;
	char reason[CURL_ERROR_SIZE];
	bool is_greeted;
	int64_t lost_ms, again_ms; /* monotonic; @lost_ms 0: it is there */
	struct sp_error failure;   /* of the stream itself */
};

static void take_event(void *ctx, const char *name, const char *id, const char *data)
{
	struct listen *listen = ctx;
	SP_AUTO_JSON json_t *value = NULL;
	(void)id;
	if (sp_json_parse(data, strlen(data), &value, NULL) != 0)
		return;
	listen->is_greeted = true;
	listen->lost_ms = 0;
	listen->take(listen->ctx, name, value);
}

static size_t take_bytes(char *data, size_t size, size_t count, void *ctx)
{
	struct listen *listen = ctx;
	long status = 0;
	curl_easy_getinfo(listen->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return event_stream_feed(&listen->stream, data, size * count, &listen->failure) == 0
			       ? size * count
			       : 0;
	sp_buffer_add(&listen->refusal, data, size * count);
	return size * count;
}

static int connect_again(struct listen *listen, struct sp_error *err)
{
	const char *last = listen->stream.id;
	const struct http_request request = { .method = "GET",
					      .target = listen->target,
					      .service = "sallyport",
					      .last_event = last[0] == '\0' ? NULL : last };
	CURL *easy = listen->easy = curl_easy_init();
	if (easy == NULL)
		sp_die("there is no memory for a request");
	event_stream_restart(&listen->stream);
	sp_buffer_clear(&listen->refusal);
	listen->reason[0] = '\0';
	if (http_prepare(listen->ask->http, &request, easy, &listen->headers, err) != 0)
		return -1;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, listen->reason);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, listen);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_MAX_S);
	curl_multi_add_handle(listen->multi, easy);
	return 0;
}

static void disconnect(struct listen *listen)
{
	if (listen->easy != NULL) {
		curl_multi_remove_handle(listen->multi, listen->easy);
		curl_easy_cleanup(sp_take_pointer(&listen->easy));
	}
	curl_slist_free_all(sp_take_pointer(&listen->headers));
}

/* ---- a connection that is over ---------------------------------------------------------------------------------- */

static int refuse(const struct listen *listen, struct sp_error *err)
{
	SP_AUTO_JSON json_t *body = NULL;
	sp_json_parse(sp_buffer_text(&listen->refusal), listen->refusal.length, &body, NULL);
	const char *sentence = sp_json_string(body, "message");
	if (sentence == NULL)
		sentence = sp_json_string(body, "Message");
	return sp_fail(err, SP_CONFLICT, "%s",
		       sentence != NULL ? sentence : "the service does not tell what happens");
}

/* It is tried again, unless the service said no, or nothing was ever heard of it. */
static int end_connection(struct listen *listen, CURLcode code, struct sp_error *err)
{
	long status = 0;
	int64_t now_ms = sp_monotonic_ms();
	curl_easy_getinfo(listen->easy, CURLINFO_RESPONSE_CODE, &status);
	disconnect(listen);
	if (listen->failure.code != SP_OK) {
		*err = listen->failure;
		return -1;
	}
	if (status >= 400 && status < 500)
		return refuse(listen, err);
	if (listen->lost_ms == 0)
		listen->lost_ms = now_ms;
	if (!listen->is_greeted || now_ms - listen->lost_ms > LISTEN_PATIENCE_MS)
		return http_fail(listen->ask->http, code == CURLE_OK ? CURLE_GOT_NOTHING : code,
				 listen->reason, err);
	listen->again_ms = now_ms + AGAIN_AFTER_MS;
	return 0;
}

static int look_for_ends(struct listen *listen, struct sp_error *err)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(listen->multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			return end_connection(listen, message->data.result, err);
	return 0;
}

/* ---- what others call ------------------------------------------------------------------------------------------- */

int listen_step(struct listen *listen, int timeout_ms, struct sp_error *err)
{
	int64_t now_ms = sp_monotonic_ms();
	int running;
	if (listen->easy == NULL && now_ms >= listen->again_ms && connect_again(listen, err) != 0)
		return -1;
	if (listen->easy == NULL && timeout_ms > AGAIN_AFTER_MS)
		timeout_ms = AGAIN_AFTER_MS;
	struct curl_waitfd interrupt = { .fd = interrupt_fd(), .events = CURL_WAIT_POLLIN };
	curl_multi_perform(listen->multi, &running);
	if (!interrupt_came())
		curl_multi_poll(listen->multi, &interrupt, interrupt.fd >= 0, timeout_ms, NULL);
	curl_multi_perform(listen->multi, &running);
	return look_for_ends(listen, err);
}

int listen_open(struct ask *ask, const char *connector_id, listen_fn *take, void *ctx,
		struct listen **out, struct sp_error *err)
{
	struct listen *listen = sp_alloc(sizeof(*listen));
	SP_AUTO_BUFFER target = { 0 };
	sp_buffer_add_text(&target, "/v1/events");
	ask_add_parameter(&target, "ConnectorId", connector_id);
	listen->ask = ask;
	listen->take = take;
	listen->ctx = ctx;
	listen->target = sp_buffer_take(&target);
	listen->refusal.limit = REFUSAL_MAX;
	listen->multi = curl_multi_init();
	event_stream_init(&listen->stream, take_event, listen);
	int result = 0;
	while (result == 0 && !listen->is_greeted && !interrupt_came())
		result = listen_step(listen, AGAIN_AFTER_MS, err);
	if (result == 0 && !listen->is_greeted)
		result = sp_fail(err, SP_CANCELLED,
				 "it was interrupted before anything was asked for");
	if (result != 0) {
		listen_close(listen);
		return -1;
	}
	*out = listen;
	return 0;
}

void listen_close(struct listen *listen)
{
	if (listen == NULL)
		return;
	disconnect(listen);
	curl_multi_cleanup(listen->multi);
	event_stream_finish(&listen->stream);
	sp_buffer_finish(&listen->refusal);
	free(listen->target);
	free(listen);
}
