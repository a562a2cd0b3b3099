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
	CONNECTOR_STAGES_MAX = 3,
	CONNECTOR_STAGE_CHARACTERS_MAX = 256,
};

/** Of service-managed connectors always CONNECTOR_ACTIVE. Numbers are kept: add at the end only. */
enum connector_state { CONNECTOR_ACTIVE, CONNECTOR_PENDING, CONNECTOR_ERRORED };

struct connector {
	char id[CONNECTOR_ID_SIZE];
	char *url; /* as given: "sftp://host[:port]"; NULL with VPC_LATTICE. Owned, as all below. */
	char *access_role;
	char *logging_role;                             /* NULL when none */
	char *user_secret_id;                           /* name or ARN, as given */
	char *trusted_keys[CONNECTOR_TRUSTED_KEYS_MAX]; /* as given */
	size_t trusted_key_count;
	int max_connections;
	/* Which versions of the secret are tried, in this order: stage labels. None: AWSCURRENT. */
	char *secret_stages[CONNECTOR_STAGES_MAX];
	size_t secret_stage_count;
	bool dual_stack;       /* IpAddressType: DUALSTACK, else IPV4 */
	char *security_policy; /* a name that security_policy_find() knows */
	int64_t created_ms;

	/* EgressType VPC_LATTICE: */
	char *configuration_arn; /* of the resource configuration; NULL: service-managed */
	int port;                /* as given; 0: not given, which means CONNECTOR_PORT_DEFAULT */

	enum connector_state state;
	char *failure; /* CONNECTOR_ERRORED: why; else NULL */
};

/** "ACTIVE", "PENDING", "ERRORED". */
const char *connector_state_name(enum connector_state state);

void connector_finish(struct connector *connector);

/**
 * Splits "sftp://host[:port]" (host may be "[v6]"). @out_host is owned by the caller, without brackets.
 * False when it is no such URL or has a user, path or query.
 */
bool connector_split_url(const char *url, char **out_host, uint16_t *out_port);

/** Whether the host of a URL is an IPv6 address. */
bool connector_url_is_v6(const char *url);
