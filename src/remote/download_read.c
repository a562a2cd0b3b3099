/* The bytes: blocks are asked for in order, within the flight, and delivered in order. */

#include "remote/download_inside.h"

#include <string.h>

#include "base/clock.h"
#include "remote/replies.h"

/* Bytes of a file whose size the server tells as 0 or not at all: a disk must not be filled by a server that lies. */
#define UNTOLD_MAX (UINT64_C(1) << 30)

enum { ALONE_REQUESTS = 4 /* under way in the session: there is hardly another file */ };

static void note_end(struct download *download, uint64_t offset)
{
	if (offset < download->end)
		download->end = offset;
}

static void note_seen(struct download *download, uint64_t offset)
{
	if (offset > download->seen)
		download->seen = offset;
}

static void read_answered(void *owner, const struct reply *reply);

/* Asks for @length bytes of @block, from the file's @offset on. */
static void ask_piece(struct download *download, struct block *block, uint64_t offset,
		      uint32_t length)
{
	struct piece piece = { offset, length, block };
	download->reading++;
	download->asked++;
	ask_read(download->remote, &download->handle, &piece,
		 block->data + (offset - block->offset), download_asker(download, read_answered));
}

static void read_answered(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	struct block *block = reply->item;
	if (reply->dead != NULL)
		return;
	download->reading--;
	if (reply->kind == REPLY_DATA) {
		uint64_t behind = reply->offset + reply->data_length;
		uint32_t missing = reply->length - reply->data_length;
		block->pending -= reply->data_length;
		note_seen(download, behind);
		if (missing > 0 && behind == download->limit) {
			/* More was asked for than there is: that is the answer to whether there is more. */
			block->pending -= missing;
			note_end(download, behind);
		} else if (missing > 0) {
			ask_piece(download, block, behind, missing);
		}
		return;
	}
	block->pending -= reply->length;
	if (reply_is_status(reply, WIRE_EOF)) {
		note_end(download, reply->offset);
		return;
	}
	bool looked = download->state != DOWNLOAD_LOOKING;
	download_fail_remote(download, reply, "read");
	if (!looked) /* at what kind of file it is */
		download->state = DOWNLOAD_EXPLAIN;
}

/* Whether there is more behind the size that we were told. */
static void probe_answered(void *owner, const struct reply *reply)
{
	struct download *download = owner;
	if (reply->dead != NULL)
		return;
	download->reading--;
	if (reply->kind == REPLY_DATA && download->limit > 0) {
		download_fail_changed(download, "there is more of it than its size");
	} else if (reply->kind == REPLY_DATA) {
		/* A size of 0 is what servers tell of files that are made as they are read. */
		note_seen(download, reply->offset + reply->data_length);
		download->limit = UNKNOWN;
	} else if (reply_is_status(reply, WIRE_EOF)) {
		note_end(download, reply->offset);
	} else {
		download_fail_remote(download, reply, "read");
	}
}

static void ask_probe(struct download *download)
{
	struct piece piece = { download->limit, sizeof(download->probe), NULL };
	download->probed = true;
	download->reading++;
	download->asked++;
	ask_read(download->remote, &download->handle, &piece, &download->probe,
		 download_asker(download, probe_answered));
}

/* Bytes of a block that are used: whole requests, so that none is small without need. */
static size_t usable(const struct block *block, uint32_t read_max)
{
	return block->room < read_max ? block->room : block->room - block->room % read_max;
}

static bool is_full(const struct block *block, uint32_t read_max)
{
	return block->length >= usable(block, read_max);
}

/* The block that the next request goes into; NULL when there is none now. */
static struct block *filling(struct download *download, uint32_t read_max)
{
	struct block *tail = download->tail;
	if (tail != NULL && !is_full(tail, read_max))
		return tail;
	struct block *block = download->sink->get(download->sink->ctx);
	if (block == NULL)
		return NULL;
	block->offset = download->next;
	block->length = 0;
	block->pending = 0;
	block->is_lent = false;
	block->next = NULL;
	if (tail != NULL)
		tail->next = block;
	else
		download->head = block;
	download->tail = block;
	return block;
}

/* All of a block that nobody else reads. */
static void read_alone(struct download *download, struct block *block, uint32_t read_max)
{
	block->is_lent = false;
	flight_leave(&download->flight, block->length, sp_monotonic_us());
	for (uint64_t at = 0; at < block->length; at += read_max) {
		uint64_t left = block->length - at;
		ask_piece(download, block, block->offset + at,
			  left < read_max ? (uint32_t)left : read_max);
	}
}

/* What was lent and came back as it was. */
static bool ask_again(struct download *download, uint32_t read_max)
{
	struct block *block = download->again[download->again_count - 1];
	if (remote_room(download->remote) < block->length / read_max + 1)
		return false;
	download->again_count--;
	read_alone(download, block, read_max);
	return true;
}

/* The next block is read by somebody else, since we have enough under way. */
static bool lend_next(struct download *download, uint32_t read_max)
{
	if (download->crew == NULL || download->limit == UNKNOWN || download->lent == LENT_MAX ||
	    (download->tail != NULL && !is_full(download->tail, read_max)) ||
	    !crew_has_room(download->crew))
		return false;
	struct block *block = filling(download, read_max);
	if (block == NULL)
		return false;
	block->length = usable(block, read_max);
	if (block->length > download->limit - download->next)
		block->length = download->limit - download->next;
	block->pending = block->length;
	download->next += block->length;
	block->is_lent = true;
	download->lent++;
	if (!crew_lend(download->crew, block)) { /* who had room has left */
		download->lent--;
		download->again[download->again_count++] = block;
	}
	return true;
}

void download_take_all_back(struct download *download)
{
	bool ignored;
	for (struct block *block; (block = crew_take_back(download->crew, &ignored)) != NULL;) {
		download->lent--;
		if (block->is_done) {
			block->pending = 0;
			note_seen(download, block->offset + block->length);
		} else {
			download->again[download->again_count++] = block;
		}
	}
}

static bool ask_next(struct download *download)
{
	uint32_t read_max = remote_features(download->remote)->read_max;
	if (download->again_count > 0)
		return ask_again(download, read_max);
	if (download->next >= download->limit) {
		/* What was asked for before the size was known may have gone beyond it, and tells as much. */
		if (download->probed || download->next > download->limit)
			return false;
		ask_probe(download);
		return true;
	}
	if (!flight_allows(&download->flight, read_max))
		return lend_next(download, read_max);
	if (download->limit == UNKNOWN && download->next >= UNTOLD_MAX) {
		sp_fail(&download->failure, SP_UNSUPPORTED,
			"cannot read \"%s\": the server tells no size, and more than %llu bytes "
			"come",
			download->shown_path, (unsigned long long)UNTOLD_MAX);
		download_fail(download, STEP_READ_REMOTE);
		return false;
	}
	struct block *block = filling(download, read_max);
	if (block == NULL)
		return false;
	uint64_t length = usable(block, read_max) - block->length;
	if (length > read_max)
		length = read_max;
	if (length > download->limit - download->next)
		length = download->limit - download->next;
	block->length += length;
	block->pending += length;
	flight_leave(&download->flight, length, sp_monotonic_us());
	uint64_t offset = download->next;
	download->next += length;
	ask_piece(download, block, offset, (uint32_t)length);
	return true;
}

static void ask_more(struct download *download)
{
	while (download->end == UNKNOWN && remote_room(download->remote) > 0)
		if (!ask_next(download))
			return;
}

struct block *download_take_head(struct download *download)
{
	struct block *head = download->head;
	download->head = head->next;
	if (download->head == NULL)
		download->tail = NULL;
	head->next = NULL;
	if (!head->is_lent)
		flight_arrive(&download->flight, head->length,
			      remote_round_trip_us(download->remote), sp_monotonic_us());
	return head;
}

/* A block is ready when all its bytes are here and it gets no more requests: it is full, or none is under way. */
static bool is_head_ready(const struct download *download)
{
	const struct block *head = download->head;
	return head != NULL && head->pending == 0 &&
	       (head != download->tail || download->reading == 0);
}

static void deliver(struct download *download)
{
	while (is_head_ready(download)) {
		struct block *block = download_take_head(download);
		if (block->offset >= download->end) {
			download->sink->give_back(download->sink->ctx, block);
			continue;
		}
		if (block->length > download->end - block->offset)
			block->length = download->end - block->offset;
		download->delivered += block->length;
		if (download->sink->put(download->sink->ctx, block, &download->failure) != 0) {
			download_fail(download, STEP_WRITE_OBJECT);
			return;
		}
	}
}

/* As far as it is known: the rest may turn out to be longer. */
static bool has_asked_all(const struct download *download)
{
	return download->limit != UNKNOWN && download->again_count == 0 && download->crew == NULL &&
	       (download->next > download->limit || download->probed);
}

void download_step_read(struct download *download)
{
	if (download->crew != NULL)
		download_take_all_back(download);
	if (download->limit == 0 && download->seen > 0)
		download->limit = UNKNOWN; /* see probe_answered() */
	if (download->limit != UNKNOWN && download->seen > download->limit) {
		download_fail_changed(download, "there is more of it than its size");
		return;
	}
	ask_more(download);
	if (download->end != UNKNOWN && download->seen > download->end) {
		download_fail_changed(download, "bytes came from behind its end");
		return;
	}
	deliver(download);
	if (download->state != DOWNLOAD_READING)
		return;
	/* Blocks that were delivered make room for more. */
	ask_more(download);
	if (has_asked_all(download))
		download_look_early(download);
	if (download->end == UNKNOWN || download->reading > 0 || download->lent > 0 ||
	    download->again_count > 0 || download->early.is_unanswered)
		return;
	if (download->crew != NULL)
		crew_end(download->crew);
	download->state = DOWNLOAD_END;
}

/* With the first look go the first READs: of a small file one is all. */
void download_step_look(struct download *download)
{
	if (remote_room(download->remote) == 0)
		return;
	download->state = DOWNLOAD_LOOKING;
	download_look(download);
	if (download->next > 0 || remote_room(download->remote) == 0)
		return;
	bool is_far_alone = remote_round_trip_us(download->remote) >= FLIGHT_FAR_US &&
			    remote_outstanding(download->remote) <= ALONE_REQUESTS;
	if (is_far_alone)
		ask_more(download);
	else
		ask_next(download);
	download_look_early(download);
}
