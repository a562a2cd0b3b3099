#pragma once
/** An SFTP connector as it is kept. Wire names and limits: AWS Transfer Family API, SftpConnectorConfig. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/transfer.h"

enum {
	CONNECTOR_TRUSTED_KEYS_MAX = 10,
	CONNECTOR_CONNECTIONS_MAX = 5,
	CONNECTOR_CONNECTIONS_DEFAULT = 1,
	CONNECTOR_PORT_DEFAULT = 22,
};

struct connector {
	char id[CONNECTOR_ID_SIZE];
	char *url; /* as given: "sftp://host[:port]". Owned, as all below. */
	char *access_role;
	char *logging_role;                             /* NULL when none */
	char *user_secret_id;                           /* name or ARN, as given */
	char *trusted_keys[CONNECTOR_TRUSTED_KEYS_MAX]; /* as given */
	size_t trusted_key_count;
	int max_connections;
	char *security_policy; /* a name that security_policy_find() knows */
	int64_t created_ms;
};

void connector_finish(struct connector *connector);

/**
 * Splits "sftp://host[:port]" (host may be "[v6]"). @out_host is owned by the caller, without brackets.
 * False when it is no such URL or has a user, path or query.
 */
bool connector_split_url(const char *url, char **out_host, uint16_t *out_port);
