#pragma once
/** Moves and deletions at a partner: asked for one by one, followed together. What mv and rm have in common. */

#include "cli/ask.h"
#include "cli/path_list.h"

struct errands {
	struct run *run; /* kept, as all below */
	struct ask *ask;
	const char *connector_id;
	const char *
		target; /* the folder that all is moved to, or with @is_name the new path of the only one; NULL: all is
			       deleted */
	bool is_name;
};

/**
 * All of @list, and waits for their end; entries that are folders are deleted once what is in them is gone, the deepest first.
 * Sets the run's status.
 */
int errands_carry_out(const struct errands *errands, const struct path_list *list,
		      struct sp_error *err);
