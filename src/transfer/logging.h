#pragma once
/**
 * Whether a connector logs. Its logging role is asked in the commit that ends its files, where the record is made, so that
 * what a policy says holds for each file that ends after it. Inside closures of the store.
 */

#include "db/db.h"
#include "identity/identities.h"

struct logging {
	struct identities *identities;
	const char *region, *account;
};

/**
 * Looks at the events behind number @after, all of one connector: without a logging role that is there, trusts Transfer
 * Family and may logs:PutLogEvents, none of them has a record. Fails only when the store does.
 */
int logging_settle(struct db *db, const struct logging *logging, int64_t after,
		   struct sp_error *err);
