/*
 * Bytes through libssh. Three of its habits shape this file:
 *
 *  - It reads 4 KiB at a time (which read_ahead.c makes cheap), and only when its own buffer is empty: read() goes on
 *    until a look at the socket brought nothing, which the socket's counter tells.
 *  - Its out-buffer has no end. BUDGET bounds what we put there; how much it still holds is reckoned from the counter.
 *  - Its receive window is small and grows only through the size of a read: see grow_window().
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>

#include "base/scope.h"
#include "base/text.h"
#include "remote/handshake.h"

enum {
	BUDGET = 1 << 20,        /* bytes that libssh may hold back */
	WRITE_MAX = 256 << 10,   /* bytes given to it at once: after each it looks at the socket */
	WINDOW_LIBSSH = 1280000, /* what it announces by itself */
	WINDOW_MAX = 96 << 20,
	SHRINK_AT = 4, /* a window this many times too large is given up */
	/* Windows are filled up when half of one is used: so it takes two for what is under way never to wait. The server
	 * has nothing to send that was not asked for. */
	WINDOWS = 2,
	/* What may wait in libssh beyond our window before the server is called a liar: it counts in packets. */
	OVERRUN_MAX = 1 << 20,
	/* What may wait to be sent beyond our budget: answers of libssh's own to what the server asks. */
	ANSWERS_MAX = 1 << 20,
	/* What may come in a row without a byte for a channel. A packet costs more than its bytes. */
	NOISE_MAX_MIB = 64,
	NOISE_PACKET = 1024,
};

static const struct errand transfer_errand = { "the transfer", "the server sent nothing" };

struct libssh_channel {
	struct channel base;
	struct transport *transport;
	ssh_channel ssh;
	struct ssh_channel_callbacks_struct callbacks;
	size_t window;        /* wanted */
	size_t window_ever;   /* the largest that was wanted */
	size_t since_grow;    /* bytes that came since the window was last filled up */
	char *scratch;        /* WINDOW_MAX bytes for grow_window(); NULL until it is needed … */
	char *carried;        /* … where what came with it and was not handed out begins … */
	size_t carried_count; /* … so many bytes */
	bool is_stuck; /* the last write took nothing, though there was room: a key exchange is on */
};

/* ---- towards us -------------------------------------------------------------------------------------------------- */

/** What a server writes to stderr would fill the window and then memory: dropped as it comes. */
static int drop_stderr(ssh_session session, ssh_channel channel, void *data, uint32_t length,
		       int is_stderr, void *ignored)
{
	(void)session;
	(void)channel;
	(void)data;
	(void)ignored;
	return is_stderr ? (int)length : 0;
}

static int fail_channel(struct libssh_channel *channel, struct sp_error *err)
{
	if (!failure_has_happened(channel->transport))
		return sp_fail(err, SP_CLOSED, "the server ended the SFTP session");
	return failure_of_connection(channel->transport, transfer_errand.during, err);
}

/** Bytes that libssh has not given to the kernel yet, a little too low for what encryption adds. */
static uint64_t held_back(struct transport *transport)
{
	uint64_t sent = transport->socket_bytes.out_bytes;
	uint64_t packed = transport->packets.out_bytes;
	if ((ssh_get_status(transport->session) & SSH_WRITE_PENDING) == 0) {
		transport->given = 0;
		transport->sent_then = sent;
		transport->packed_then = packed;
	}
	/* While keys are exchanged, what was given is not packed yet; what libssh says itself was never given. */
	uint64_t own = packed - transport->packed_then;
	uint64_t given = transport->given > own ? transport->given : own;
	uint64_t left = sent - transport->sent_then;
	return left < given ? given - left : 0;
}

static uint64_t noise(const struct transport *transport)
{
	return transport->socket_bytes.in_bytes - transport->quiet_bytes +
	       (transport->packets.in_packets - transport->quiet_packets) * NOISE_PACKET;
}

static void note_file_bytes(struct transport *transport)
{
	transport->quiet_bytes = transport->socket_bytes.in_bytes;
	transport->quiet_packets = transport->packets.in_packets;
}

/** A server that talks, and not of files. */
static int check_manners(struct libssh_channel *channel, struct sp_error *err)
{
	struct transport *transport = channel->transport;
	if (noise(transport) > (uint64_t)NOISE_MAX_MIB << 20)
		return sp_fail(err, SP_PROTOCOL,
			       "the server sends nothing but SSH messages that are no SFTP");
	if (held_back(transport) > BUDGET + ANSWERS_MAX)
		return sp_fail(
			err, SP_PROTOCOL,
			"the server asks for answers and does not read them, and sends no SFTP");
	/* A second confirmation changes the sizes of the channel behind our back. */
	if (transport->channels_confirmed > transport->channels_opened)
		return sp_fail(err, SP_PROTOCOL, "the server confirmed a channel twice");
	return 0;
}

static int check_lost(const struct libssh_channel *channel, struct sp_error *err)
{
	struct transport *transport = channel->transport;
	/* Not every place in libssh says so. */
	transport->lacked_memory |= errno == ENOMEM || failure_lost_bytes(transport);
	return transport->lacked_memory
		       ? sp_fail(err, SP_NO_MEMORY,
				 "there was no memory for what the server sent, and it is lost")
		       : 0;
}

/** Bytes that libssh has ready, after one look at the socket when it had none. -1 at the end. */
static int poll_channel(struct libssh_channel *channel, struct sp_error *err)
{
	errno = 0;
	int there = ssh_channel_poll(channel->ssh, 0);
	if (check_lost(channel, err) != 0)
		return -1;
	if (there < 0)
		return fail_channel(channel, err);
	if ((size_t)there > channel->window_ever + OVERRUN_MAX)
		return sp_fail(err, SP_PROTOCOL, "the server sent more than its window allows");
	if (there == 0)
		return check_manners(channel, err);
	note_file_bytes(channel->transport);
	return there;
}

/** Address space rather than memory: it is touched only as far as one read brings bytes. */
static int make_scratch(struct libssh_channel *channel)
{
	if (channel->scratch != NULL)
		return 0;
	void *space = mmap(NULL, WINDOW_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		return -1;
	channel->scratch = space;
	return 0;
}

/** Half a window used up is worth a message; libssh looks after the size it takes for enough. */
static bool is_window_due(const struct libssh_channel *channel)
{
	return channel->window > WINDOW_LIBSSH && channel->since_grow >= channel->window / 2;
}

/**
 * A read of @count bytes makes libssh announce a window of @count bytes: there is no other way to say it. So the
 * scratch buffer really has that size. What is there comes along and is handed out afterwards; that nothing has come
 * yet does not matter, and the server need not wait for a round trip with the window that it was given at first.
 */
static int grow_window(struct libssh_channel *channel, struct sp_error *err)
{
	errno = 0;
	int count = ssh_channel_read_timeout(channel->ssh, channel->scratch,
					     (uint32_t)channel->window, 0, 0);
	/* What came behind a gap must not be handed out: the poll that would see it comes after what is carried. */
	if (check_lost(channel, err) != 0)
		return -1;
	if (count < 0 && count != SSH_AGAIN)
		return fail_channel(channel, err);
	channel->since_grow = 0;
	channel->carried = channel->scratch;
	channel->carried_count = count > 0 ? (size_t)count : 0;
	if (count > 0)
		note_file_bytes(channel->transport);
	return 0;
}

static size_t take_carried(struct libssh_channel *channel, char *out, size_t room)
{
	size_t count = channel->carried_count < room ? channel->carried_count : room;
	if (count == 0)
		return 0;
	memcpy(out, channel->carried, count);
	channel->carried += count;
	channel->carried_count -= count;
	channel->since_grow += count;
	return count;
}

/** At most the @there bytes that libssh has ready. */
static int take(struct libssh_channel *channel, char *out, size_t there, size_t room)
{
	int count = ssh_channel_read_timeout(channel->ssh, out,
					     (uint32_t)(there < room ? there : room), 0, 0);
	if (count > 0)
		channel->since_grow += (size_t)count;
	return count;
}

static ssize_t libssh_read(struct channel *base, void *out, size_t room, struct sp_error *err)
{
	struct libssh_channel *channel = (struct libssh_channel *)base;
	const struct ssh_counter_struct *socket = &channel->transport->socket_bytes;

	transport_enter(channel->transport);
	if (channel->carried_count == 0 && is_window_due(channel) && grow_window(channel, err) != 0)
		return -1;
	size_t total = take_carried(channel, out, room);
	while (total < room) {
		uint64_t before = socket->in_bytes;
		int there = poll_channel(channel, total == 0 ? err : NULL);
		if (there == 0 && socket->in_bytes != before)
			continue; /* a part of a packet, or a packet for somebody else */
		if (there <= 0)
			return total == 0 && there < 0 ? -1 : (ssize_t)total;
		int count = take(channel, (char *)out + total, (size_t)there, room - total);
		if (count < 0)
			return total == 0 ? fail_channel(channel, err) : (ssize_t)total;
		total += (size_t)count;
	}
	return (ssize_t)total;
}

static void libssh_expect(struct channel *base, size_t bytes)
{
	struct libssh_channel *channel = (struct libssh_channel *)base;
	size_t wanted = bytes < WINDOW_MAX / WINDOWS ? WINDOWS * bytes : WINDOW_MAX;

	if (wanted <= WINDOW_LIBSSH || make_scratch(channel) != 0)
		wanted = WINDOW_LIBSSH;
	/* What is expected falls and rises with every reply: only a lasting change is worth a message. */
	if (wanted > channel->window) {
		channel->since_grow = wanted; /* grow at the next read */
		channel->window = wanted;
	} else if (wanted < channel->window / SHRINK_AT) {
		channel->window = wanted;
	}
	if (channel->window > channel->window_ever)
		channel->window_ever = channel->window;
}

/* ---- away from us ------------------------------------------------------------------------------------------------ */

static size_t writable(struct libssh_channel *channel)
{
	uint64_t held = held_back(channel->transport);
	size_t budget = held < BUDGET ? BUDGET - (size_t)held : 0;
	size_t window = ssh_channel_window_size(channel->ssh);
	return budget < window ? budget : window;
}

static ssize_t libssh_write(struct channel *base, const void *data, size_t length,
			    struct sp_error *err)
{
	struct libssh_channel *channel = (struct libssh_channel *)base;
	size_t total = 0;

	transport_enter(channel->transport);
	if (check_manners(channel, err) != 0)
		return -1;
	while (total < length) {
		size_t room = writable(channel);
		size_t piece = length - total < WRITE_MAX ? length - total : WRITE_MAX;
		piece = piece < room ? piece : room;
		if (piece == 0)
			break;
		int taken = ssh_channel_write(channel->ssh, (const char *)data + total,
					      (uint32_t)piece);
		if (taken < 0)
			return fail_channel(channel, err);
		channel->is_stuck = taken == 0;
		if (taken == 0)
			break;
		channel->transport->given += (uint64_t)taken;
		total += (size_t)taken;
	}
	return (ssize_t)total;
}

/* ---- sleeping ---------------------------------------------------------------------------------------------------- */

static int libssh_wait(struct channel *base, bool want_write, int other_fd, int timeout_ms,
		       struct sp_error *err)
{
	struct libssh_channel *channel = (struct libssh_channel *)base;
	struct transport *transport = channel->transport;
	transport_enter(transport);
	if (channel->carried_count > 0)
		return 0;
	/* This look also sends what libssh holds back, as far as the socket takes it. */
	int there = poll_channel(channel, err);
	if (there != 0)
		return there < 0 ? -1 : 0;
	if (want_write && !channel->is_stuck && writable(channel) != 0)
		return 0;
	/* What was read for one channel may have brought something for another. */
	uint64_t seen = transport->socket_bytes.in_bytes;
	bool is_news = transport->channels_opened > 1 && seen != transport->bytes_seen;
	transport->bytes_seen = seen;
	if (is_news)
		return 0;

	bool holds = (ssh_get_status(transport->session) & SSH_WRITE_PENDING) != 0;
	struct pollfd fds[] = {
		{ .fd = ssh_get_fd(transport->session),
		  .events = (short)(POLLIN | (holds ? POLLOUT : 0)) },
		{ .fd = other_fd, .events = POLLIN },
	};
	if (poll(fds, SP_COUNT_OF(fds), timeout_ms) == -1 && errno != EINTR)
		return sp_fail_errno(err, "could not wait for the server");
	channel->is_stuck = false;
	if (fds[0].revents == 0)
		return 0;
	return poll_channel(channel, err) < 0 ? -1 : 0;
}

/* ---- its life ---------------------------------------------------------------------------------------------------- */

static void libssh_close(struct channel *base)
{
	struct libssh_channel *channel = (struct libssh_channel *)base;
	if (channel == NULL)
		return;
	ssh_remove_channel_callbacks(channel->ssh, &channel->callbacks);
	ssh_channel_free(channel->ssh);
	if (channel->scratch != NULL)
		munmap(channel->scratch, WINDOW_MAX);
	free(channel);
}

static const struct channel_backend libssh_backend = {
	.read = libssh_read,
	.write = libssh_write,
	.wait = libssh_wait,
	.expect = libssh_expect,
	.close = libssh_close,
};

struct channel *channel_libssh_create(struct transport *transport, ssh_channel ssh)
{
	struct libssh_channel *channel = sp_alloc(sizeof(*channel));
	channel->base.backend = &libssh_backend;
	channel->transport = transport;
	channel->ssh = ssh;
	channel->window = channel->window_ever = WINDOW_LIBSSH;
	channel->callbacks.channel_data_function = drop_stderr;
	ssh_callbacks_init(&channel->callbacks);
	ssh_set_channel_callbacks(ssh, &channel->callbacks);
	return &channel->base;
}
