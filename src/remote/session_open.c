#include "remote/session_inside.h"

#include <limits.h>
#include <poll.h>

#include "base/clock.h"
#include "remote/ask.h"
#include "remote/branches.h"

enum {
	REQUEST_BYTES_MIN = 1024, /* a server that grants less is not taken at its word */
	PACKET_OVERHEAD = 1024,   /* of a READ's or WRITE's packet, beside the file's bytes */
};

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
	session_greet(remote);
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

int remote_open(struct channel *channel, const struct remote_limits *known, int64_t timeout_ms,
		int cancel_fd, struct remote **out, struct sp_error *err)
{
	struct remote *remote = session_create(channel);
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
	session_destroy(remote);
}
