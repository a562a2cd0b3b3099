#pragma once
/**
 * What a lane knows of its connector's server: how files are published there, what it can do, and the connections that
 * there are. On the loop's thread.
 */

#include "egress/egress.h"
#include "ipc/worker_message.h"
#include "store/servers.h"
#include "transfer/ground.h"

enum { SERVER_CONNECTIONS_MAX = 2 * CONNECTOR_CONNECTIONS_MAX /* that are remembered */ };

struct launch;

/** A connection, from its socket on. */
struct server_connection {
	uint32_t request; /* the worker's number of it; 0: none */
	char id[SERVER_CONNECTION_ID_SIZE];
	char source[EGRESS_ADDRESS_TEXT_MAX], target[EGRESS_ADDRESS_TEXT_MAX];
	char public_address[ADDRESS_TEXT_SIZE], interface_id[NETWORK_ID_SIZE];
	char *description; /* since the worker said CONNECTED; owned */
};

struct server {
	struct ground *ground;
	char connector_id[CONNECTOR_ID_SIZE];
	struct publishing publishing; /* as the connector's tags say */
	char *access_role;            /* the connector's, an ARN; NULL: not known yet; owned */
	struct known_server known;    /* what it can do */
	struct server_connection connections[SERVER_CONNECTIONS_MAX];
	size_t next; /* of these to be overwritten */
};

void server_init(struct server *server, struct ground *ground, const char *connector_id);
void server_finish(struct server *server);

/** A worker starts: takes what @launch knows of tags and server. Connections of another worker are forgotten. */
void server_begin(struct server *server, struct launch *launch);

/** A socket was given to the worker. */
void server_note_socket(struct server *server, uint32_t request,
			const struct egress_result *result);

/** CONNECTED: keeps what is new of the server. False when the worker may not say that. */
bool server_connected(struct server *server, const struct worker_message *message);

/** The connection of that number, for a file to name it; NULL when it is not known. Borrowed. */
const struct server_connection *server_connection(struct server *server, uint32_t request);

/** Whether the server said that it can do that: "check-file". */
bool server_can(const struct server *server, const char *feature);
