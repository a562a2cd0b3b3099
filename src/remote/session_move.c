#include "remote/session_inside.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "remote/ask.h"
#include "remote/replies.h"
#include "remote/words.h"

enum {
	HEAD_READ_MAX =
		16384, /* bytes read to see what comes, when the bytes of a file may: those are copied once more */
};

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static int flush(struct remote *remote, bool *moved, struct sp_error *err)
{
	const uint8_t *data;
	size_t length;
	while ((length = session_front(remote, &data)) > 0) {
		ssize_t sent = remote->channel->backend->write(remote->channel, data, length, err);
		if (sent < 0)
			return -1;
		if (sent == 0)
			return 0;
		outbox_sent(&remote->outbox, (size_t)sent);
		session_note_moved(remote, (size_t)sent);
		*moved = true;
	}
	return 0;
}

/* ---- replies ---------------------------------------------------------------------------------------------------- */

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
	session_note_life(remote);
	note_round_trip(remote, request);
	remote->answered++;
	requests_remove(&remote->requests, request);
	if (answered.fn == NULL && reply->kind == REPLY_HANDLE)
		ask_close(remote, &reply->handle, (struct asker){ 0 });
	else
		session_tell(remote, &answered, reply);
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

/* ---- packets ---------------------------------------------------------------------------------------------------- */

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

/* ---- the bytes of a file ---------------------------------------------------------------------------------------- */

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

/* ---- receiving -------------------------------------------------------------------------------------------------- */

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
		session_note_moved(remote, (size_t)count);
		*moved = true;
	}
	return 0;
}

/* The receive window follows the bytes that were asked for. */
static void announce_expected(struct remote *remote)
{
	size_t expected = remote->requests.data_bytes;
	if (expected != remote->expected)
		remote->channel->backend->expect(remote->channel, expected);
	remote->expected = expected;
}

int session_move(struct remote *remote, bool *moved, struct sp_error *err)
{
	announce_expected(remote);
	return flush(remote, moved, err) != 0 || receive(remote, moved, err) != 0 ? -1 : 0;
}
