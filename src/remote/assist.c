#include "remote/assist.h"

#include "base/clock.h"
#include "base/scope.h"
#include "remote/ask.h"
#include "remote/flight.h"
#include "remote/replies.h"
#include "remote/words.h"

/*
 *   WAIT ──► SENDING ──► DONE                          (an upload that helps does it all)
 *     └──► OPEN ──► OPENING ──► LOOKING ──► FILLING ──► CLOSING ──► DONE
 */
enum assist_state {
	ASSIST_WAIT,
	ASSIST_SENDING,
	ASSIST_OPEN,
	ASSIST_OPENING,
	ASSIST_LOOKING,
	ASSIST_FILLING,
	ASSIST_CLOSING,
	ASSIST_DONE,
	ASSIST_FAILED,
};

struct assist {
	struct remote *remote;
	struct crew *crew;
	struct crew_seat *seat;
	const struct crew_task *task;
	enum assist_state state;

	struct block_source source; /* sending */
	struct upload *upload;

	struct wire_handle handle; /* filling */
	bool is_open;
	struct block *held;    /* taken and not returned */
	struct block *cutting; /* one of them, not all of which was asked for … */
	size_t cut;            /* … but so much */
	struct flight flight;
	bool touched; /* a block was taken */

	struct sp_error failure;
};

static struct asker asker(struct assist *assist, reply_fn *fn)
{
	return (struct asker){ fn, assist };
}

static void fail(struct assist *assist, const struct reply *reply, const char *what)
{
	if (assist->failure.code != SP_OK)
		return;
	SP_AUTO_FREE char *shown = words_of_path(assist->task->path);
	reply_fail(reply, &assist->failure);
	sp_wrap(&assist->failure, "could not %s \"%s\"", what, shown);
	assist->state = ASSIST_FAILED;
}

/* ---- filling ----------------------------------------------------------------------------------------------------- */

static void give_back(struct assist *assist, struct block *block)
{
	struct block **link = &assist->held;
	while (*link != block)
		link = &(*link)->next;
	*link = block->next;
	crew_return(assist->seat, block);
}

static void filled(void *owner, const struct reply *reply);

static void ask_piece(struct assist *assist, struct block *block, uint64_t offset, uint32_t length)
{
	struct piece piece = { offset, length, block };
	ask_read(assist->remote, &assist->handle, &piece, block->data + (offset - block->offset),
		 asker(assist, filled));
}

static void filled(void *owner, const struct reply *reply)
{
	struct assist *assist = owner;
	struct block *block = reply->item;
	if (reply->dead != NULL)
		return;
	if (reply->kind != REPLY_DATA) { /* its end, too: it has become shorter */
		fail(assist, reply, "read");
		return;
	}
	flight_arrive(&assist->flight, reply->data_length, remote_round_trip_us(assist->remote),
		      sp_monotonic_us());
	block->pending -= reply->data_length;
	uint32_t missing = reply->length - reply->data_length;
	if (missing > 0) {
		ask_piece(assist, block, reply->offset + reply->data_length, missing);
	} else if (block->pending == 0 && block != assist->cutting) {
		block->is_done = true;
		give_back(assist, block);
	}
}

static bool take(struct assist *assist)
{
	struct block *block;
	switch (crew_take(assist->seat, &block)) {
	case CREW_BLOCK:
		block->pending = 0;
		block->next = assist->held;
		assist->held = assist->cutting = block;
		assist->cut = 0;
		assist->touched = true;
		return true;
	case CREW_END:
		if (assist->held == NULL && remote_room(assist->remote) > 0)
			assist->state = ASSIST_CLOSING;
		return false;
	case CREW_LATER:
		return false;
	}
	return false;
}

static void closed(void *owner, const struct reply *reply)
{
	struct assist *assist = owner;
	if (reply->dead == NULL)
		assist->state =
			ASSIST_DONE; /* what was read is not touched by a CLOSE that fails */
}

static void step_fill(struct assist *assist)
{
	uint32_t read_max = remote_features(assist->remote)->read_max;
	while (assist->state == ASSIST_FILLING && remote_room(assist->remote) > 0 &&
	       flight_allows(&assist->flight, read_max)) {
		if (assist->cutting == NULL && !take(assist))
			break;
		struct block *block = assist->cutting;
		size_t left = block->length - assist->cut;
		uint32_t length = left < read_max ? (uint32_t)left : read_max;
		uint64_t offset = block->offset + assist->cut;
		block->pending += length;
		assist->cut += length;
		if (assist->cut == block->length)
			assist->cutting = NULL;
		flight_leave(&assist->flight, length, sp_monotonic_us());
		ask_piece(assist, block, offset, length);
	}
	if (assist->state == ASSIST_CLOSING) {
		assist->is_open = false;
		ask_close(assist->remote, &assist->handle, asker(assist, closed));
	}
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Bytes of two files must not become one. */
static void looked(void *owner, const struct reply *reply)
{
	struct assist *assist = owner;
	const struct remote_attributes *is = &reply->attributes;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_ATTRIBUTES && is->has_size && is->has_times &&
	    is->size == assist->task->size && is->mtime == assist->task->mtime)
		assist->state = ASSIST_FILLING;
	else
		assist->state = ASSIST_FAILED;
}

static void opened(void *owner, const struct reply *reply)
{
	struct assist *assist = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind != REPLY_HANDLE) {
		fail(assist, reply, "open");
		return;
	}
	assist->handle = reply->handle;
	assist->is_open = true;
	assist->state = ASSIST_LOOKING;
	ask_fstat(assist->remote, &assist->handle, asker(assist, looked));
}

static void step_open(struct assist *assist)
{
	if (remote_room(assist->remote) < 2)
		return;
	assist->state = ASSIST_OPENING;
	ask_open(assist->remote, assist->task->path, WIRE_OPEN_READ, asker(assist, opened));
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

static int take_to_send(void *ctx, struct block **out, struct sp_error *err)
{
	struct assist *assist = ctx;
	(void)err;
	enum crew_answer answer = crew_take(assist->seat, out);
	assist->touched = assist->touched || answer == CREW_BLOCK;
	return (int)answer;
}

static void give_back_sent(void *ctx, struct block *block)
{
	struct assist *assist = ctx;
	crew_return(assist->seat, block);
}

static void step_send(struct assist *assist)
{
	enum failure_step ignored;
	switch (upload_step(assist->upload, &ignored, &assist->failure)) {
	case JOB_WORKING:
		break;
	case JOB_DONE:
		assist->state = ASSIST_DONE;
		break;
	case JOB_FAILED:
		assist->state = ASSIST_FAILED;
		break;
	}
}

static void step_wait(struct assist *assist)
{
	switch (crew_look(assist->seat)) {
	case CREW_LATER:
		return;
	case CREW_END:
		assist->state = ASSIST_DONE;
		return;
	case CREW_BLOCK:
		break;
	}
	if (!assist->task->sends) {
		assist->state = ASSIST_OPEN;
		return;
	}
	const struct upload_plan plan = { .part_path = assist->task->path,
					  .size = assist->task->size,
					  .helps = true };
	assist->upload = upload_start(assist->remote, &plan, &assist->source);
	assist->state = ASSIST_SENDING;
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

struct assist *assist_start(struct remote *remote, struct crew *crew, const struct crew_bell *bell)
{
	struct crew_seat *seat = crew_join(crew, bell);
	if (seat == NULL)
		return NULL;
	struct assist *assist = sp_alloc(sizeof(*assist));
	assist->remote = remote;
	assist->crew = crew;
	assist->seat = seat;
	assist->task = crew_task(crew);
	assist->source = (struct block_source){ assist, take_to_send, give_back_sent };
	assist->flight =
		flight_of(0, remote_features(remote)->read_max, remote_round_trip_us(remote));
	return assist;
}

static void (*const steps[])(struct assist *assist) = {
	[ASSIST_WAIT] = step_wait,    [ASSIST_SENDING] = step_send, [ASSIST_OPEN] = step_open,
	[ASSIST_FILLING] = step_fill, [ASSIST_FAILED] = NULL,
};

enum job_state assist_step(struct assist *assist)
{
	const struct sp_error *dead = session_dead(assist->remote);
	bool over = assist->state == ASSIST_DONE || assist->state == ASSIST_FAILED;
	if (!over && (dead != NULL || crew_is_recalled(assist->seat))) {
		if (dead != NULL)
			assist->failure = *dead;
		assist->state = ASSIST_FAILED;
	}
	for (enum assist_state before = ASSIST_DONE; assist->state != before;) {
		before = assist->state;
		if (steps[assist->state] != NULL)
			steps[assist->state](assist);
	}
	if (assist->state == ASSIST_DONE)
		return JOB_DONE;
	return assist->state == ASSIST_FAILED ? JOB_FAILED : JOB_WORKING;
}

void assist_destroy(struct assist *assist)
{
	if (assist == NULL)
		return;
	/* Of what it never had in its hands nothing is missing. */
	if (assist->touched && assist->failure.code != SP_OK)
		crew_fail(assist->seat, &assist->failure);
	upload_destroy(assist->upload);
	session_forget(assist->remote, assist);
	if (assist->is_open)
		ask_close(assist->remote, &assist->handle, (struct asker){ 0 });
	while (assist->held != NULL)
		give_back(assist, assist->held);
	crew_leave(assist->seat);
	free(assist);
}
