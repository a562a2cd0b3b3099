#pragma once
/**
 * The files that are at work on one connection at the same time, each on a fiber, so that what is done with one file
 * reads as if it were alone (file.c). A runner runs until it waits. It runs again once something woke it: the reply to
 * what it asked, a block, a letter, room for requests, or the clock. Whoever was not woken costs nothing, however many
 * there are.
 *
 * Belongs to one thread.
 */

#include "worker/fiber.h"
#include "worker/letter.h"

struct schedule;

/** One file at work. */
struct runner {
	struct letter *letter;  /* the order. Owned. */
	bool cancelled;         /* the daemon said CANCEL … */
	bool permitted;         /* … or PERMIT … */
	char *permit_url;       /* … with this; NULL: without. Owned, wiped … */
	char *permit_condition; /* … if this is there. Owned */

	/* schedule.c's own */
	struct schedule *schedule;
	struct fiber *fiber;
	bool ready;                /* and in the list of those, by … */
	struct runner *next_ready; /* … this */
	struct runner *next, *previous;
};

/** What is done with a file, on its fiber. The runner is gone when it returns. */
typedef void runner_fn(void *ctx, struct runner *runner);

struct schedule {
	runner_fn *fn;
	void *ctx;
	struct fiber_crew crew;
	struct runner *all;
	size_t count;
	struct runner *first_ready, *last_ready; /* oldest first */
	struct runner *current;                  /* the one that runs; NULL: none */
};

void schedule_init(struct schedule *schedule, runner_fn *fn, void *ctx);
/** Gives back the stacks of those that ended. No runner may be left; others may begin afterwards. */
void schedule_finish(struct schedule *schedule);

/** A further one, which runs at the next turn. @letter is taken, but not when it fails (SP_NO_MEMORY). */
int schedule_begin(struct schedule *schedule, struct letter *letter, struct runner **out,
		   struct sp_error *err);

/** Runs those that are ready, each once: who is woken meanwhile runs at the next turn. */
void schedule_turn(struct schedule *schedule);

/** It runs at the next turn, for whatever reason, and looks by itself whether it can go on. */
void runner_wake(struct runner *runner);
void schedule_wake_all(struct schedule *schedule);

/** For the one that runs: until it is woken. */
void runner_wait(struct runner *runner);
