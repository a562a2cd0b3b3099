#pragma once
/**
 * Files of a connector are asked for: as many requests as it takes, for one has ten paths at most. While the connector's
 * queue is full it is waited, and what was begun is followed meanwhile.
 */

#include "cli/ask.h"
#include "cli/follow.h"
#include "cli/path_list.h"

enum { PATHS_PER_REQUEST = 10 };

struct requests {
	struct ask *ask; /* kept, as all below */
	const char *connector_id;
	struct follow *follow; /* NULL: nobody follows */
	const char *to;        /* where the files go: a partner's folder, or "/bucket/prefix" */
	bool is_retrieve;
	json_t *transfer_ids; /* array, that the ids are added to */
	size_t asked;         /* files, so far */
};

/** All of @list, which is sorted. When interrupt_came() it returns 0 and @requests->asked says how far it came. */
int requests_transfer(struct requests *requests, const struct path_list *list,
		      struct sp_error *err);

/** One deletion, or with @target one move. */
int requests_errand(struct requests *requests, const char *path, const char *target,
		    struct sp_error *err);
