#pragma once
/**
 * A session as its files share it. Each calls those before it, and what stands between them:
 *
 *   session.c       state, the table of requests, signs of life, the end
 *   session_move.c  bytes out and in; packets become replies (asks to close what nobody wants: ask.h)
 *   session_pump.c  all that moves together: the session and its branches (branches.h), or a sleep
 *   session_open.c  the greeting and limits, and closing
 *
 * Outside of them nobody includes this.
 */

#include "remote/outbox.h"
#include "remote/requests.h"
#include "remote/session_within.h"

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

/** A session on which nothing was sent yet. @channel is taken. */
struct remote *session_create(struct channel *channel);

/** INIT into the out-queue. */
void session_greet(struct remote *remote);

/** Bytes went out or came in, or (…_life) a whole reply. */
void session_note_moved(struct remote *remote, size_t count);
void session_note_life(struct remote *remote);

/** The request is out of the table: its function is called, and whoever it was asked for is woken. */
void session_tell(struct remote *remote, const struct request *request, const struct reply *reply);

/** What may be sent now; 0: nothing. */
size_t session_front(struct remote *remote, const uint8_t **out);
