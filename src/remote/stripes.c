#include "remote/stripes.h"

#include <assert.h>

#include "base/clock.h"
#include "remote/ask.h"
#include "remote/replies.h"

enum {
	UNSENT_MAX = 2, /* requests that wait in a session, see has_enough() */
};

static struct asker asker(struct stripe *stripe, reply_fn *fn)
{
	return (struct asker){ fn, stripe };
}

static bool is_trunk(const struct stripe *stripe)
{
	return stripe == stripe->stripes->all;
}

static size_t index_of(const struct stripe *stripe)
{
	return (size_t)(stripe - stripe->stripes->all);
}

/* ---- failing --------------------------------------------------------------------------------------------------- */

static bool has_failed(const struct stripes *stripes)
{
	return stripes->failure.code != SP_OK;
}

static void fail_remote(struct stripe *stripe, const struct reply *reply, const char *what)
{
	struct stripes *stripes = stripe->stripes;
	if (has_failed(stripes))
		return;
	reply_fail(reply, &stripes->failure);
	sp_wrap(&stripes->failure, "could not %s \"%s\"", what, stripes->shown_path);
	stripes->failed_step = STEP_WRITE_REMOTE;
	stripes->failed_barely = reply_is_status(reply, WIRE_FAILURE);
}

static void fail_more(struct stripes *stripes)
{
	stripes->failed_step = STEP_READ_OBJECT;
	sp_fail(&stripes->failure, SP_CHANGED,
		"the source changed: it has more bytes than the %llu it had before",
		(unsigned long long)stripes->size);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static void give_back(struct stripes *stripes, struct block *block)
{
	struct block **link = &stripes->held;
	while (*link != block)
		link = &(*link)->next;
	*link = block->next;
	block->next = NULL;
	stripes->source->give_back(stripes->source->ctx, block);
}

static void hold(struct stripes *stripes, struct block *block)
{
	assert(block->offset >= stripes->taken);
	block->pending = 0;
	block->is_done = false;
	block->next = stripes->held;
	stripes->held = block;
	stripes->taken = block->offset + block->length;
}

enum source_answer { SOURCE_ERROR = -1, SOURCE_LATER = 0, SOURCE_BLOCK = 1, SOURCE_END = 2 };

/* NULL when there is none now, at the end, and after a failure. */
static struct block *take_from_source(struct stripes *stripes)
{
	struct block *block = NULL;
	switch ((enum source_answer)stripes->source->take(stripes->source->ctx, &block,
							  &stripes->failure)) {
	case SOURCE_BLOCK:
		hold(stripes, block);
		if (stripes->taken > stripes->size)
			fail_more(stripes);
		return has_failed(stripes) ? NULL : block;
	case SOURCE_END:
		stripes->ended = true;
		return NULL;
	case SOURCE_ERROR:
		stripes->failed_step = STEP_READ_OBJECT;
		return NULL;
	case SOURCE_LATER:
		return NULL;
	}
	return NULL;
}

static struct block *take_block(struct stripes *stripes)
{
	if (stripes->again_count > 0)
		return stripes->again[--stripes->again_count];
	return stripes->ended ? NULL : take_from_source(stripes);
}

/* Whether there may be another one. */
static bool is_empty(const struct stripes *stripes)
{
	return stripes->ended && stripes->again_count == 0 && stripes->lent == 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void written(void *owner, const struct reply *reply)
{
	struct stripe *stripe = owner;
	struct stripes *stripes = stripe->stripes;
	if (reply->dead != NULL)
		return;
	flight_arrive(&stripe->flight, reply->length, remote_round_trip_us(stripe->remote),
		      sp_monotonic_us());
	if (!reply_is_status(reply, WIRE_OK)) {
		if (!has_failed(stripes))
			stripes->failed_length = reply->length;
		fail_remote(stripe, reply, "write");
		return; /* with its block, which goes back in the end */
	}
	stripes->acknowledged += reply->length;
	struct block *block = reply->item;
	block->pending -= reply->length;
	block->is_done = block->pending == 0 && block != stripe->cutting;
	if (block->is_done)
		give_back(stripes, block);
}

/* The next WRITE of the block being cut. */
static void write_piece(struct stripe *stripe, uint32_t length)
{
	struct block *block = stripe->cutting;
	struct piece piece = { block->offset + stripe->cut, length, block };
	const uint8_t *data = block->data + stripe->cut;
	stripe->cut += length;
	block->pending += length;
	flight_leave(&stripe->flight, length, sp_monotonic_us());
	if (stripe->cut == block->length)
		stripe->cutting = NULL;
	ask_write(stripe->remote, &stripe->handle, &piece, data, asker(stripe, written));
}

static bool is_wanted(const struct stripe *stripe)
{
	return is_trunk(stripe) || index_of(stripe) <= stripe->stripes->growth.wish.count;
}

/* What the server's window has no room for would only hold blocks. A file that has little under way need not care for
 * what others have waiting in the same session. */
static bool has_enough(const struct stripe *stripe)
{
	return stripe->flight.out >= stripe->flight.least &&
	       session_unsent(stripe->remote) >= UNSENT_MAX;
}

/* One WRITE more; false when there is none now. */
static bool write_one(struct stripe *stripe)
{
	struct stripes *stripes = stripe->stripes;
	if (stripe->state != STRIPE_WRITING || remote_room(stripe->remote) == 0 ||
	    has_enough(stripe) || !flight_allows(&stripe->flight, 1))
		return false;
	if (stripe->cutting == NULL) {
		stripe->cut = 0;
		stripe->cutting = is_wanted(stripe) ? take_block(stripes) : NULL;
	}
	if (stripe->cutting == NULL)
		return false;
	size_t left = stripe->cutting->length - stripe->cut;
	if (left == 0) { /* an empty block */
		struct block *empty = stripe->cutting;
		stripe->cutting = NULL;
		empty->is_done = true;
		give_back(stripes, empty);
		return true;
	}
	uint32_t write_max = remote_features(stripe->remote)->write_max;
	uint32_t length = left < write_max ? (uint32_t)left : write_max;
	if (!flight_allows(&stripe->flight, length))
		return false;
	write_piece(stripe, length);
	return true;
}

/* In turn, a WRITE each, so that what is not acknowledged yet lies close together. */
static void write_all(struct stripes *stripes)
{
	for (size_t idle = 0; idle < STRIPES_MAX && !has_failed(stripes);) {
		bool wrote = write_one(&stripes->all[stripes->turn]);
		idle = wrote ? 0 : idle + 1;
		stripes->turn = (stripes->turn + 1) % STRIPES_MAX;
	}
}

/* ---- what others do ---------------------------------------------------------------------------------------------- */

static void lend_all(struct stripes *stripes)
{
	while (!stripes->ended && !has_failed(stripes) && stripes->again_count == 0 &&
	       crew_has_room(stripes->crew)) {
		struct block *block = take_from_source(stripes);
		if (block == NULL)
			break;
		if (crew_lend(stripes->crew, block))
			stripes->lent++;
		else
			stripes->again[stripes->again_count++] = block; /* who had room has left */
	}
	if (stripes->ended)
		crew_end(stripes->crew);
}

static void note_back(struct stripes *stripes, struct block *block, bool is_untouched)
{
	stripes->lent--;
	if (is_untouched) {
		stripes->again[stripes->again_count++] = block;
	} else if (block->is_done) {
		stripes->acknowledged += block->length;
		give_back(stripes, block);
	} else if (!has_failed(stripes)) {
		stripes->failed_step = STEP_WRITE_REMOTE;
		sp_fail(&stripes->failure, SP_CLOSED,
			"could not write \"%s\": another connection did not do its part",
			stripes->shown_path);
	}
}

/* That one of them failed is told in its words; one that had done nothing left without any. */
static void take_all_back(struct stripes *stripes)
{
	bool is_untouched;
	stripes->crew_is_over = crew_is_over(stripes->crew);
	if (!has_failed(stripes) && crew_failure(stripes->crew, &stripes->failure))
		stripes->failed_step = STEP_WRITE_REMOTE;
	for (struct block *block; (block = crew_take_back(stripes->crew, &is_untouched)) != NULL;)
		note_back(stripes, block, is_untouched);
}

bool stripes_recall(struct stripes *stripes)
{
	if (stripes->crew == NULL)
		return true;
	crew_recall(stripes->crew);
	take_all_back(stripes);
	return stripes->crew_is_over;
}

/* ---- the branches' handles --------------------------------------------------------------------------------------- */

static void leave(struct stripe *stripe)
{
	branch_give_back(stripe->stripes->trunk, index_of(stripe) - 1);
	stripe->remote = NULL;
	stripe->is_closed = false;
	stripe->state = STRIPE_GONE;
}

/* A server that lets a file be open only once, say. What was begun goes on without it. */
static void opened(void *owner, const struct reply *reply)
{
	struct stripe *stripe = owner;
	if (reply->dead != NULL)
		return;
	if (reply->kind == REPLY_HANDLE) {
		stripe->handle = reply->handle;
		stripe->state = STRIPE_WRITING;
		return;
	}
	stripe->is_useless = true;
	leave(stripe);
}

static void join(struct stripe *stripe)
{
	struct stripes *stripes = stripe->stripes;
	stripe->remote = branch_take(stripes->trunk, index_of(stripe) - 1);
	if (stripe->remote == NULL)
		return;
	stripe->flight = flight_of(0, remote_features(stripe->remote)->write_max,
				   remote_round_trip_us(stripe->remote));
	stripe->state = STRIPE_OPENING;
	ask_open(stripe->remote, stripes->path, WIRE_OPEN_CHANGE, asker(stripe, opened));
}

/* The bytes were acknowledged; a server that then cannot close the file may have lost some. */
static void closed(void *owner, const struct reply *reply)
{
	struct stripe *stripe = owner;
	if (reply->dead != NULL)
		return;
	stripe->is_closed = true;
	if (!reply_is_status(reply, WIRE_OK))
		fail_remote(stripe, reply, "close");
}

/* Where the order is kept CLOSE follows the last WRITE at once. */
static bool may_close(const struct stripe *stripe)
{
	return stripe->state == STRIPE_WRITING && stripe->cutting == NULL &&
	       (stripe->flight.out == 0 || remote_features(stripe->remote)->keeps_order) &&
	       (is_empty(stripe->stripes) || !is_wanted(stripe));
}

/* Only what was asked of it and not answered is in doubt. */
static void notice_death(struct stripe *stripe)
{
	struct stripes *stripes = stripe->stripes;
	const struct sp_error *dead = session_dead(stripe->remote);
	if (dead == NULL)
		return;
	if (stripe->state != STRIPE_OPENING && !has_failed(stripes)) {
		stripes->failure = *dead;
		stripes->failed_step = STEP_WRITE_REMOTE;
		sp_wrap(&stripes->failure, "could not write \"%s\"", stripes->shown_path);
	}
	stripe->is_useless = true;
	stripe->cutting = NULL;
	leave(stripe);
}

static void look_after(struct stripe *stripe)
{
	/* Each WRITE is answered for itself, whatever CLOSE says. Of what has closed nothing is in doubt. */
	if (stripe->is_closed && stripe->flight.out == 0)
		leave(stripe);
	if (stripe->state != STRIPE_GONE)
		notice_death(stripe);
	if (stripe->state == STRIPE_GONE && is_wanted(stripe) && !stripe->is_useless &&
	    !is_empty(stripe->stripes) && !has_failed(stripe->stripes))
		join(stripe);
	if (may_close(stripe) && remote_room(stripe->remote) > 0) {
		stripe->state = STRIPE_CLOSING;
		ask_close(stripe->remote, &stripe->handle, asker(stripe, closed));
	}
}

/* ---- how many ---------------------------------------------------------------------------------------------------- */

static void grow(struct stripes *stripes)
{
	const struct stripe *trunk = stripes->all;
	struct growth_view view = {
		.left = stripes->size > stripes->taken ? stripes->size - stripes->taken : 0,
		.acknowledged = stripes->acknowledged,
		.is_held_up = has_enough(trunk),
		.rate = flight_rate(&trunk->flight),
	};
	for (size_t i = 1; i < STRIPES_MAX; i++)
		view.is_opening = view.is_opening || stripes->all[i].state == STRIPE_OPENING;
	growth_step(&stripes->growth, &view);
}

/* ---- the door -------------------------------------------------------------------------------------------------- */

void stripes_init(struct stripes *stripes, const struct stripes_plan *plan)
{
	*stripes = (struct stripes){
		.trunk = plan->trunk,
		.source = plan->source,
		.path = plan->path,
		.shown_path = plan->shown_path,
		.crew = plan->crew,
		.size = plan->size,
		.taken = plan->offset,
		.acknowledged = plan->offset,
	};
	for (size_t i = 0; i < STRIPES_MAX; i++)
		stripes->all[i].stripes = stripes;
	stripes->all[0].remote = plan->trunk;
	stripes->all[0].flight =
		flight_of(plan->flight_max, remote_features(plan->trunk)->write_max,
			  remote_round_trip_us(plan->trunk));
	growth_begin(&stripes->growth, plan->trunk, plan->branches, plan->helps,
		     plan->size > plan->offset ? plan->size - plan->offset : 0);
}

void stripes_begin(struct stripes *stripes, const struct wire_handle *handle)
{
	stripes->all[0].handle = *handle;
	stripes->all[0].state = STRIPE_WRITING;
}

void stripes_step(struct stripes *stripes)
{
	if (has_failed(stripes))
		return;
	if (stripes->crew != NULL)
		take_all_back(stripes);
	grow(stripes);
	write_all(stripes);
	if (stripes->crew != NULL)
		lend_all(stripes);
	for (size_t i = 1; i < STRIPES_MAX; i++)
		look_after(&stripes->all[i]);
}

bool stripes_are_written(const struct stripes *stripes)
{
	for (size_t i = 1; i < STRIPES_MAX; i++)
		if (stripes->all[i].state != STRIPE_GONE)
			return false;
	if (stripes->crew != NULL && !stripes->crew_is_over)
		return false;
	return is_empty(stripes) && stripes->all[0].cutting == NULL;
}

bool stripes_are_owed(const struct stripes *stripes)
{
	return stripes->all[0].flight.out > 0;
}

uint64_t stripes_watermark(const struct stripes *stripes)
{
	uint64_t watermark = stripes->taken;
	for (const struct block *block = stripes->held; block != NULL; block = block->next)
		if (block->offset < watermark)
			watermark = block->offset;
	return watermark;
}

void stripes_finish(struct stripes *stripes)
{
	assert(stripes->lent == 0);
	session_forget(stripes->trunk, &stripes->all[0]);
	for (size_t i = 1; i < STRIPES_MAX; i++) {
		struct stripe *stripe = &stripes->all[i];
		if (stripe->state == STRIPE_GONE)
			continue;
		session_forget(stripe->remote, stripe);
		if (stripe->state == STRIPE_WRITING)
			ask_close(stripe->remote, &stripe->handle, (struct asker){ 0 });
		leave(stripe);
	}
	while (stripes->held != NULL)
		give_back(stripes, stripes->held);
	growth_end(&stripes->growth);
}
