#pragma once
/** Files are carried from here to a partner or back: asked for, followed, and told of. What send and get have in common. */

#include "cli/ask.h"
#include "cli/path_list.h"

/** What becomes of a file at the partner once it is here. */
enum carry_then { THEN_NOTHING, THEN_DELETE, THEN_MOVE };

struct carry {
	struct run *run; /* kept, as all below */
	struct ask *ask;
	const char *connector_id;
	const struct path_list *paths; /* sorted */
	const char *to;                /* see struct requests */
	bool is_retrieve;
	enum carry_then then;
	const char *then_folder; /* for THEN_MOVE */
};

/** To the end, or with --detach until all are asked for; sets the run's status. */
int carry_files(const struct carry *carry, struct sp_error *err);
