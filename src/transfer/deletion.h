#pragma once
/** Whether a connector that changed was deleted: looked up in the pool for that, one look at a time. On the loop's thread. */

#include "transfer/ground.h"

struct deletion {
	struct ground *ground;
	const char *connector_id; /* borrowed */
	/** What was found. Whoever has it may not go away before: see @looking. */
	void (*looked)(void *ctx, bool is_deleted);
	void *ctx;
	bool looking;
	bool look_again; /* it changed once more meanwhile */
	bool is_deleted; /* the look's, until it is back */
};

void deletion_look(struct deletion *deletion);
