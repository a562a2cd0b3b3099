#pragma once
/** All rooms of the daemon, built in one order and taken down in the other. */

#include "api/server.h"
#include "config/settings.h"
#include "daemon/keys.h"
#include "daemon/netd.h"
#include "daemon/state.h"
#include "egress/egress.h"
#include "egress/flows.h"
#include "egress/networks.h"
#include "events/sinks.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "network/address_pools.h"
#include "objects/objects.h"
#include "service/context.h"
#include "service/native/event_hub.h"
#include "service/native/health.h"
#include "store/store.h"
#include "store/vault.h"
#include "transfer/engine.h"

/** NULL is what is not open. */
struct rooms {
	struct vault *vault;
	struct store *store;
	struct identities *identities;
	struct loop *loop;
	struct pool *operations, *files, *storage, *buckets, *copies, *bodies, *reads;
	struct objects *objects;
	struct networks *networks;
	struct flow_log *flows;
	struct sinks *sinks;
	struct egress *egress;
	struct transfer_engine *engine;
	struct event_hub *events;
	struct health *health;
	struct api_server *server;

	/* What they keep pointers to. */
	char *role; /* ARN of the built-in role */
	unsigned char token_key[VAULT_DERIVED_SIZE];
	struct keys keys;
	struct address_pools pools;
	struct sign_keys sign_keys;
	struct token_table *test_rate, *start_rate;
	struct service_context context;
	struct api_guard guard;
	struct api_limits *limits;
	struct api_places *places;
	struct api_served *served; /* owned */

	bool drained; /* or told to */
	int parts_to_end;
};

/**
 * @rooms     stays where it is until rooms_close(); to be closed also after a failure
 * @settings  kept
 * @netd      kept
 * @admin     who may ask; wipe it after use
 */
int rooms_open(struct rooms *rooms, const struct settings *settings, const struct state *state,
	       struct netd *netd, struct admin_key *admin, struct sp_error *err);

/** On the loop's thread: serves what is under way, then stops the loop. The rooms are quiet afterwards. */
void rooms_drain(struct rooms *rooms);

/** Drains them first when they were opened and that was not done. */
void rooms_close(struct rooms *rooms);
