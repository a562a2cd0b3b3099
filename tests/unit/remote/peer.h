#pragma once
/**
 * A channel with a scripted server behind it, in memory: it serves one file whose bytes are the pattern's, well or as
 * badly as it is told. Everything happens inside the engine's calls, so that a run is always the same run.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "remote/transport.h"
#include "remote/wire.h"

struct peer;

/** Looks at a request first. True: it was answered here (or on purpose not at all). @rest: what follows the id. */
typedef bool peer_hook(struct peer *peer, uint8_t type, uint32_t id, struct sp_reader *rest);

enum { PEER_REPLIES_MAX = 4096 };

/* What the server tells of its file. */
struct peer_tells {
	bool fails; /* the question is answered with FAILURE */
	bool size, times;
	uint32_t permissions; /* 0: not told */
};

struct peer {
	struct channel channel;

	/* What it is like. Set by peer_init() to a good server, changed before remote_open(). */
	uint32_t version;
	const char *extensions[8]; /* name, version, name, version …, NULL */
	struct wire_limits limits;
	uint64_t file_size; /* that there is */
	uint64_t told_size;
	uint32_t mtime;
	struct peer_tells of_handle, of_path;
	uint64_t space;    /* statvfs: free units */
	size_t short_read; /* bytes of a DATA reply at most; 0: as asked */
	bool reversed;     /* all replies that wait go out newest first */
	size_t chunk;      /* no call moves more bytes */
	size_t cut_at;     /* it closes after so many bytes of replies */
	size_t appetite;   /* bytes of requests that it takes */
	size_t damage_at;  /* the byte of its replies that is changed … */
	uint8_t damage;    /* … by these bits */
	bool drips;        /* a further byte comes with every ms that the engine waits */
	bool impatient;    /* it closes when the engine would wait */
	int late_ms; /* answers to questions (what is no WRITE) come so late, as on a long line */
	peer_hook *hook;

	/* What it saw. */
	size_t seen[256]; /* requests by type */
	size_t seen_all, open_handles, expected;
	uint64_t written;
	bool wrong; /* a request that is malformed, or a WRITE of other bytes than the pattern's */
	size_t replied; /* bytes of replies read */

	struct sp_buffer requests, ready, held;
	size_t held_at[PEER_REPLIES_MAX], held_count, ready_from;
	bool was_closed, was_asked;
};

/** The channel's close() notes that it was called and forgets what was under way; it may be opened again. */
struct peer *peer_create(void);
void peer_destroy(struct peer *peer);

/** Any bytes. */
void peer_send(struct peer *peer, const void *data, size_t length);
void peer_send_status(struct peer *peer, uint32_t id, uint32_t code, const char *text);
void peer_send_data(struct peer *peer, uint32_t id, uint64_t offset, size_t length);

/** A whole packet of type, id and payload. */
void peer_send_packet(struct peer *peer, uint8_t type, uint32_t id, const void *payload,
		      size_t length);
