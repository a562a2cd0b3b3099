#include "loop/timers.h"

#include <limits.h>

#include "base/scope.h"

enum { HEAP_FIRST_ROOM = 64 };

struct loop_timer {
	struct timers *timers;
	size_t index;        /* in the heap; FIRING outside of it */
	int64_t deadline_ms; /* monotonic */
	uint64_t number;     /* timers of one deadline fire in the order in which they were added */
	loop_fn *fn;
	void *ctx;
};

static const size_t FIRING = SIZE_MAX;

static bool comes_before(const struct loop_timer *a, const struct loop_timer *b)
{
	if (a->deadline_ms != b->deadline_ms)
		return a->deadline_ms < b->deadline_ms;
	return a->number < b->number;
}

static void place(struct timers *timers, size_t index, struct loop_timer *timer)
{
	timers->heap[index] = timer;
	timer->index = index;
}

static void move_up(struct timers *timers, struct loop_timer *timer, size_t index)
{
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (!comes_before(timer, timers->heap[parent]))
			break;
		place(timers, index, timers->heap[parent]);
		index = parent;
	}
	place(timers, index, timer);
}

static void move_down(struct timers *timers, struct loop_timer *timer, size_t index)
{
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= timers->count)
			break;
		if (child + 1 < timers->count &&
		    comes_before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!comes_before(timers->heap[child], timer))
			break;
		place(timers, index, timers->heap[child]);
		index = child;
	}
	place(timers, index, timer);
}

static void take_out(struct timers *timers, struct loop_timer *timer)
{
	size_t index = timer->index;
	struct loop_timer *last = timers->heap[--timers->count];
	timer->index = FIRING;
	if (last == timer)
		return;

	/* The last one fills the gap; it may belong above it as well as below. */
	if (index > 0 && comes_before(last, timers->heap[(index - 1) / 2]))
		move_up(timers, last, index);
	else
		move_down(timers, last, index);
}

void timers_finish(struct timers *timers)
{
	for (size_t i = 0; i < timers->count; i++)
		free(timers->heap[i]);
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

struct loop_timer *timers_add(struct timers *timers, int64_t deadline_ms, loop_fn *fn, void *ctx)
{
	if (timers->count == timers->room) {
		timers->room = timers->room == 0 ? HEAP_FIRST_ROOM : 2 * timers->room;
		timers->heap = sp_realloc(timers->heap, timers->room * sizeof(struct loop_timer *));
	}
	struct loop_timer *timer = sp_alloc(sizeof(*timer));
	*timer = (struct loop_timer){
		.timers = timers,
		.deadline_ms = deadline_ms,
		.number = timers->next_number++,
		.fn = fn,
		.ctx = ctx,
	};
	move_up(timers, timer, timers->count++);
	return timer;
}

void loop_cancel_timer(struct loop_timer *timer)
{
	/* A callback that cancels its own timer is late but harmless: who fires it also frees it. */
	if (timer == NULL || timer->index == FIRING)
		return;
	take_out(timer->timers, timer);
	free(timer);
}

int timers_wait_ms(const struct timers *timers, int64_t now_ms)
{
	if (timers->count == 0)
		return -1;
	int64_t left = timers->heap[0]->deadline_ms - now_ms;
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static struct loop_timer *first_due(const struct timers *timers, int64_t now_ms, uint64_t end)
{
	struct loop_timer *first = timers->count > 0 ? timers->heap[0] : NULL;
	/* Deadlines of new timers lie behind all that are due, so the first new one ends the round. The analyzer cannot
	 * know that a timer stands in the heap only once, and is gone from it before it is freed.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (first == NULL || first->deadline_ms > now_ms || first->number >= end)
		return NULL;
	return first;
}

void timers_fire(struct timers *timers, int64_t now_ms)
{
	uint64_t added_meanwhile = timers->next_number;
	struct loop_timer *timer;
	while ((timer = first_due(timers, now_ms, added_meanwhile)) != NULL) {
		take_out(timers, timer);
		timer->fn(timer->ctx);
		free(timer);
	}
}
