#pragma once
/** Transfers over all connectors, as GET /v1/transfers has them. */

#include "cli/ask.h"

/** What to look for; NULL: anything. */
struct transfer_wish {
	const char *connector, *state, *direction, *since, *until, *path;
};

/** At most @max of them, the newest first: an array, owned by the caller. */
int transfer_pages_read(struct ask *ask, const struct transfer_wish *wish, size_t max, json_t **out,
			struct sp_error *err);
