#include "api/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/body.h"
#include "api/stream_inside.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/secret.h"
#include "base/text.h"

/* One client's connection. libmicrohttpd answers some requests by itself after it has told their target (arguments or
 * headers that do not fit its memory): their calls wait here, where the next request or the end finds them. */
struct client {
	struct tls_credentials *credentials; /* NULL: plain HTTP */
	struct api_call *announced;          /* its target is known, its headers are not */
};

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info->socket_context;
}

void *http_on_target(void *ctx, const char *target, struct MHD_Connection *connection)
{
	struct api_server *server = ctx;
	struct client *client = client_of(connection);
	struct api_call *call = call_create(target);
	call->server = server;
	call->connection = connection;
	call->catalogue = server->catalogue;
	call->secure = server->tls != NULL;
	call_release(client->announced);
	client->announced = call;
	return NULL;
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct api_call *call = ctx;
	(void)kind;
	call->headers[call->header_count++] =
		(struct sign_header){ sp_strdup(name), sp_strdup(value == NULL ? "" : value) };
	return MHD_YES;
}

/* One that came by IPv6 from an IPv4 address is the latter. */
static void note_source(struct api_call *call)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
	const void *bytes = NULL;
	int family = address == NULL ? AF_UNSPEC : address->sa_family;
	if (family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (family == AF_INET6) {
		const struct in6_addr *six =
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
		bool mapped = IN6_IS_ADDR_V4MAPPED(six);
		family = mapped ? AF_INET : AF_INET6;
		bytes = &six->s6_addr[mapped ? 12 : 0];
	}
	if (bytes == NULL || inet_ntop(family, bytes, call->source, sizeof(call->source)) == NULL)
		call->source[0] = '\0';
}

/* The pool's threads must not look into the connection: it may be gone when the server is closed. */
static void copy_head(struct api_call *call, const char *method)
{
	int count = MHD_get_connection_values(call->connection, MHD_HEADER_KIND, NULL, NULL);
	call->method = sp_strdup(method);
	call->headers = sp_alloc((size_t)count * sizeof(*call->headers));
	MHD_get_connection_values(call->connection, MHD_HEADER_KIND, add_header, call);
}

static void wipe_body(void *body)
{
	sp_secret_free(body);
}

/* A file goes by sendfile() where the connection is plain. */
static struct MHD_Response *make_response(struct api_answer *answer)
{
	if (answer->stream != NULL)
		return stream_response(answer->stream);
	if (answer->has_file) {
		answer->has_file = false; /* the response's from here on */
		return MHD_create_response_from_fd_at_offset64(answer->length, answer->fd,
							       answer->offset);
	}
	if (answer->body == NULL)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer_with_free_callback(
		answer->length, sp_take_pointer(&answer->body), wipe_body);
}

static enum MHD_Result send_answer(struct api_call *call)
{
	struct api_answer *answer = &call->answer;
	struct MHD_Response *response = make_response(answer);
	if (response == NULL)
		sp_die("out of memory");
	for (size_t i = 0; i < call->more_count; i++)
		MHD_add_response_header(response, call->more[i].name, call->more[i].value);
	MHD_add_response_header(response, "x-amzn-RequestId", call->id);
	if (call->service != NULL && call->service->protocol == API_S3)
		MHD_add_response_header(response, "x-amz-request-id", call->id);
	if (answer->content_type != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
					answer->content_type);
	if (answer->stream != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (answer->error_type[0] != '\0')
		MHD_add_response_header(response, "x-amzn-errortype", answer->error_type);
	if (answer->retry_after_s > 0) {
		char seconds[16];
		snprintf(seconds, sizeof(seconds), "%u", answer->retry_after_s);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (answer->close)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result result = MHD_queue_response(call->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Answers at once, on libmicrohttpd's thread; what is left of the request is not read. */
static enum MHD_Result refuse_now(struct api_call *call, enum refusal_reason reason,
				  const char *message)
{
	refusal_write(call_form(call), reason, message, call->id, &call->answer);
	call->answer.close = true;
	return send_answer(call);
}

static enum MHD_Result refuse_size(struct api_call *call)
{
	char message[96];
	snprintf(message, sizeof(message), "the body of a request must have at most %zu bytes",
		 call->body_max);
	return refuse_now(call, REFUSED_TOO_LARGE, message);
}

/* What the head says of the body's length: false when it says nothing, or more than @max. */
static bool says_length(const struct api_call *call, uint64_t max, uint64_t *out)
{
	const struct sign_request request = call_request(call);
	const char *text = sign_header_value(&request, "content-length");
	*out = 0;
	return text != NULL && sp_text_to_u64(text, 0, max, out);
}

static bool waits_for_100(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	const char *expect = sign_header_value(&request, "expect");
	return expect != NULL && strcasecmp(expect, "100-continue") == 0;
}

/* A client that is told before it has sent everything may never read it. So a body that is only somewhat too large
 * is read to its end and dropped; a client that waits for "100 Continue" is told at once. */
static enum MHD_Result check_size(struct api_call *call)
{
	uint64_t length;
	const struct sign_request request = call_request(call);
	if (sign_header_value(&request, "content-length") == NULL ||
	    says_length(call, call->body_max, &length))
		return MHD_YES;
	if (waits_for_100(call) || !says_length(call, API_DRAIN_MAX, &length))
		return refuse_size(call);
	call->refuse_body = true;
	return MHD_YES;
}

static enum MHD_Result ask_at_door(struct api_call *call);

/* Where the body ends is said once, or somebody between the client and us may have read another end (RFC 9112, 6.3). */
static bool says_its_end_twice(const struct api_call *call)
{
	size_t count = 0;
	for (size_t i = 0; i < call->header_count; i++)
		count += strcasecmp(call->headers[i].name, "content-length") == 0 ||
			 strcasecmp(call->headers[i].name, "transfer-encoding") == 0;
	return count > 1;
}

static enum MHD_Result begin(struct api_call *call, const char *method)
{
	call->begun_ms = sp_monotonic_ms();
	copy_head(call, method);
	note_source(call);
	if (says_its_end_twice(call))
		return refuse_now(call, REFUSED_BAD_HEAD,
				  "the headers Content-Length and Transfer-Encoding say where the "
				  "body ends: only one of them may come, and once");
	if (call_has_door(call))
		return ask_at_door(call);
	call->body.limit = call->body_max = call->server->body_max;
	return check_size(call);
}

/* The head was looked at: either it is answered, or the body may come. */
static enum MHD_Result enter(struct api_call *call)
{
	uint64_t length;
	if (!call_is_answered(call)) {
		call->phase = body_is_open(call) ? CALL_STREAMING : CALL_READING;
		if (call->phase == CALL_STREAMING)
			return MHD_YES;
		call->body_max = call->server->body_max > API_DOCUMENT_MAX ? call->server->body_max
									   : API_DOCUMENT_MAX;
		call->body.limit = call->body_max;
		return check_size(call);
	}
	/* As in check_size(): one that is on its way is read to its end, if that is not far. */
	if (waits_for_100(call) || !says_length(call, API_DRAIN_MAX, &length)) {
		call->answer.close = true;
		return send_answer(call);
	}
	call->phase = CALL_READING;
	call->refuse_body = true;
	return MHD_YES;
}

static enum MHD_Result take_piece(struct api_call *call, const char *piece, size_t length)
{
	call->body_seen += length;
	if (call->body_seen > call->body_max)
		call->refuse_body = true;
	if (!call->refuse_body) {
		sp_buffer_add(&call->body, piece, length);
	} else if (call->body_seen > API_DRAIN_MAX) {
		return MHD_NO; /* closes the connection: it had its chance */
	}
	return sp_monotonic_ms() - call->begun_ms > API_BODY_DEADLINE_MS ? MHD_NO : MHD_YES;
}

/* False when the server is closing. */
static bool count_in(struct api_call *call)
{
	struct api_server *server = call->server;
	pthread_mutex_lock(&server->lock);
	call->under_way = !server->closing;
	if (call->under_way) {
		LIST_INSERT_HEAD(&server->under_way, call, link);
		server->under_way_count++;
	}
	pthread_mutex_unlock(&server->lock);
	return call->under_way;
}

static void run_and_forget(void *ctx)
{
	call_run(ctx);
	sp_secret_wipe_stack(); /* what was hashed and parsed may have been a secret */
}

/* The connection waits until there is an answer, or it may go on. */
static enum MHD_Result give_to_pool(struct api_call *call, loop_fn *work)
{
	struct sp_error err = { 0 };
	if (!call->under_way && !count_in(call))
		return refuse_now(call, REFUSED_CLOSING, "Sallyport is stopping");
	call_hold(call);
	MHD_suspend_connection(call->connection);
	if (pool_submit(call->server->operations, work, call, &err) != 0)
		call_refuse(call, REFUSED_OVERLOADED, "there are too many requests at once");
	return MHD_YES;
}

static enum MHD_Result ask_at_door(struct api_call *call)
{
	call->phase = CALL_AT_DOOR;
	return give_to_pool(call, call_run_head);
}

static enum MHD_Result take_into_memory(struct api_call *call, const char *piece, size_t *left)
{
	size_t length = *left;
	*left = 0;
	enum MHD_Result result = take_piece(call, piece, length);
	/* It may be a secret, and would lie in the library's buffer until the connection is closed. What we have
	 * taken the library does not look at again. */
	explicit_bzero((char *)(uintptr_t)piece, length);
	sp_secret_wipe_stack();
	return result;
}

/* Who signs asks a service: a bucket may be called like the pages' folder. */
static const struct api_page *find_page(const struct api_call *call)
{
	const struct sign_request request = call_request(call);
	struct sign_identity identity;
	return sign_identify(&request, &identity)
		       ? NULL
		       : page_find(call->server->pages, call->method, call->target);
}

/* All of the body is here, or what the connection was suspended for is done. */
static enum MHD_Result go_on(struct api_call *call)
{
	switch (call->phase) {
	case CALL_AT_DOOR:
		return enter(call);
	case CALL_STREAMING:
		return call_is_answered(call) ? send_answer(call) : body_end(call);
	case CALL_READING:
		break;
	}
	if (call->under_way && call_is_answered(call))
		return send_answer(call);
	if (call->refuse_body)
		return refuse_size(call);
	const struct api_page *page = find_page(call);
	return page != NULL ? page_send(page, call->connection)
			    : give_to_pool(call, run_and_forget);
}

enum MHD_Result http_on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *piece,
				size_t *piece_length, void **of_request)
{
	(void)ctx;
	(void)url; /* decoded: useless for a signature */
	(void)version;

	if (*of_request == NULL) {
		*of_request = sp_take_pointer(&client_of(connection)->announced);
		return begin(*of_request, method);
	}
	struct api_call *call = *of_request;
	if (*piece_length == 0)
		return go_on(call);
	return call->phase == CALL_STREAMING ? body_take(call, piece, piece_length)
					     : take_into_memory(call, piece, piece_length);
}

void http_on_completed(void *ctx, struct MHD_Connection *connection, void **of_request,
		       enum MHD_RequestTerminationCode how)
{
	struct api_server *server = ctx;
	struct api_call *call = *of_request;
	(void)connection;
	(void)how;
	*of_request = NULL;
	if (call != NULL)
		body_gone(call);
	if (call != NULL && call->under_way) {
		pthread_mutex_lock(&server->lock);
		LIST_REMOVE(call, link);
		server->under_way_count--;
		pthread_cond_broadcast(&server->changed);
		pthread_mutex_unlock(&server->lock);
	}
	call_release(call);
}

void http_on_connection(void *ctx, struct MHD_Connection *connection, void **of_connection,
			enum MHD_ConnectionNotificationCode what)
{
	struct api_server *server = ctx;
	struct client *client = *of_connection;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		call_release(client->announced);
		if (client->credentials != NULL)
			tls_return(client->credentials);
		free(client);
		return;
	}
	*of_connection = client = sp_alloc(sizeof(*client));
	if (server->tls == NULL)
		return;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	client->credentials = tls_equip(server->tls, (gnutls_session_t)info->tls_session);
}
