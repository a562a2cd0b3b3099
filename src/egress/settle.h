#pragma once
/** Within egress/: what follows for gateways and connectors: states that move on, each with its sentence. */

#include "db/db.h"
#include "model/connector.h"
#include "model/network.h"
#include "model/routing.h"

enum { SETTLE_CONNECTORS_MAX = 256 /* at once: the next round takes the others */ };

struct settled_gateway {
	char id[NETWORK_ID_SIZE];
	enum network_state state;
	char *failure; /* NETWORK_FAILED */
};

struct settled_nat {
	char id[NETWORK_ID_SIZE];
	enum nat_state state;
	char *failure; /* NAT_FAILED */
};

struct settled_connector {
	struct connector row; /* as it was when it was judged */
	enum connector_state state;
	char *failure; /* CONNECTOR_ERRORED */
};

/** What there is to be written. */
struct settled {
	struct settled_gateway *gateways;
	size_t gateway_count;
	struct settled_nat *nats;
	size_t nat_count;
	struct settled_connector *connectors;
	size_t connector_count;
};

void settled_finish(struct settled *settled);
bool settled_is_empty(const struct settled *settled);

/** @failure: copied. */
void settled_add_gateway(struct settled *settled, const char *id, enum network_state state,
			 const char *failure);

/** @failure: copied. */
void settled_add_nat(struct settled *settled, const char *id, enum nat_state state,
		     const char *failure);

/** In a snapshot: judges connectors that are PENDING and whose gateway is made or has failed. */
int settled_read_connectors(struct db *db, struct settled *settled, struct sp_error *err);

/** In a write: what was deleted or changed meanwhile is left alone. */
int settled_write(struct db *db, const struct settled *settled, struct sp_error *err);
