#include "api/server.h"

#include <signal.h>
#include <time.h>

#include "api/http.h"
#include "api/listen.h"
#include "base/clock.h"
#include "base/scope.h"

enum {
	/* For one request's line and headers; libmicrohttpd refuses what needs more. */
	CONNECTION_MEMORY_MAX = 64 << 10,
	OPTIONS_MAX = 16,
	/* After the last answer was forced: until its bytes are with the kernel. */
	LAST_ANSWERS_MS = 500,
};

/* Threads inherit the signal mask: ours must never be the ones that a signal interrupts. */
static struct MHD_Daemon *start_masked(unsigned flags, struct api_server *server,
				       struct MHD_OptionItem *items)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	struct MHD_Daemon *daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, http_on_request, server, MHD_OPTION_ARRAY, items,
		MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server, MHD_OPTION_URI_LOG_CALLBACK,
		http_on_target, server, MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server,
		MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

static int start(struct api_server *server, const struct api_server_options *options, int *fd,
		 struct sp_error *err)
{
	struct MHD_OptionItem items[OPTIONS_MAX];
	size_t count = 0;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;

	items[count++] = (struct MHD_OptionItem){ MHD_OPTION_LISTEN_SOCKET, *fd, NULL };
	items[count++] = (struct MHD_OptionItem){ MHD_OPTION_CONNECTION_LIMIT,
						  (intptr_t)options->connection_max, NULL };
	items[count++] = (struct MHD_OptionItem){ MHD_OPTION_CONNECTION_TIMEOUT,
						  (options->idle_timeout_ms + 999) / 1000, NULL };
	items[count++] = (struct MHD_OptionItem){ MHD_OPTION_CONNECTION_MEMORY_LIMIT,
						  CONNECTION_MEMORY_MAX, NULL };
	if (options->io_threads > 1)
		items[count++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE,
							  (intptr_t)options->io_threads, NULL };
	if (server->tls != NULL) {
		flags |= MHD_USE_TLS;
		items[count++] =
			(struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
						 (void *)tls_certificate_text(server->tls) };
		items[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
							  (void *)tls_key_text(server->tls) };
		items[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
							  (void *)tls_priorities };
	}
	items[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };

	server->daemon = start_masked(flags, server, items);
	if (server->daemon == NULL)
		return sp_fail(err, SP_SYSTEM, "could not start the HTTP server on %s",
			       options->listen);
	sp_take_fd(fd); /* the daemon's now */
	return 0;
}

static void destroy(struct api_server *server)
{
	tls_close(server->tls);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

static struct api_server *create(const struct api_server_options *options)
{
	struct api_server *server = sp_alloc(sizeof(*server));
	server->operations = options->operations;
	server->body_max = options->body_max;
	server->pages = options->pages;
	server->catalogue = (struct api_catalogue){
		.services = options->services,
		.service_count = options->service_count,
		.keys = options->keys,
		.guard = options->guard,
		.limits = options->limits,
		.bodies = options->bodies,
		.places = options->places,
		.body_patience_ms = options->body_patience_ms,
		.body_max = options->body_max,
		.region = options->region,
		.account = options->account,
	};
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	LIST_INIT(&server->under_way);
	return server;
}

int api_server_open(const struct api_server_options *options, struct api_server **out,
		    struct sp_error *err)
{
	bool secure = options->tls_certificate != NULL && options->tls_key != NULL;
	if (!secure && (options->tls_certificate != NULL || options->tls_key != NULL))
		return sp_fail(err, SP_INVALID,
			       "cannot serve HTTPS: a TLS certificate and its key belong together, "
			       "and the %s is missing",
			       options->tls_key == NULL ? "key" : "certificate");

	SP_AUTO_FD fd = -1;
	uint16_t port = 0;
	if (listen_open(options->listen, !secure, &fd, &port, err) != 0)
		return -1;
	struct api_server *server = create(options);
	server->port = port;
	if ((secure &&
	     tls_open(options->tls_certificate, options->tls_key, &server->tls, err) != 0) ||
	    start(server, options, &fd, err) != 0) {
		destroy(server);
		return -1;
	}
	*out = server;
	return 0;
}

uint16_t api_server_port(const struct api_server *server)
{
	return server->port;
}

int api_server_reload(struct api_server *server, struct sp_error *err)
{
	return server->tls == NULL ? 0 : tls_reload(server->tls, err);
}

/* Under the lock. */
static void wait_for_all(struct api_server *server, int64_t timeout_ms)
{
	int64_t end_ms = sp_monotonic_ms() + timeout_ms;
	struct timespec end = { .tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000 };
	int result = 0;
	while (server->under_way_count > 0 && result == 0)
		result = pthread_cond_timedwait(&server->changed, &server->lock, &end);
}

/* Under the lock, so that no call goes away meanwhile. A handler that is answering just now is waited for by the
 * call's own lock; one that answers later finds the call answered and touches nothing of the server. */
static void answer_all(struct api_server *server)
{
	struct api_call *call;
	LIST_FOREACH(call, &server->under_way, link)
	{
		struct api_answer answer;
		refusal_write(call_form_as_asked(call), REFUSED_CLOSING, "Sallyport is stopping",
			      call->id, &answer);
		answer.close = true;
		call_answer(call, &answer);
	}
}

/* Under the lock. They would go on for ever. */
static void end_streams(struct api_server *server)
{
	struct api_call *call;
	LIST_FOREACH(call, &server->under_way, link)
	call_end_stream(call);
}

void api_server_close(struct api_server *server, int64_t timeout_ms)
{
	if (server == NULL)
		return;
	/* Whoever comes from here on is sent away by count_in(), also on a new connection: MHD_quiesce_daemon(), which
	 * would take no more of those, aborts the program when one of its threads has noticed and left that socket already. */
	pthread_mutex_lock(&server->lock);
	server->closing = true;
	end_streams(server);
	wait_for_all(server, timeout_ms);
	if (server->under_way_count > 0) {
		answer_all(server);
		end_streams(server); /* also those that began meanwhile */
		wait_for_all(server, LAST_ANSWERS_MS);
	}
	pthread_mutex_unlock(&server->lock);
	MHD_stop_daemon(server->daemon);
	destroy(server);
}
