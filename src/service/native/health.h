#pragma once
/** Whether the daemon does its work: the loop turns, and the store can be written. */

#include "loop/loop.h"
#include "store/store.h"

struct health;

/** Both are kept. */
struct health *health_create(struct loop *loop, struct store *store);

/** Once neither the loop nor the store answers any more. NULL is fine. */
void health_destroy(struct health *health);
