#pragma once
/** The store as a whole: for those who watch over the daemon. */

#include "db/db.h"

struct store_overview {
	int64_t connectors, paused /* connectors */, away /* their partners */, gateways;
	int64_t pending; /* files */
};

int overview_read(struct db *db, struct store_overview *out, struct sp_error *err);

/** Changes a counter that nobody reads, so that the disk has to take something: whether it does is noticed by no other way. */
int overview_touch(struct db *db, struct sp_error *err);
