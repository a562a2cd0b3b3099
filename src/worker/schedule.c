#include "worker/schedule.h"

#include <assert.h>

#include "base/scope.h"
#include "base/secret.h"

void schedule_init(struct schedule *schedule, runner_fn *fn, void *ctx)
{
	*schedule = (struct schedule){ .fn = fn, .ctx = ctx };
}

void schedule_finish(struct schedule *schedule)
{
	assert(schedule->count == 0);
	fiber_crew_finish(&schedule->crew);
}

static void run(void *ctx)
{
	struct runner *runner = ctx;
	runner->schedule->fn(runner->schedule->ctx, runner);
}

int schedule_begin(struct schedule *schedule, struct letter *letter, struct runner **out,
		   struct sp_error *err)
{
	struct runner *runner = sp_alloc(sizeof(*runner));
	if (fiber_create(&schedule->crew, run, runner, &runner->fiber, err) != 0) {
		free(runner);
		return -1;
	}
	runner->letter = letter;
	runner->schedule = schedule;
	runner->next = schedule->all;
	if (schedule->all != NULL)
		schedule->all->previous = runner;
	schedule->all = runner;
	schedule->count++;
	runner_wake(runner);
	*out = runner;
	return 0;
}

void runner_wake(struct runner *runner)
{
	struct schedule *schedule = runner->schedule;
	if (runner->ready)
		return;
	runner->ready = true;
	runner->next_ready = NULL;
	if (schedule->first_ready == NULL)
		schedule->first_ready = runner;
	else
		schedule->last_ready->next_ready = runner;
	schedule->last_ready = runner;
}

void schedule_wake_all(struct schedule *schedule)
{
	for (struct runner *runner = schedule->all; runner != NULL; runner = runner->next)
		runner_wake(runner);
}

void runner_wait(struct runner *runner)
{
	assert(runner->schedule->current == runner);
	fiber_wait(runner->fiber);
}

/* What it was woken for at its end is no matter any more. */
static void leave_ready(struct runner *runner)
{
	struct schedule *schedule = runner->schedule;
	struct runner *before = NULL;
	for (struct runner *at = schedule->first_ready; at != runner; at = at->next_ready)
		before = at;
	if (before == NULL)
		schedule->first_ready = runner->next_ready;
	else
		before->next_ready = runner->next_ready;
	if (schedule->last_ready == runner)
		schedule->last_ready = before;
}

static void end(struct runner *runner)
{
	struct schedule *schedule = runner->schedule;
	if (runner->ready)
		leave_ready(runner);
	if (runner->previous == NULL)
		schedule->all = runner->next;
	else
		runner->previous->next = runner->next;
	if (runner->next != NULL)
		runner->next->previous = runner->previous;
	schedule->count--;
	letter_destroy(runner->letter);
	sp_secret_free(runner->permit_url);
	free(runner->permit_condition);
	free(runner);
}

/* Its flag falls before it runs: what happens meanwhile wakes it once more. */
static struct runner *take_ready(struct schedule *schedule)
{
	struct runner *runner = schedule->first_ready;
	schedule->first_ready = runner->next_ready;
	runner->ready = false;
	return runner;
}

void schedule_turn(struct schedule *schedule)
{
	struct runner *last = schedule->first_ready == NULL ? NULL : schedule->last_ready;
	for (struct runner *runner = NULL; runner != last;) {
		runner = take_ready(schedule);
		schedule->current = runner;
		bool ended = fiber_resume(runner->fiber);
		schedule->current = NULL;
		if (ended)
			end(runner);
	}
}
