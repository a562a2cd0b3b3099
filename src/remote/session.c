#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "remote/ask.h"
#include "remote/branches.h"
#include "remote/outbox.h"
#include "remote/replies.h"
#include "remote/words.h"

enum {
	REQUEST_BYTES_MIN = 1024, /* a server that grants less is not taken at its word */
	PACKET_OVERHEAD = 1024,   /* of a READ's or WRITE's packet, beside the file's bytes */
	ROOM_SCARCE = 8, /* less, and whoever asked for it may have been left waiting … */
	ROOM_AGAIN = 64, /* … until there is so much */
	OVERTAKEN_MAX = 4 * REMOTE_REQUESTS_MAX, /* replies that may come before one that is owed */
	OVERTAKEN_STEP = REMOTE_REQUESTS_MAX,    /* replies between two looks for that */
	LIFE_BYTES = 1024, /* moved either way, or a whole reply, are a sign of life; less is not */
	HEAD_READ_MAX =
		16384, /* bytes read to see what comes, when the bytes of a file may: those are copied once more */
};

/* A DATA packet whose head was read: its bytes go where the request wants them as they come. */
struct arriving {
	struct request *request; /* NULL: none */
	uint32_t length, stored;
};

struct remote {
	struct channel *channel; /* owned */
	struct remote_features features;
	bool greeted; /* VERSION was here */
	bool dead;
	struct sp_error death;
	struct requests requests;
	struct outbox outbox;
	struct sp_writer writer;   /* of the request between session_begin() … */
	struct request *beginning; /* … and session_end() */
	struct arriving arriving;
	size_t received; /* bytes in inbox */
	size_t expected; /* what the channel was told last */
	int64_t lively_at_ms;
	size_t moved;              /* bytes, since then */
	int64_t round_trip_us;     /* the shortest; 0: none yet */
	struct branches *branches; /* owned; NULL: there may be none */
	unsigned turns;
	uint64_t answered;    /* requests, so far … */
	uint64_t look_at;     /* … and at how many one that was left out is looked for again */
	bool scarce;          /* remote_room() said so, and remote_has_room_again() did not yet */
	struct remote *trunk; /* whose next three count: itself, but of a branch */
	remote_wake_fn *wake; /* NULL: nobody wants it */
	void *wake_ctx;
	void *asking_for; /* see remote_ask_for() */
	uint8_t inbox[REMOTE_PACKET_MAX];
};

static_assert((int)WIRE_REQUEST_MAX <= (int)REMOTE_PACKET_MAX, "every request is a legal packet");

/* ---- the end --------------------------------------------------------------------------------------------------- */

const struct sp_error *session_dead(const struct remote *remote)
{
	return remote->dead ? &remote->death : NULL;
}

/* A request that is out of the table: what its function asks is for the same one, who is woken afterwards. */
static void tell(struct remote *remote, const struct request *request, const struct reply *reply)
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
		tell(remote, &request, &reply);
	}
}

/* ---- signs of life --------------------------------------------------------------------------------------------- */

static void note_life(struct remote *remote)
{
	remote->lively_at_ms = sp_monotonic_ms();
	remote->moved = 0;
}

/* Taken bytes count as well: no more are taken than the window has room for. */
static void note_moved(struct remote *remote, size_t count)
{
	remote->moved += count;
	if (remote->moved >= LIFE_BYTES)
		note_life(remote);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

struct sp_writer *session_begin(struct remote *remote, const struct request *request,
				uint32_t *out_id)
{
	if (remote->dead)
		return NULL;
	if (requests_count(&remote->requests) == 0)
		note_life(remote);
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
static size_t front(struct remote *remote, const uint8_t **out)
{
	return outbox_front(&remote->outbox,
			    requests_count(&remote->requests) > remote->outbox.count, out);
}

static int flush(struct remote *remote, bool *moved, struct sp_error *err)
{
	const uint8_t *data;
	size_t length;
	while ((length = front(remote, &data)) > 0) {
		ssize_t sent = remote->channel->backend->write(remote->channel, data, length, err);
		if (sent < 0)
			return -1;
		if (sent == 0)
			return 0;
		outbox_sent(&remote->outbox, (size_t)sent);
		note_moved(remote, (size_t)sent);
		*moved = true;
	}
	return 0;
}

/* ---- receiving ------------------------------------------------------------------------------------------------- */

/* What carries a file's bytes waits for those before it, and says nothing about the line. */
static void note_round_trip(struct remote *remote, const struct request *request)
{
	if (request->length > 0)
		return;
	int64_t took_us = sp_monotonic_us() - request->sent_us;
	if (took_us > 0 && (remote->round_trip_us == 0 || took_us < remote->round_trip_us))
		remote->round_trip_us = took_us;
}

/* The request is out of the table before its function runs: it may send the next in the same slot. */
static void answer(struct remote *remote, struct request *request, struct reply *reply)
{
	struct request answered = *request;
	note_life(remote);
	note_round_trip(remote, request);
	remote->answered++;
	requests_remove(&remote->requests, request);
	if (answered.fn == NULL && reply->kind == REPLY_HANDLE)
		ask_close(remote, &reply->handle, (struct asker){ 0 });
	else
		tell(remote, &answered, reply);
}

static struct request *find_request(struct remote *remote, uint32_t id, struct sp_error *err)
{
	struct request *request = requests_find(&remote->requests, id);
	if (request == NULL || !request->sent) {
		sp_fail(err, SP_PROTOCOL, "the server answered request %u, which is not open", id);
		return NULL;
	}
	return request;
}

/* A shell that prints something at login is the usual reason for a packet that makes no sense. */
static int refuse_length(struct remote *remote, const uint8_t *at, size_t left, uint32_t length,
			 struct sp_error *err)
{
	size_t text = 0;
	while (text < left && (isprint(at[text]) || isspace(at[text])))
		text++;
	if (!remote->greeted && text >= WIRE_LENGTH_SIZE) {
		SP_AUTO_FREE char *words = words_of_server(at, text);
		return sp_fail(
			err, SP_PROTOCOL,
			"the server sent text where SFTP was due, as login scripts do: \"%s\"",
			words);
	}
	return sp_fail(err, SP_PROTOCOL, "the server announced a packet of %u bytes", length);
}

/* The draft wants what is asked about one file to be done in that order, and many servers know nothing of it: with
 * npm's ssh2, say, a CLOSE easily overtakes the WRITE before it. Those with OpenSSH's extensions are made with more care,
 * and most of them are OpenSSH's. */
static bool keeps_order(const struct remote_features *features)
{
	return features->posix_rename || features->fsync || features->limits;
}

/* Go's pkg/sftp (SFTPGo and others; it offers posix-rename, neither fsync nor limits) waits with CLOSE for the READs and
 * WRITEs in front of it, and does anything else beside them; its answers come in order all the same. */
static bool looks_in_order(const struct remote_features *features)
{
	return features->fsync || features->limits;
}

/* VERSION, the only packet without an id. */
static int take_version(struct remote *remote, struct sp_reader *packet, struct sp_error *err)
{
	uint8_t type = sp_read_u8(packet);
	if (type != WIRE_VERSION)
		return sp_fail(err, SP_PROTOCOL, "the server greeted with packet type %u", type);
	if (!wire_get_version(packet, &remote->features))
		return sp_fail(err, SP_PROTOCOL, "the server sent a malformed VERSION packet");
	uint32_t version = remote->features.version;
	if (version < WIRE_PROTOCOL_VERSION)
		return sp_fail(err, SP_UNSUPPORTED,
			       "the server speaks SFTP version %u only, version %d is needed",
			       version, WIRE_PROTOCOL_VERSION);
	if (version > WIRE_PROTOCOL_VERSION)
		return sp_fail(err, SP_PROTOCOL,
			       "the server chose SFTP version %u although version %d was offered",
			       version, WIRE_PROTOCOL_VERSION);
	remote->greeted = true;
	remote->features.keeps_order = keeps_order(&remote->features);
	remote->features.looks_in_order = looks_in_order(&remote->features);
	remote->outbox.closes_late = !remote->features.keeps_order;
	return 0;
}

static int take_reply(struct remote *remote, struct sp_reader *packet, struct sp_error *err)
{
	uint8_t type = sp_read_u8(packet);
	uint32_t id = sp_read_u32(packet);
	if (packet->failed)
		return sp_fail(err, SP_PROTOCOL, "the server sent a truncated packet");
	struct request *request = find_request(remote, id, err);
	if (request == NULL)
		return -1;
	struct reply reply;
	if (reply_decode(request, type, packet, &reply, err) != 0)
		return -1;
	answer(remote, request, &reply);
	return 0;
}

/* The head of a DATA packet of @length bytes (after the length field). */
static int take_data_head(struct remote *remote, struct sp_reader *packet, uint32_t length,
			  struct sp_error *err)
{
	sp_read_u8(packet);
	uint32_t id = sp_read_u32(packet);
	uint32_t data_length = sp_read_u32(packet);
	struct request *request = find_request(remote, id, err);
	if (request == NULL)
		return -1;
	if (request->wants != REPLY_DATA)
		return sp_fail(err, SP_PROTOCOL,
			       "the server answered with DATA to another request");
	if ((uint64_t)data_length + WIRE_DATA_HEAD - WIRE_LENGTH_SIZE != length)
		return sp_fail(err, SP_PROTOCOL, "the server sent a malformed DATA reply");
	/* Nothing at all would be asked for again without end. */
	if (data_length == 0 || data_length > request->length)
		return sp_fail(err, SP_PROTOCOL, "the server sent %u bytes where %u were asked for",
			       data_length, request->length);
	remote->arriving = (struct arriving){ .request = request, .length = data_length };
	return 0;
}

/* @count more bytes are where they belong. */
static void note_stored(struct remote *remote, size_t count)
{
	struct arriving *arriving = &remote->arriving;
	arriving->stored += (uint32_t)count;
	if (arriving->stored < arriving->length)
		return;

	struct reply reply = reply_for(arriving->request);
	reply.data_length = arriving->length;
	struct request *request = sp_take_pointer(&arriving->request);
	answer(remote, request, &reply);
}

static size_t take_data(struct remote *remote, const uint8_t *at, size_t left)
{
	struct arriving *arriving = &remote->arriving;
	size_t wanted = arriving->length - arriving->stored;
	size_t taken = left < wanted ? left : wanted;
	if (arriving->request->into != NULL)
		memcpy(arriving->request->into + arriving->stored, at, taken);
	note_stored(remote, taken);
	return taken;
}

/* Takes what can be taken from the bytes at @at: 0 bytes when more are needed first. -1 when they make no sense. */
static ssize_t take(struct remote *remote, const uint8_t *at, size_t left, struct sp_error *err)
{
	if (remote->arriving.request != NULL)
		return (ssize_t)take_data(remote, at, left);
	if (left < WIRE_LENGTH_SIZE)
		return 0;

	struct sp_reader reader = sp_reader_of(at, left);
	uint32_t length = sp_read_u32(&reader);
	if (length == 0 || length > REMOTE_PACKET_MAX - WIRE_LENGTH_SIZE)
		return refuse_length(remote, at, left, length, err);
	if (remote->greeted && length >= WIRE_DATA_HEAD - WIRE_LENGTH_SIZE &&
	    left > WIRE_LENGTH_SIZE && *reader.at == WIRE_DATA) {
		if (left < WIRE_DATA_HEAD)
			return 0;
		return take_data_head(remote, &reader, length, err) == 0 ? WIRE_DATA_HEAD : -1;
	}
	if (sp_reader_left(&reader) < length)
		return 0;

	struct sp_reader packet = sp_reader_of(reader.at, length);
	int taken = remote->greeted ? take_reply(remote, &packet, err)
				    : take_version(remote, &packet, err);
	return taken == 0 ? (ssize_t)(length + WIRE_LENGTH_SIZE) : -1;
}

static int take_all(struct remote *remote, struct sp_error *err)
{
	size_t at = 0;
	while (at < remote->received) {
		ssize_t taken = take(remote, remote->inbox + at, remote->received - at, err);
		if (taken < 0)
			return -1;
		if (taken == 0)
			break;
		at += (size_t)taken;
	}
	remote->received -= at;
	memmove(remote->inbox, remote->inbox + at, remote->received);
	return 0;
}

/* Bytes of a file go to their block without a stop in the inbox, but for those that came along with their head. */
static ssize_t read_into_block(struct remote *remote, struct sp_error *err)
{
	const struct arriving *arriving = &remote->arriving;
	ssize_t count = remote->channel->backend->read(remote->channel,
						       arriving->request->into + arriving->stored,
						       arriving->length - arriving->stored, err);
	if (count > 0)
		note_stored(remote, (size_t)count);
	return count;
}

static ssize_t read_into_inbox(struct remote *remote, struct sp_error *err)
{
	size_t room = sizeof(remote->inbox) - remote->received;
	if (remote->requests.data_bytes > 0 && room > HEAD_READ_MAX)
		room = HEAD_READ_MAX;
	ssize_t count = remote->channel->backend->read(remote->channel,
						       remote->inbox + remote->received, room, err);
	if (count > 0) {
		remote->received += (size_t)count;
		if (take_all(remote, err) != 0)
			return -1;
	}
	return count;
}

static int receive(struct remote *remote, bool *moved, struct sp_error *err)
{
	const struct request *request = remote->arriving.request;
	bool straight = request != NULL && request->into != NULL && remote->received == 0;
	ssize_t count = straight ? read_into_block(remote, err) : read_into_inbox(remote, err);
	if (count < 0)
		return -1;
	if (count > 0) {
		note_moved(remote, (size_t)count);
		*moved = true;
	}
	return 0;
}

/* ---- the pump -------------------------------------------------------------------------------------------------- */

/* The receive window follows the bytes that were asked for. */
static void announce_expected(struct remote *remote)
{
	size_t expected = remote->requests.data_bytes;
	if (expected != remote->expected)
		remote->channel->backend->expect(remote->channel, expected);
	remote->expected = expected;
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

int session_move(struct remote *remote, bool *moved, struct sp_error *err)
{
	announce_expected(remote);
	return flush(remote, moved, err) != 0 || receive(remote, moved, err) != 0 ? -1 : 0;
}

static int move(struct remote *remote, int other_fd, int timeout_ms, int64_t idle_ms,
		struct sp_error *err)
{
	bool moved = false;
	/* On a slow line whoever comes first takes all that it can take now. */
	bool is_last = remote->branches != NULL && remote->turns++ % 2 != 0;
	if (is_last)
		branches_move(remote->branches, idle_ms, &moved, &timeout_ms);
	if (session_move(remote, &moved, err) != 0)
		return -1;
	if (remote->branches != NULL && !is_last)
		branches_move(remote->branches, idle_ms, &moved, &timeout_ms);
	if (session_check_overtaken(remote, idle_ms, err) != 0)
		return -1;
	if (moved)
		return 0;
	if (session_check_idle(remote, idle_ms, &timeout_ms, err) != 0)
		return -1;
	const uint8_t *data;
	return remote->channel->backend->wait(remote->channel, front(remote, &data) > 0, other_fd,
					      timeout_ms, err);
}

int remote_pump(struct remote *remote, int other_fd, int timeout_ms, int64_t idle_ms,
		struct sp_error *err)
{
	if (remote_check(remote, err) != 0)
		return -1;
	struct sp_error why = { 0 };
	if (move(remote, other_fd, timeout_ms, idle_ms, &why) == 0)
		return 0;
	session_die(remote, &why);
	return sp_fail(err, why.code, "%s", why.message);
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

static size_t room(const struct remote *remote)
{
	size_t used = requests_count(&remote->requests);
	if (remote->dead || used >= REMOTE_REQUESTS_MAX)
		return 0;
	size_t by_table = REMOTE_REQUESTS_MAX - used;
	size_t by_bytes = outbox_room(&remote->outbox);
	return by_table < by_bytes ? by_table : by_bytes;
}

size_t session_unsent(const struct remote *remote)
{
	return remote->outbox.count;
}

struct branches *session_branches(const struct remote *remote)
{
	return remote->branches;
}

void session_set_branches(struct remote *remote, struct branches *branches)
{
	remote->branches = branches;
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

void remote_on_reply(struct remote *remote, remote_wake_fn *wake, void *ctx)
{
	remote->wake = wake;
	remote->wake_ctx = ctx;
}

void remote_ask_for(struct remote *remote, void *who)
{
	remote->asking_for = who;
}

size_t remote_outstanding(const struct remote *remote)
{
	return requests_count(&remote->requests);
}

int64_t remote_round_trip_us(const struct remote *remote)
{
	return remote->round_trip_us;
}

const struct remote_features *remote_features(const struct remote *remote)
{
	return &remote->features;
}

/* ---- opening and closing --------------------------------------------------------------------------------------- */

static bool is_readable(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	return fd >= 0 && poll(&entry, 1, 0) > 0;
}

/* One pump towards what is awaited. */
static int pump_until(struct remote *remote, int64_t deadline_ms, int cancel_fd,
		      struct sp_error *err)
{
	if (is_readable(cancel_fd))
		return sp_fail(err, SP_CANCELLED, "told to stop");
	int64_t left_ms = deadline_ms - sp_monotonic_ms();
	if (left_ms <= 0)
		return sp_fail(err, SP_TIMEOUT, "the server did not start SFTP in time");
	return remote_pump(remote, cancel_fd, left_ms > INT_MAX ? INT_MAX : (int)left_ms, 0, err);
}

/* What one request may carry: as granted, within a packet, and within what we hold. */
static uint32_t request_bytes(uint64_t granted, uint64_t packet)
{
	if (packet > PACKET_OVERHEAD && packet - PACKET_OVERHEAD < granted)
		granted = packet - PACKET_OVERHEAD;
	if (granted < REQUEST_BYTES_MIN)
		return REMOTE_BLOCK_DEFAULT;
	return granted > REMOTE_BLOCK_MAX ? REMOTE_BLOCK_MAX : (uint32_t)granted;
}

static void note_limits(void *owner, const struct reply *reply)
{
	struct remote *remote = owner;
	if (reply->dead != NULL || reply->kind != REPLY_LIMITS)
		return; /* announced and then refused: the defaults hold */
	const struct wire_limits *limits = &reply->limits;
	remote->features.read_max = request_bytes(limits->read, limits->packet);
	remote->features.write_max = request_bytes(limits->write, limits->packet);
	remote->features.handles_max = limits->handles;
}

static void put_greeting(struct remote *remote)
{
	struct sp_writer writer = outbox_begin(&remote->outbox);
	wire_put_init(&writer);
	outbox_add(&remote->outbox, &writer, NULL, NULL, 0);
}

/* What the server granted before holds until its answer is here, which is before the first byte of a file. */
static void take_known(struct remote *remote, const struct remote_limits *known)
{
	remote->features.read_max = request_bytes(known->read_max, 0);
	remote->features.write_max = request_bytes(known->write_max, 0);
	remote->features.handles_max = known->handles_max;
}

static int greet(struct remote *remote, const struct remote_limits *known, int64_t deadline_ms,
		 int cancel_fd, struct sp_error *err)
{
	put_greeting(remote);
	while (!remote->greeted)
		if (pump_until(remote, deadline_ms, cancel_fd, err) != 0)
			return -1;

	if (!remote->features.limits)
		return 0;
	ask_limits(remote, (struct asker){ note_limits, remote });
	if (known != NULL && remote->round_trip_us != 0) {
		take_known(remote, known);
		return 0;
	}
	while (remote_outstanding(remote) > 0)
		if (pump_until(remote, deadline_ms, cancel_fd, err) != 0)
			return -1;
	return 0;
}

static struct remote *create(struct channel *channel)
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

/* What the server offers and grants is known: requests may follow the greeting at once. */
struct remote *session_branch_off(struct remote *trunk, struct channel *channel)
{
	struct remote *remote = create(channel);
	remote->features = trunk->features;
	if (remote->round_trip_us == 0 || trunk->round_trip_us < remote->round_trip_us)
		remote->round_trip_us = trunk->round_trip_us;
	remote->trunk = trunk;
	trunk->scarce = true; /* who wished for it is told like one who waited for room */
	put_greeting(remote);
	return remote;
}

int remote_open(struct channel *channel, const struct remote_limits *known, int64_t timeout_ms,
		int cancel_fd, struct remote **out, struct sp_error *err)
{
	struct remote *remote = create(channel);
	if (greet(remote, known, sp_monotonic_ms() + timeout_ms, cancel_fd, err) != 0) {
		remote_close(remote);
		return -1;
	}
	*out = remote;
	return 0;
}

void remote_close(struct remote *remote)
{
	if (remote == NULL)
		return;
	branches_destroy(remote->branches);
	remote->channel->backend->close(remote->channel);
	outbox_finish(&remote->outbox);
	free(remote);
}
