#pragma once
/** The flow log: one record of each connection to a partner that was made, or was to be made. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/network.h"
#include "model/transfer.h"

/** What became of it. Numbers are kept: add at the end only. */
enum flow_verdict {
	FLOW_ACCEPTED, /* it was made */
	FLOW_REJECTED, /* it may not be: a port, a security group, a route or a setting stands against it */
	FLOW_FAILED, /* it may be, but came to nothing */
	FLOW_VERDICT_COUNT,
};

enum {
	FLOW_ID_SIZE = 23,      /* "flow-" and 17 hex digits and a NUL */
	FLOW_ADDRESS_SIZE = 64, /* "[2001:db8::7]:22" */
	FLOW_TARGET_SIZE = 272, /* the same, or a name and a port */
	FLOW_WAY_SIZE = 1024,
	FLOW_STEP_SIZE = 32,
	FLOW_END_UNKNOWN = -1, /* as ended_ms: the daemon was gone before the connection */
};

/** Fields that are "" are not known, or there is no such thing. */
struct flow {
	int64_t number; /* ascending; the oldest go */
	char id[FLOW_ID_SIZE];
	char connector_id[CONNECTOR_ID_SIZE];
	char transfer_id[TRANSFER_ID_SIZE]; /* that it was opened for; "" for a test */
	char interface_id[NETWORK_ID_SIZE]; /* "" for service-managed egress */
	char source[FLOW_ADDRESS_SIZE];     /* on this side; with the port once it is connected */
	char public_address[FLOW_ADDRESS_SIZE]; /* that the partner sees in its place */
	char target[FLOW_TARGET_SIZE];
	char way[FLOW_WAY_SIZE]; /* the routes that it takes, in words */
	enum flow_verdict verdict;
	/* Unless it was ACCEPTED: where it ended ("connect", "security-groups" …), and why. */
	char step[FLOW_STEP_SIZE];
	char reason[SP_ERROR_MESSAGE_MAX];
	/* Of TCP's payload, as far as it was seen. */
	int64_t bytes_in, bytes_out;
	int64_t began_ms, ended_ms; /* ended_ms 0: it is under way */
};

/** "ACCEPTED", "REJECTED", "FAILED" */
const char *flow_verdict_name(enum flow_verdict verdict);
bool flow_verdict_find(const char *name, enum flow_verdict *out);
