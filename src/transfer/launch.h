#pragma once
/** What a worker needs to know before it can start: the connector, its role, its secret. Read in the pool for that. */

#include "egress/trace.h"
#include "model/connector.h"
#include "model/failure.h"
#include "store/servers.h"
#include "transfer/credentials.h"
#include "transfer/ground.h"

struct launch {
	struct ground *ground;
	char connector_id[CONNECTOR_ID_SIZE];
	struct connector connector;
	char *host; /* of the URL; VPC_LATTICE: the target, for sentences */
	uint16_t port;
	char *secret_arn; /* of what credentials are read from */
	struct credentials credentials;
	struct publishing publishing; /* as its tags say */
	struct known_server server;   /* what was learnt before */
	int result;                   /* 0, or -1 and what follows */
	enum failure_step step;
	struct trace trace;  /* role and secret; what failed is for the reader to add */
	struct sp_error err; /* SP_NOT_FOUND at STEP_WORKER: there is no such connector any more */
	loop_fn *done;
	void *ctx;
};

/** Reads, then @done(@ctx) on the loop. Owned by the caller from then on: launch_destroy(). */
struct launch *launch_start(struct ground *ground, const char *connector_id, loop_fn *done,
			    void *ctx);

/** Wipes the credentials. NULL is fine. */
void launch_destroy(struct launch *launch);
