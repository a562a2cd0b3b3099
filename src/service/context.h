#pragma once
/** What operations work with: the api_context() of all our services. */

#include <stdbool.h>

#include "base/token_table.h"
#include "egress/egress.h"
#include "egress/networks.h"
#include "identity/identities.h"
#include "loop/pool.h"
#include "network/address_pools.h"
#include "objects/objects.h"
#include "store/store.h"
#include "store/vault.h"
#include "transfer/engine.h"
#include "transfer/logging.h"

/** How many there may be: the settings quota.… */
struct service_quotas {
	int64_t queued_files; /* that wait, of one connector */
	int64_t connectors, secrets;
	int64_t gateways_per_vpc, configurations, group_children;
};

struct event_hub;
struct health;
struct sinks;

struct service_context {
	struct store *store;
	const struct vault *vault;
	struct objects *objects;
	struct pool *
		buckets; /* where folders are read, and S3's operations are: a file system may hang */
	struct pool *copies; /* where those of them are that take long */
	const struct egress *egress;
	struct networks *networks;
	const struct address_pools *pools;
	bool internet; /* networks_options.internet */
	struct transfer_engine *engine;
	struct identities *identities;
	const char *region, *account;
	const char *builtin_role;       /* ARN */
	int64_t events_keep_ms;         /* for so long what was logged is kept */
	struct event_hub *events;       /* NULL: nobody may listen */
	struct sinks *sinks;            /* NULL: nobody is told of events */
	struct health *health;          /* NULL: nobody looks after it */
	bool metrics_open;              /* to whoever asks, without a signature */
	const unsigned char *token_key; /* 32 bytes: signs pagination tokens */
	/* Of one connector: how often it may be tried, and how often something may be started. */
	struct token_table *test_rate, *start_rate;
	int64_t retry_window_ms; /* for how long an SDK's try is known again */
	struct service_quotas quotas;
};

/** For writes that end files. Borrows. */
static inline struct logging service_logging(const struct service_context *context)
{
	return (struct logging){ context->identities, context->region, context->account };
}
