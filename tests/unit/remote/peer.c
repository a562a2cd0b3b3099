#include "peer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "pattern.h"

/* ---- replies --------------------------------------------------------------------------------------------------- */

void peer_send(struct peer *peer, const void *data, size_t length)
{
	if (!peer->reversed) {
		sp_buffer_add(&peer->ready, data, length);
		return;
	}
	if (peer->held_count == PEER_REPLIES_MAX)
		abort();
	peer->held_at[peer->held_count++] = peer->held.length;
	sp_buffer_add(&peer->held, data, length);
}

static void release_held(struct peer *peer)
{
	size_t end = peer->held.length;
	while (peer->held_count > 0) {
		size_t start = peer->held_at[--peer->held_count];
		sp_buffer_add(&peer->ready, peer->held.data + start, end - start);
		end = start;
	}
	sp_buffer_clear(&peer->held);
}

void peer_send_packet(struct peer *peer, uint8_t type, uint32_t id, const void *payload,
		      size_t length)
{
	SP_AUTO_FREE uint8_t *packet = sp_alloc(length + 16);
	struct sp_writer writer = sp_writer_of(packet, length + 16);
	sp_write_u32(&writer, (uint32_t)length + 5);
	sp_write_u8(&writer, type);
	sp_write_u32(&writer, id);
	sp_write_bytes(&writer, payload, length);
	peer_send(peer, packet, sp_writer_length(&writer));
}

void peer_send_status(struct peer *peer, uint32_t id, uint32_t code, const char *text)
{
	uint8_t payload[512];
	struct sp_writer writer = sp_writer_of(payload, sizeof(payload));
	sp_write_u32(&writer, code);
	sp_write_text(&writer, text);
	sp_write_text(&writer, "");
	peer_send_packet(peer, WIRE_STATUS, id, payload, sp_writer_length(&writer));
}

void peer_send_data(struct peer *peer, uint32_t id, uint64_t offset, size_t length)
{
	SP_AUTO_FREE uint8_t *payload = sp_alloc(length + 4);
	struct sp_writer writer = sp_writer_of(payload, 4);
	sp_write_u32(&writer, (uint32_t)length);
	pattern_fill(payload + 4, offset, length);
	peer_send_packet(peer, WIRE_DATA, id, payload, length + 4);
}

static void send_attributes(struct peer *peer, uint32_t id, const struct peer_tells *tells)
{
	if (tells->fails) {
		peer_send_status(peer, id, WIRE_FAILURE, "Failure");
		return;
	}
	uint8_t payload[64];
	struct sp_writer writer = sp_writer_of(payload, sizeof(payload));
	sp_write_u32(&writer, (tells->size ? 1u : 0u) | (tells->permissions != 0 ? 4u : 0u) |
				      (tells->times ? 8u : 0u));
	if (tells->size)
		sp_write_u64(&writer, peer->told_size);
	if (tells->permissions != 0)
		sp_write_u32(&writer, tells->permissions);
	if (tells->times)
		sp_write_u64(&writer, peer->mtime);
	peer_send_packet(peer, WIRE_ATTRS, id, payload, sp_writer_length(&writer));
}

static void send_version(struct peer *peer)
{
	uint8_t packet[512];
	struct sp_writer writer = sp_writer_of(packet, sizeof(packet));
	sp_write_u32(&writer, 0);
	sp_write_u8(&writer, WIRE_VERSION);
	sp_write_u32(&writer, peer->version);
	for (size_t i = 0; peer->extensions[i] != NULL; i++)
		sp_write_text(&writer, peer->extensions[i]);
	struct sp_writer length = sp_writer_of(packet, 4);
	sp_write_u32(&length, (uint32_t)sp_writer_length(&writer) - 4);
	peer_send(peer, packet, sp_writer_length(&writer));
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static void serve_read(struct peer *peer, uint32_t id, struct sp_reader *rest)
{
	size_t length;
	sp_read_string(rest, &length);
	uint64_t offset = sp_read_u64(rest);
	size_t count = sp_read_u32(rest);
	if (offset >= peer->file_size) {
		peer_send_status(peer, id, WIRE_EOF, "End of file");
		return;
	}
	if (count > peer->file_size - offset)
		count = (size_t)(peer->file_size - offset);
	if (peer->short_read != 0 && count > peer->short_read)
		count = peer->short_read;
	peer_send_data(peer, id, offset, count);
}

static void serve_write(struct peer *peer, uint32_t id, struct sp_reader *rest)
{
	size_t length;
	sp_read_string(rest, &length);
	uint64_t offset = sp_read_u64(rest);
	const uint8_t *data = sp_read_string(rest, &length);
	SP_AUTO_FREE uint8_t *wanted = sp_alloc(length);
	pattern_fill(wanted, offset, length);
	if (data == NULL || memcmp(data, wanted, length) != 0)
		peer->wrong = true;
	peer->written += length;
	peer_send_status(peer, id, WIRE_OK, "Success");
}

static void serve_extended(struct peer *peer, uint32_t id, struct sp_reader *rest)
{
	SP_AUTO_FREE char *name = sp_read_text(rest, 64);
	uint8_t payload[11 * 8] = { 0 };
	struct sp_writer writer = sp_writer_of(payload, sizeof(payload));
	if (name != NULL && strcmp(name, "limits@openssh.com") == 0) {
		sp_write_u64(&writer, peer->limits.packet);
		sp_write_u64(&writer, peer->limits.read);
		sp_write_u64(&writer, peer->limits.write);
		sp_write_u64(&writer, peer->limits.handles);
		peer_send_packet(peer, WIRE_EXTENDED_REPLY, id, payload, 4 * 8);
	} else if (name != NULL && strcmp(name, "statvfs@openssh.com") == 0) {
		sp_write_u64(&writer, 4096);
		sp_write_u64(&writer, 4096);
		sp_write_u64(&writer, 1000);
		sp_write_u64(&writer, peer->space);
		sp_write_u64(&writer, peer->space);
		peer_send_packet(peer, WIRE_EXTENDED_REPLY, id, payload, sizeof(payload));
	} else {
		peer_send_status(peer, id, WIRE_OK, "Success");
	}
}

static void serve(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest)
{
	switch (type) {
	case WIRE_OPEN:
		peer->open_handles++;
		peer_send_packet(peer, WIRE_HANDLE, id, "\0\0\0\3abc", 7);
		break;
	case WIRE_CLOSE:
		peer->open_handles--;
		peer_send_status(peer, id, WIRE_OK, "Success");
		break;
	case WIRE_READ:
		serve_read(peer, id, rest);
		break;
	case WIRE_WRITE:
		serve_write(peer, id, rest);
		break;
	case WIRE_FSTAT:
		send_attributes(peer, id, &peer->of_handle);
		break;
	case WIRE_STAT:
	case WIRE_LSTAT:
		send_attributes(peer, id, &peer->of_path);
		break;
	case WIRE_EXTENDED:
		serve_extended(peer, id, rest);
		break;
	default:
		peer_send_status(peer, id, WIRE_OK, "Success");
		break;
	}
}

static void take_request(struct peer *peer, struct sp_reader *packet)
{
	uint8_t type = sp_read_u8(packet);
	uint32_t id = sp_read_u32(packet);
	peer->seen[type]++;
	peer->was_asked = peer->was_asked || type != WIRE_WRITE;
	peer->seen_all++;
	if (packet->failed)
		peer->wrong = true;
	else if (peer->hook != NULL && peer->hook(peer, type, id, packet))
		return;
	else if (type == WIRE_INIT)
		send_version(peer);
	else
		serve(peer, type, id, packet);
}

static void take_requests(struct peer *peer)
{
	struct sp_reader all = sp_reader_of(peer->requests.data, peer->requests.length);
	for (;;) {
		struct sp_reader next = all;
		size_t length;
		const uint8_t *packet = sp_read_string(&next, &length);
		if (packet == NULL)
			break;
		all = next;
		struct sp_reader reader = sp_reader_of(packet, length);
		take_request(peer, &reader);
	}
	size_t left = sp_reader_left(&all);
	memmove(peer->requests.data, all.at, left);
	peer->requests.length = left;
}

/* ---- the channel ----------------------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static ssize_t peer_read(struct channel *channel, void *out, size_t room, struct sp_error *err)
{
	struct peer *peer = (struct peer *)channel;
	release_held(peer);
	if (peer->was_asked && peer->late_ms > 0)
		poll(NULL, 0, peer->late_ms);
	peer->was_asked = false;
	if (peer->replied == peer->cut_at)
		return sp_fail(err, SP_CLOSED, "the server closed the connection");
	size_t count = least(least(room, peer->chunk), peer->ready.length - peer->ready_from);
	count = least(count, peer->cut_at - peer->replied);
	if (count == 0)
		return 0;
	memcpy(out, peer->ready.data + peer->ready_from, count);
	if (peer->damage_at >= peer->replied && peer->damage_at < peer->replied + count)
		((uint8_t *)out)[peer->damage_at - peer->replied] ^= peer->damage;
	peer->ready_from += count;
	peer->replied += count;
	if (peer->ready_from == peer->ready.length) {
		sp_buffer_clear(&peer->ready);
		peer->ready_from = 0;
	}
	return (ssize_t)count;
}

static ssize_t peer_write(struct channel *channel, const void *data, size_t length,
			  struct sp_error *err)
{
	(void)err;
	struct peer *peer = (struct peer *)channel;
	size_t count = least(least(length, peer->chunk), peer->appetite);
	if (peer->appetite != SIZE_MAX)
		peer->appetite -= count;
	if (count == 0)
		return 0;
	sp_buffer_add(&peer->requests, data, count);
	take_requests(peer);
	return (ssize_t)count;
}

/* Nothing comes while the engine sleeps: a sleep without an end is a mistake. */
static int peer_wait(struct channel *channel, bool want_write, int other_fd, int timeout_ms,
		     struct sp_error *err)
{
	(void)want_write;
	struct peer *peer = (struct peer *)channel;
	struct pollfd other = { .fd = other_fd, .events = POLLIN };
	if (peer->ready.length > peer->ready_from || peer->held_count > 0 ||
	    peer->replied == peer->cut_at)
		return 0;
	if (peer->impatient) {
		peer->cut_at = peer->replied;
		return 0;
	}
	if (peer->drips) {
		poll(NULL, 0, 1);
		peer_send(peer, "", 1);
		return 0;
	}
	if (timeout_ms < 0 || timeout_ms > 1000)
		sp_die("the engine would wait for a reply that never comes");
	if (poll(&other, 1, timeout_ms) < 0)
		return sp_fail_errno(err, "could not wait");
	return 0;
}

static void peer_expect(struct channel *channel, size_t bytes)
{
	((struct peer *)channel)->expected = bytes;
}

static void peer_close(struct channel *channel)
{
	struct peer *peer = (struct peer *)channel;
	peer->was_closed = true;
	sp_buffer_clear(&peer->requests);
	sp_buffer_clear(&peer->ready);
	sp_buffer_clear(&peer->held);
	peer->ready_from = peer->held_count = 0;
}

static const struct channel_backend peer_backend = {
	.read = peer_read,
	.write = peer_write,
	.wait = peer_wait,
	.expect = peer_expect,
	.close = peer_close,
};

struct peer *peer_create(void)
{
	struct peer *peer = sp_alloc(sizeof(*peer));
	peer->channel.backend = &peer_backend;
	peer->channel.round_trip_us = 1; /* near, however busy this machine is */
	peer->version = 3;
	peer->limits = (struct wire_limits){ 262144, 261120, 261120, 1019 };
	peer->extensions[0] = "limits@openssh.com";
	peer->extensions[1] = "1";
	peer->extensions[2] = "statvfs@openssh.com";
	peer->extensions[3] = "2";
	peer->extensions[4] = "fsync@openssh.com";
	peer->extensions[5] = "1";
	peer->of_handle =
		(struct peer_tells){ .size = true, .times = true, .permissions = S_IFREG | 0644 };
	peer->of_path = peer->of_handle;
	peer->mtime = 1000;
	peer->space = 1000;
	peer->chunk = SIZE_MAX;
	peer->appetite = SIZE_MAX;
	peer->cut_at = SIZE_MAX;
	return peer;
}

void peer_destroy(struct peer *peer)
{
	sp_buffer_finish(&peer->requests);
	sp_buffer_finish(&peer->ready);
	sp_buffer_finish(&peer->held);
	free(peer);
}
