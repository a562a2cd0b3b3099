#include "remote/crew.h"

#include <assert.h>
#include <pthread.h>

#include "base/scope.h"
#include "base/text.h"

/* What the helper has is its own; the bytes alone are the owner's block's. */
struct lent {
	struct block block;
	struct block *real;
	struct lent *next;
	bool was_taken;
};

struct crew_seat {
	struct crew *crew;
	struct crew_bell bell;
	bool is_taken;
	struct lent *first, **last; /* not taken up yet */
	size_t waiting;             /* of them */
	size_t held;                /* taken up and not returned */
};

/* All of it is under the lock, but for the task, which nobody changes. */
struct crew {
	pthread_mutex_t lock;
	size_t holders;
	struct crew_task task;
	struct crew_bell bell;
	struct crew_seat seats[CREW_HELPERS_MAX];
	size_t turn;           /* who is lent the next block, if there is a choice */
	struct lent *returned; /* the newest first */
	bool ended, recalled;
	struct sp_error failure;
};

struct crew *crew_create(const struct crew_task *task, const struct crew_bell *bell)
{
	struct crew *crew = sp_alloc(sizeof(*crew));
	pthread_mutex_init(&crew->lock, NULL);
	crew->holders = 1;
	crew->task = *task;
	crew->task.path = sp_strdup(task->path);
	crew->bell = *bell;
	return crew;
}

const struct crew_task *crew_task(const struct crew *crew)
{
	return &crew->task;
}

void crew_hold(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->holders++;
	pthread_mutex_unlock(&crew->lock);
}

void crew_release(struct crew *crew)
{
	if (crew == NULL)
		return;
	pthread_mutex_lock(&crew->lock);
	bool is_last = --crew->holders == 0;
	pthread_mutex_unlock(&crew->lock);
	if (!is_last)
		return;
	assert(crew->returned == NULL);
	pthread_mutex_destroy(&crew->lock);
	free(crew->task.path);
	free(crew);
}

static void ring(const struct crew_bell *bell)
{
	bell->ring(bell->ctx);
}

/* ---- the owner ------------------------------------------------------------------------------------------------- */

/* The one with the least to do. */
static struct crew_seat *find_room(struct crew *crew)
{
	struct crew_seat *best = NULL;
	if (crew->ended || crew->recalled)
		return NULL;
	for (size_t i = 0; i < CREW_HELPERS_MAX; i++) {
		struct crew_seat *seat = &crew->seats[(crew->turn + i) % CREW_HELPERS_MAX];
		if (seat->is_taken && seat->waiting < CREW_AHEAD_MAX &&
		    (best == NULL || seat->waiting < best->waiting))
			best = seat;
	}
	return best;
}

bool crew_has_room(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	bool has_room = find_room(crew) != NULL;
	pthread_mutex_unlock(&crew->lock);
	return has_room;
}

bool crew_lend(struct crew *crew, struct block *block)
{
	pthread_mutex_lock(&crew->lock);
	struct crew_seat *seat = find_room(crew);
	if (seat != NULL) {
		struct lent *lent = sp_alloc(sizeof(*lent));
		*lent = (struct lent){ .real = block, .block = *block };
		lent->block.is_done = false;
		lent->block.next = NULL;
		*seat->last = lent;
		seat->last = &lent->next;
		if (seat->waiting++ == 0)
			ring(&seat->bell);
		crew->turn++;
	}
	pthread_mutex_unlock(&crew->lock);
	return seat != NULL;
}

struct block *crew_take_back(struct crew *crew, bool *out_untouched)
{
	pthread_mutex_lock(&crew->lock);
	SP_AUTO_FREE struct lent *lent = crew->returned;
	if (lent != NULL)
		crew->returned = lent->next;
	pthread_mutex_unlock(&crew->lock);
	if (lent == NULL)
		return NULL;
	lent->real->is_done = lent->block.is_done;
	*out_untouched = !lent->was_taken;
	return lent->real;
}

static void finish(struct crew *crew, bool *how)
{
	pthread_mutex_lock(&crew->lock);
	if (!*how)
		for (size_t i = 0; i < CREW_HELPERS_MAX; i++)
			if (crew->seats[i].is_taken)
				ring(&crew->seats[i].bell);
	*how = true;
	pthread_mutex_unlock(&crew->lock);
}

void crew_end(struct crew *crew)
{
	finish(crew, &crew->ended);
}

void crew_recall(struct crew *crew)
{
	finish(crew, &crew->recalled);
}

bool crew_is_wanted(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	bool wanted = !crew->ended && !crew->recalled;
	pthread_mutex_unlock(&crew->lock);
	return wanted;
}

bool crew_is_over(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	bool over = crew->ended || crew->recalled;
	for (size_t i = 0; i < CREW_HELPERS_MAX; i++)
		over = over && !crew->seats[i].is_taken;
	pthread_mutex_unlock(&crew->lock);
	return over;
}

bool crew_failure(struct crew *crew, struct sp_error *out)
{
	pthread_mutex_lock(&crew->lock);
	bool failed = crew->failure.code != SP_OK;
	if (failed)
		*out = crew->failure;
	pthread_mutex_unlock(&crew->lock);
	return failed;
}

/* ---- a helper -------------------------------------------------------------------------------------------------- */

struct crew_seat *crew_join(struct crew *crew, const struct crew_bell *bell)
{
	struct crew_seat *free_seat = NULL;
	pthread_mutex_lock(&crew->lock);
	for (size_t i = 0; i < CREW_HELPERS_MAX && !crew->ended && !crew->recalled; i++)
		if (!crew->seats[i].is_taken)
			free_seat = &crew->seats[i];
	if (free_seat != NULL) {
		*free_seat = (struct crew_seat){ .crew = crew, .bell = *bell, .is_taken = true };
		free_seat->last = &free_seat->first;
		crew->holders++;
		ring(&crew->bell);
	}
	pthread_mutex_unlock(&crew->lock);
	return free_seat;
}

static struct lent *shift(struct crew_seat *seat)
{
	struct lent *lent = seat->first;
	if (lent == NULL)
		return NULL;
	seat->first = lent->next;
	if (seat->first == NULL)
		seat->last = &seat->first;
	seat->waiting--;
	return lent;
}

/* The owner is rung when there was nothing to take back before: it takes all that there is. */
static void hand_back(struct crew *crew, struct lent *lent)
{
	if (crew->returned == NULL)
		ring(&crew->bell);
	lent->next = crew->returned;
	crew->returned = lent;
}

static enum crew_answer look(const struct crew_seat *seat)
{
	if (seat->first != NULL)
		return CREW_BLOCK;
	return seat->crew->ended ? CREW_END : CREW_LATER;
}

enum crew_answer crew_look(struct crew_seat *seat)
{
	pthread_mutex_lock(&seat->crew->lock);
	enum crew_answer answer = look(seat);
	pthread_mutex_unlock(&seat->crew->lock);
	return answer;
}

enum crew_answer crew_take(struct crew_seat *seat, struct block **out)
{
	struct crew *crew = seat->crew;
	pthread_mutex_lock(&crew->lock);
	enum crew_answer answer = look(seat);
	struct lent *lent = shift(seat);
	if (lent != NULL) {
		*out = &lent->block;
		lent->was_taken = true;
		seat->held++;
		ring(&crew->bell); /* there is room for another one */
	}
	pthread_mutex_unlock(&crew->lock);
	return answer;
}

void crew_return(struct crew_seat *seat, struct block *block)
{
	struct crew *crew = seat->crew;
	pthread_mutex_lock(&crew->lock);
	assert(seat->held > 0);
	seat->held--;
	hand_back(crew, (struct lent *)block); /* its first member */
	pthread_mutex_unlock(&crew->lock);
}

bool crew_is_recalled(struct crew_seat *seat)
{
	pthread_mutex_lock(&seat->crew->lock);
	bool recalled = seat->crew->recalled;
	pthread_mutex_unlock(&seat->crew->lock);
	return recalled;
}

void crew_fail(struct crew_seat *seat, const struct sp_error *failure)
{
	pthread_mutex_lock(&seat->crew->lock);
	if (seat->crew->failure.code == SP_OK)
		seat->crew->failure = *failure;
	pthread_mutex_unlock(&seat->crew->lock);
}

void crew_leave(struct crew_seat *seat)
{
	struct crew *crew = seat->crew;
	pthread_mutex_lock(&crew->lock);
	assert(seat->held == 0);
	for (struct lent *lent; (lent = shift(seat)) != NULL;)
		hand_back(crew, lent);
	*seat = (struct crew_seat){ 0 };
	ring(&crew->bell);
	pthread_mutex_unlock(&crew->lock);
	crew_release(crew);
}
