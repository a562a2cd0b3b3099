#pragma once
/**
 * Places for workers: so many processes may be there at a time. Who finds none waits in line, and is given the place of
 * one that is gone, first come, first served. While somebody waits, workers without work leave at once, and those that
 * had their turn leave after the files that they have (lane.c). On the loop's thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"

enum {
	PLACES_TURN_MS = 10000, /* while others wait, a worker gets new files for so long */
	PLACES_FOR_TESTS = 16,  /* beside those in the line: people wait for these */
};

/** Somebody who wants a place. Lives as long as it waits. */
struct place_seeker {
	loop_fn *given; /* a place is there, and taken */
	void *ctx;
	struct place_seeker *next; /* of places.c, as below */
	bool waits;
};

struct places {
	size_t max, taken;
	loop_fn *crowded; /* somebody waits, and nobody did before */
	void *crowded_ctx;
	struct place_seeker *first;
};

/** True: it is taken. Else @seeker waits in line. */
bool places_take(struct places *places, struct place_seeker *seeker);

/** The same for a test of a connector, which does not wait: false when there is none. */
bool places_take_for_test(struct places *places);

/** One that was taken is free. Whoever is first in line is told at once. */
void places_give_back(struct places *places);

/** It waits no longer. Nothing happens when it does not. */
void places_leave_line(struct places *places, struct place_seeker *seeker);

/** Whether somebody waits. */
bool places_are_wanted(const struct places *places);
