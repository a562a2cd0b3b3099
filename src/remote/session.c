#include "remote/session_inside.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/scope.h"
#include "remote/replies.h"

enum {
	ROOM_SCARCE = 8, /* less, and whoever asked for it may have been left waiting … */
	ROOM_AGAIN = 64, /* … until there is so much */
	OVERTAKEN_MAX = 4 * REMOTE_REQUESTS_MAX, /* replies that may come before one that is owed */
	OVERTAKEN_STEP = REMOTE_REQUESTS_MAX,    /* replies between two looks for that */
	LIFE_BYTES = 1024, /* moved either way, or a whole reply, are a sign of life; less is not */
};

static_assert((int)WIRE_REQUEST_MAX <= (int)REMOTE_PACKET_MAX, "every request is a legal packet");

/* ---- begin and end ---------------------------------------------------------------------------------------------- */

struct remote *session_create(struct channel *channel)
{
	struct remote *remote = sp_alloc(sizeof(*remote));
	remote->channel = channel;
	remote->features.read_max = REMOTE_BLOCK_DEFAULT;
	remote->features.write_max = REMOTE_BLOCK_DEFAULT;
	remote->lively_at_ms = sp_monotonic_ms();
	remote->round_trip_us = channel->round_trip_us;
	requests_init(&remote->requests);
	outbox_init(&remote->outbox);
	remote->trunk = remote;
	return remote;
}

void session_greet(struct remote *remote)
{
	struct sp_writer writer = outbox_begin(&remote->outbox);
	wire_put_init(&writer);
	outbox_add(&remote->outbox, &writer, NULL, NULL, 0);
}

/* What the server offers and grants is known: requests may follow the greeting at once. */
struct remote *session_branch_off(struct remote *trunk, struct channel *channel)
{
	struct remote *remote = session_create(channel);
	remote->features = trunk->features;
	if (remote->round_trip_us == 0 || trunk->round_trip_us < remote->round_trip_us)
		remote->round_trip_us = trunk->round_trip_us;
	remote->trunk = trunk;
	trunk->scarce = true; /* who wished for it is told like one who waited for room */
	session_greet(remote);
	return remote;
}

void session_destroy(struct remote *remote)
{
	if (remote == NULL)
		return;
	remote->channel->backend->close(remote->channel);
	outbox_finish(&remote->outbox);
	free(remote);
}

const struct sp_error *session_dead(const struct remote *remote)
{
	return remote->dead ? &remote->death : NULL;
}

/* A request that is out of the table: what its function asks is for the same one, who is woken afterwards. */
void session_tell(struct remote *remote, const struct request *request, const struct reply *reply)
{
	if (request->fn == NULL)
		return;
	struct remote *trunk = remote->trunk;
	void *before = trunk->asking_for;
	trunk->asking_for = request->asked_for;
	request->fn(request->owner, reply);
	trunk->asking_for = before;
	if (trunk->wake != NULL && request->asked_for != NULL)
		trunk->wake(trunk->wake_ctx, request->asked_for);
}

/* Everybody who waits is told, once. */
void session_die(struct remote *remote, const struct sp_error *why)
{
	remote->dead = true;
	remote->death = *why;
	for (size_t i = 0; i < REQUESTS_SLOTS; i++) {
		struct request request = remote->requests.slots[i];
		if (!request.used)
			continue;
		requests_remove(&remote->requests, &remote->requests.slots[i]);
		struct reply reply = reply_for(&request);
		reply.dead = &remote->death;
		session_tell(remote, &request, &reply);
	}
}

void remote_end(struct remote *remote, const struct sp_error *why)
{
	if (!remote->dead)
		session_die(remote, why);
}

int remote_check(const struct remote *remote, struct sp_error *err)
{
	return remote->dead ? sp_fail(err, remote->death.code, "%s", remote->death.message) : 0;
}

/* ---- signs of life ---------------------------------------------------------------------------------------------- */

void session_note_life(struct remote *remote)
{
	remote->lively_at_ms = sp_monotonic_ms();
	remote->moved = 0;
}

/* Taken bytes count as well: no more are taken than the window has room for. */
void session_note_moved(struct remote *remote, size_t count)
{
	remote->moved += count;
	if (remote->moved >= LIFE_BYTES)
		session_note_life(remote);
}

int session_check_idle(const struct remote *remote, int64_t idle_ms, int *timeout_ms,
		       struct sp_error *err)
{
	if (requests_count(&remote->requests) == 0 || idle_ms <= 0)
		return 0;
	int64_t left_ms = remote->lively_at_ms + idle_ms - sp_monotonic_ms();
	if (left_ms <= 0 && remote->moved == 0)
		return sp_fail(err, SP_TIMEOUT, "the server was silent for %lld ms",
			       (long long)idle_ms);
	if (left_ms <= 0)
		return sp_fail(err, SP_TIMEOUT, "only %zu bytes came or went within %lld ms",
			       remote->moved, (long long)idle_ms);
	if (*timeout_ms < 0 || left_ms < *timeout_ms)
		*timeout_ms = left_ms > INT_MAX ? INT_MAX : (int)left_ms;
	return 0;
}

/* Who waits for the one answer that never comes would wait for ever, as long as others get theirs. */
int session_check_overtaken(struct remote *remote, int64_t idle_ms, struct sp_error *err)
{
	if (idle_ms <= 0 || remote->answered < remote->look_at)
		return 0;
	remote->look_at = remote->answered + OVERTAKEN_STEP;
	int64_t long_ago_us = sp_monotonic_us() - idle_ms * 1000;
	for (size_t i = 0; i < REQUESTS_SLOTS; i++) {
		const struct request *request = &remote->requests.slots[i];
		if (request->used && request->sent && request->sent_us < long_ago_us &&
		    remote->answered - request->answered_before > OVERTAKEN_MAX)
			return sp_fail(err, SP_TIMEOUT,
				       "the server left one request unanswered for %lld ms and "
				       "answered %d others",
				       (long long)idle_ms, OVERTAKEN_MAX);
	}
	return 0;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

struct sp_writer *session_begin(struct remote *remote, const struct request *request,
				uint32_t *out_id)
{
	if (remote->dead)
		return NULL;
	if (requests_count(&remote->requests) == 0)
		session_note_life(remote);
	remote->beginning = requests_add(&remote->requests, request);
	if (remote->beginning == NULL)
		return NULL;
	remote->beginning->answered_before = remote->answered;
	remote->beginning->asked_for = remote->trunk->asking_for;
	*out_id = remote->beginning->id;
	remote->writer = outbox_begin(&remote->outbox);
	return &remote->writer;
}

void session_end(struct remote *remote, const uint8_t *body, size_t body_length)
{
	outbox_add(&remote->outbox, &remote->writer, remote->beginning, body, body_length);
	remote->beginning = NULL;
}

void session_forget(struct remote *remote, const void *owner)
{
	for (size_t i = 0; i < REQUESTS_SLOTS; i++) {
		struct request *request = &remote->requests.slots[i];
		if (!request->used || request->owner != owner)
			continue;
		if (!request->sent && !request->closes &&
		    outbox_give_up(&remote->outbox, request)) {
			requests_remove(&remote->requests, request);
			continue;
		}
		request->fn = NULL;
		request->owner = NULL;
		request->asked_for = NULL;
		request->into = NULL;
	}
}

/* What may be sent now; 0: nothing. */
size_t session_front(struct remote *remote, const uint8_t **out)
{
	return outbox_front(&remote->outbox,
			    requests_count(&remote->requests) > remote->outbox.count, out);
}

size_t session_unsent(const struct remote *remote)
{
	return remote->outbox.count;
}

size_t remote_outstanding(const struct remote *remote)
{
	return requests_count(&remote->requests);
}

static size_t room(const struct remote *remote)
{
	size_t used = requests_count(&remote->requests);
	if (remote->dead || used >= REMOTE_REQUESTS_MAX)
		return 0;
	size_t by_table = REMOTE_REQUESTS_MAX - used;
	size_t by_bytes = outbox_room(&remote->outbox);
	return by_table < by_bytes ? by_table : by_bytes;
}

size_t remote_room(struct remote *remote)
{
	size_t there = room(remote);
	remote->scarce = remote->scarce || there < ROOM_SCARCE;
	return there;
}

bool remote_has_room_again(struct remote *remote)
{
	bool again = remote->scarce && room(remote) >= ROOM_AGAIN;
	remote->scarce = remote->scarce && !again;
	return again;
}

/* ---- what others want of it ------------------------------------------------------------------------------------- */

struct branches *session_branches(const struct remote *remote)
{
	return remote->branches;
}

void session_set_branches(struct remote *remote, struct branches *branches)
{
	remote->branches = branches;
}

void remote_on_reply(struct remote *remote, remote_wake_fn *wake, void *ctx)
{
	remote->wake = wake;
	remote->wake_ctx = ctx;
}

void remote_ask_for(struct remote *remote, void *who)
{
	remote->asking_for = who;
}

int64_t remote_round_trip_us(const struct remote *remote)
{
	return remote->round_trip_us;
}

const struct remote_features *remote_features(const struct remote *remote)
{
	return &remote->features;
}
