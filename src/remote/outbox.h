#pragma once
/**
 * What waits to be sent, in order. Small requests lie one behind the other, so that many leave in one write; the bytes
 * of a big WRITE are sent from the block they are in, without a copy.
 *
 *   parcels   [ OPEN ][ READ ][ WRITE head + body ──► block ][ WRITE head + body ──► block ] …
 *   bytes      open    read    head                           head
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "remote/requests.h"
#include "remote/wire.h"

enum {
	/* Bodies up to here are copied behind their head: cheaper than a write, and an SSH packet, of their own. */
	OUTBOX_COPY_MAX = 8192 - WIRE_HANDLE_REQUEST_MAX,
	OUTBOX_PARCELS = REQUESTS_SLOTS + 1, /* every request, and the greeting */
	/* So many requests of any kind fit; behind them there is room for one that names a handle from every slot, so
	 * that asking again for the rest of a short read, or closing a handle, never has to wait. */
	OUTBOX_ANY_REQUESTS = 256,
	OUTBOX_ROOM =
		OUTBOX_ANY_REQUESTS * WIRE_REQUEST_MAX + REQUESTS_SLOTS * WIRE_HANDLE_REQUEST_MAX,
};

struct parcel {
	struct request *request; /* told when all is sent; NULL: the greeting */
	size_t head;             /* bytes of it that are not sent yet */
	const uint8_t *body;     /* NULL: none */
	size_t body_left;
	bool begun;
};

struct outbox {
	uint8_t *bytes; /* OUTBOX_ROOM, owned; the pages are touched as far as they are used */
	size_t start, end;
	struct parcel parcels[OUTBOX_PARCELS]; /* a ring */
	size_t first, count;
	bool writing;     /* between begin and add */
	bool closes_late; /* a CLOSE is sent only once all that was asked before it is answered */
	/* The rest of the first parcel's body, when its owner left in the middle of it. */
	uint8_t *kept;
};

void outbox_init(struct outbox *outbox);
void outbox_finish(struct outbox *outbox);

/** Requests of any kind that still fit. */
size_t outbox_room(const struct outbox *outbox);

/** Where the next request is written. */
struct sp_writer outbox_begin(struct outbox *outbox);

/** What was written becomes a parcel. @body: kept until it is sent or the request is given up; NULL: none. */
void outbox_add(struct outbox *outbox, const struct sp_writer *writer, struct request *request,
		const uint8_t *body, size_t body_length);

/** The next bytes to send; 0 when there are none. @unanswered: something that was sent has no answer yet. */
size_t outbox_front(struct outbox *outbox, bool unanswered, const uint8_t **out);

/** @length of them went out. */
void outbox_sent(struct outbox *outbox, size_t length);

/**
 * The owner of an unsent @request, and of its body, goes. True: no byte of it was sent, none will be. False: it is
 * half out, so the rest is copied and sent.
 */
bool outbox_give_up(struct outbox *outbox, const struct request *request);
