#include "remote/outbox.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"

/* Sent bytes at the start are reclaimed when there are so many of them. */
enum { RECLAIM_MIN = 64 * 1024 };

void outbox_init(struct outbox *outbox)
{
	*outbox = (struct outbox){ .bytes = sp_alloc(OUTBOX_ROOM) };
}

void outbox_finish(struct outbox *outbox)
{
	free(outbox->bytes);
	free(outbox->kept);
	*outbox = (struct outbox){ 0 };
}

static struct parcel *parcel_at(struct outbox *outbox, size_t position)
{
	return &outbox->parcels[(outbox->first + position) % OUTBOX_PARCELS];
}

size_t outbox_room(const struct outbox *outbox)
{
	size_t waiting = outbox->end - outbox->start;
	size_t for_any = (size_t)OUTBOX_ANY_REQUESTS * WIRE_REQUEST_MAX;
	return waiting >= for_any ? 0 : (for_any - waiting) / WIRE_REQUEST_MAX;
}

static void reclaim(struct outbox *outbox)
{
	size_t waiting = outbox->end - outbox->start;
	bool cramped = OUTBOX_ROOM - outbox->end < WIRE_REQUEST_MAX;
	if (cramped || (outbox->start >= RECLAIM_MIN && outbox->start >= waiting)) {
		memmove(outbox->bytes, outbox->bytes + outbox->start, waiting);
		outbox->start = 0;
		outbox->end = waiting;
	}
}

struct sp_writer outbox_begin(struct outbox *outbox)
{
	assert(!outbox->writing);
	outbox->writing = true;
	reclaim(outbox);
	return sp_writer_of(outbox->bytes + outbox->end, OUTBOX_ROOM - outbox->end);
}

void outbox_add(struct outbox *outbox, const struct sp_writer *writer, struct request *request,
		const uint8_t *body, size_t body_length)
{
	assert(outbox->writing && !writer->failed && outbox->count < OUTBOX_PARCELS);
	outbox->writing = false;
	size_t head = sp_writer_length(writer);
	*parcel_at(outbox, outbox->count++) = (struct parcel){
		.request = request, .head = head, .body = body, .body_left = body_length
	};
	outbox->end += head;
}

static bool must_wait(struct outbox *outbox, size_t position, bool unanswered)
{
	const struct parcel *parcel = parcel_at(outbox, position);
	return outbox->closes_late && (unanswered || position > 0) && !parcel->begun &&
	       parcel->request != NULL && parcel->request->closes;
}

size_t outbox_front(struct outbox *outbox, bool unanswered, const uint8_t **out)
{
	if (outbox->count == 0 || must_wait(outbox, 0, unanswered))
		return 0;
	const struct parcel *first = parcel_at(outbox, 0);
	if (first->head == 0) {
		*out = first->body;
		return first->body_left;
	}
	*out = outbox->bytes + outbox->start;
	size_t length = 0;
	for (size_t i = 0; i < outbox->count && (i == 0 || !must_wait(outbox, i, unanswered));
	     i++) {
		const struct parcel *parcel = parcel_at(outbox, i);
		length += parcel->head;
		if (parcel->body_left > 0)
			break;
	}
	return length;
}

static void drop_first(struct outbox *outbox)
{
	struct parcel *first = parcel_at(outbox, 0);
	if (first->request != NULL) {
		first->request->sent = true;
		first->request->sent_us = sp_monotonic_us();
	}
	outbox->first = (outbox->first + 1) % OUTBOX_PARCELS;
	outbox->count--;
	free(sp_take_pointer(&outbox->kept));
	if (outbox->count == 0)
		outbox->start = outbox->end = 0;
}

void outbox_sent(struct outbox *outbox, size_t length)
{
	while (length > 0) {
		assert(outbox->count > 0);
		struct parcel *first = parcel_at(outbox, 0);
		size_t head = length < first->head ? length : first->head;
		first->begun = true;
		first->head -= head;
		outbox->start += head;
		length -= head;

		size_t body = length < first->body_left ? length : first->body_left;
		if (first->head == 0 && body > 0) {
			first->body += body;
			first->body_left -= body;
			length -= body;
		}
		if (first->head == 0 && first->body_left == 0)
			drop_first(outbox);
	}
}

/* The stream must go on with exactly the bytes that the head promised. */
static void keep_body(struct outbox *outbox, struct parcel *parcel)
{
	if (parcel->body_left == 0 || outbox->kept != NULL)
		return;
	outbox->kept = sp_alloc(parcel->body_left);
	memcpy(outbox->kept, parcel->body, parcel->body_left);
	parcel->body = outbox->kept;
}

static void remove_parcel(struct outbox *outbox, size_t position, size_t offset)
{
	size_t head = parcel_at(outbox, position)->head;
	size_t after = outbox->end - outbox->start - offset - head;
	uint8_t *at = outbox->bytes + outbox->start + offset;
	memmove(at, at + head, after);
	outbox->end -= head;
	for (size_t i = position; i + 1 < outbox->count; i++)
		*parcel_at(outbox, i) = *parcel_at(outbox, i + 1);
	outbox->count--;
}

bool outbox_give_up(struct outbox *outbox, const struct request *request)
{
	size_t offset = 0;
	for (size_t i = 0; i < outbox->count; i++) {
		struct parcel *parcel = parcel_at(outbox, i);
		if (parcel->request == request && parcel->begun) {
			keep_body(outbox, parcel);
			return false;
		}
		if (parcel->request == request) {
			remove_parcel(outbox, i, offset);
			return true;
		}
		offset += parcel->head;
	}
	return false;
}
