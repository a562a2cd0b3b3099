#include "api/body.h"

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/scope.h"

/* Guarded by the call's lock, but for what the job at work has: the half that is not being filled, and the sink. */
struct body {
	const struct api_sink *kind;
	void *sink;
	char *halves[2]; /* owned */
	size_t lengths[2];
	int filling;
	uint64_t dropped;
	/* How fast the client is, looked at once in body_patience_ms: the time in which it waited for us is not its own. */
	int64_t since_ms;
	uint64_t seen; /* bytes, since then */
	bool at_work;  /* a job of the pool has the other half, and a hold on the call */
	bool waits;    /* the connection is suspended: both halves are full */
	bool ended;    /* all of it came */
	bool gone;     /* the client went away */
	bool failed;   /* a write failed: the rest is dropped */
	struct sp_error err;
};

static void destroy(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	struct body *body = sp_take_pointer(&call->streamed);
	pthread_mutex_unlock(&call->lock);
	places_leave(sp_take_pointer(&call->place));
	free(body->halves[0]);
	free(body->halves[1]);
	free(body);
}

static void work(void *ctx);

/* Under the lock. Each body has a place, and one job at most. */
static void hand_over(struct api_call *call)
{
	struct body *body = call->streamed;
	body->filling ^= 1;
	body->at_work = true;
	pool_add(call->catalogue.bodies, work, call);
}

/* ---- in the pool -------------------------------------------------------------------------------------------------- */

static void abandon(struct api_call *call)
{
	call->streamed->kind->abandon(call->streamed->sink);
	destroy(call);
	call_release(call);
}

static void finish(struct api_call *call)
{
	const struct api_sink *kind = call->streamed->kind;
	void *sink = call->streamed->sink;
	struct sp_error err = call->streamed->err;
	bool failed = call->streamed->failed;
	destroy(call);
	kind->finish(sink, call, failed ? &err : NULL);
}

/* Under the lock. */
static void begin_anew(struct api_call *call)
{
	call->streamed->since_ms = sp_monotonic_ms();
	call->streamed->seen = 0;
	places_heard(call->place, call->streamed->since_ms);
}

/* Under the lock: a client that waited for us gets its bytes to somewhere again. */
static void let_go_on(struct api_call *call)
{
	if (!call->streamed->waits)
		return;
	call->streamed->waits = false;
	begin_anew(call);
	MHD_resume_connection(call->connection);
}

/* What comes next, once the half that was handed over is written. */
enum next { NEXT_NOTHING, NEXT_HALF, NEXT_FINISH, NEXT_ABANDON };

static enum next settle(struct api_call *call, bool failed)
{
	struct body *body = call->streamed;
	enum next next = NEXT_NOTHING;
	pthread_mutex_lock(&call->lock);
	body->failed = failed;
	body->lengths[1 - body->filling] = 0;
	size_t length = body->lengths[body->filling];
	if (body->gone || call->answered) {
		next = NEXT_ABANDON;
	} else if (body->ended && length == 0) {
		next = NEXT_FINISH;
	} else if (body->ended || length == BODY_HALF) {
		next = NEXT_HALF;
		hand_over(call);
		let_go_on(call);
	} else {
		body->at_work = false;
	}
	pthread_mutex_unlock(&call->lock);
	return next;
}

/* One half, and then back into the queue: many clients share few threads. */
static void work(void *ctx)
{
	struct api_call *call = ctx;
	struct body *body = call->streamed;
	int half = 1 - body->filling;
	bool failed = body->failed;
	if (!failed && body->lengths[half] > 0)
		failed = body->kind->write(body->sink, body->halves[half], body->lengths[half],
					   &body->err) != 0;
	switch (settle(call, failed)) {
	case NEXT_NOTHING:
		call_release(call);
		break;
	case NEXT_HALF:
		break;
	case NEXT_FINISH:
		finish(call);
		break;
	case NEXT_ABANDON:
		abandon(call);
		break;
	}
}

/* Another needs its place. The socket is there for as long as HTTP has not let go, which it does under the lock. */
static bool cut(void *ctx)
{
	struct api_call *call = ctx;
	pthread_mutex_lock(&call->lock);
	const struct body *body = call->streamed;
	bool is_clients_turn =
		body != NULL && !body->gone && !body->ended && !body->waits && !call->answered;
	if (is_clients_turn) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
			call->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		shutdown(info->connect_fd, SHUT_RDWR); /* which wakes HTTP's thread */
	}
	pthread_mutex_unlock(&call->lock);
	return is_clients_turn;
}

static void let_in(struct api_call *call, void *sink)
{
	struct body *body = sp_alloc(sizeof(*body));
	body->kind = call->operation->sink;
	body->sink = sink;
	body->halves[0] = sp_alloc(BODY_HALF);
	body->halves[1] = sp_alloc(BODY_HALF);
	places_watch(call->place, cut, call, sp_monotonic_ms());
	pthread_mutex_lock(&call->lock);
	bool closing = call->answered;
	call->streamed = body;
	begin_anew(call);
	if (!closing)
		MHD_resume_connection(call->connection);
	else
		body->at_work = true; /* nobody else begins with it */
	pthread_mutex_unlock(&call->lock);
	if (closing)
		abandon(call);
	else
		call_release(call);
}

/* May hang with its file system, as all that is done with a sink. */
static void open_sink(void *ctx)
{
	struct api_call *call = ctx;
	struct api_place *place = sp_take_pointer(&call->place);
	void *sink = call->operation->sink->open(call);
	if (sink == NULL) {
		places_leave(place); /* it has answered: the call may be gone */
		return;
	}
	call->place = place;
	let_in(call, sink);
}

bool body_take_place(struct api_call *call)
{
	char name[LIMITED_NAME_SIZE];
	struct sp_error err = { 0 };
	call_limited_name(call, name);
	if (places_enter(call->catalogue.places, name, sp_monotonic_ms(), &call->place, &err) == 0)
		return true;
	call_refuse(call, REFUSED_OVERLOADED, err.message);
	return false;
}

void body_begin(struct api_call *call)
{
	if (body_take_place(call))
		pool_add(call->catalogue.bodies, open_sink, call);
}

/* ---- libmicrohttpd's side ----------------------------------------------------------------------------------------- */

/* Under the lock: bytes came. Whether they came too slowly for too long. */
static bool is_too_slow(struct api_call *call, size_t length)
{
	struct body *body = call->streamed;
	int64_t now_ms = sp_monotonic_ms(), took_ms = now_ms - body->since_ms;
	places_heard(call->place, now_ms);
	body->seen += length;
	if (took_ms < call->catalogue.body_patience_ms)
		return false;
	bool is_slow = body->seen * 1000 / (uint64_t)took_ms < BODY_RATE_MIN;
	body->since_ms = now_ms;
	body->seen = 0;
	return is_slow;
}

bool body_is_open(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	bool is_open = call->streamed != NULL;
	pthread_mutex_unlock(&call->lock);
	return is_open;
}

/* Under the lock. */
static void fill(struct body *body, const char **piece, size_t *length)
{
	size_t *filled = &body->lengths[body->filling];
	size_t count = BODY_HALF - *filled < *length ? BODY_HALF - *filled : *length;
	memcpy(body->halves[body->filling] + *filled, *piece, count);
	*filled += count;
	*piece += count;
	*length -= count;
}

/* Under the lock. Who is told before everything was sent may never read it. */
static enum MHD_Result drop(struct body *body, size_t *length)
{
	body->dropped += *length;
	*length = 0;
	return body->dropped > API_DRAIN_MAX ? MHD_NO : MHD_YES;
}

/* Under the lock. */
static void take(struct api_call *call, const char *piece, size_t *length)
{
	struct body *body = call->streamed;
	while (*length > 0 && !body->waits) {
		fill(body, &piece, length);
		if (body->lengths[body->filling] < BODY_HALF)
			continue;
		if (!body->at_work) {
			call_hold(call);
			hand_over(call);
		} else {
			body->waits = true;
			MHD_suspend_connection(call->connection);
		}
	}
}

enum MHD_Result body_take(struct api_call *call, const char *piece, size_t *length)
{
	enum MHD_Result result = MHD_YES;
	pthread_mutex_lock(&call->lock);
	if (call->answered || is_too_slow(call, *length))
		result = MHD_NO; /* the server is closing, or it had its chance */
	else if (call->streamed->failed)
		result = drop(call->streamed, length);
	else
		take(call, piece, length);
	pthread_mutex_unlock(&call->lock);
	return result;
}

enum MHD_Result body_end(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	struct body *body = call->streamed;
	if (!call->answered && !body->ended) {
		body->ended = true;
		MHD_suspend_connection(call->connection);
		if (!body->at_work) {
			call_hold(call);
			hand_over(call);
		}
	}
	pthread_mutex_unlock(&call->lock);
	return MHD_YES;
}

void body_gone(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	struct body *body = call->streamed;
	if (body != NULL) {
		body->gone = true;
		if (!body->at_work) {
			call_hold(call);
			hand_over(
				call); /* what is given up may be large, and takes its time to remove */
		}
	}
	pthread_mutex_unlock(&call->lock);
}
