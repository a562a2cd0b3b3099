#pragma once
/** A connector for what hangs on one. */

#include "store/connectors.h"
#include "test.h"

static inline int connector_row_insert(struct db *db, const char *id, struct sp_error *err)
{
	struct connector connector = {
		.url = (char[]){ "sftp://partner.example" },
		.access_role = (char[]){ "arn:aws:iam::000000000000:role/r" },
		.trusted_keys = { (char[]){ "ssh-ed25519 AAAA" }, (char[]){ "ssh-rsa BBBB note" } },
		.trusted_key_count = 2,
		.max_connections = 3,
		.security_policy = (char[]){ "a policy" },
		.created_ms = 1700000000123
	};
	strcpy(connector.id, id);
	return connectors_insert(db, &connector, err);
}
