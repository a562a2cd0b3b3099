#include "transfer/server.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "transfer/launch.h"

enum { FEATURES_MAX = 1024 /* bytes of the worker's text */ };

void server_init(struct server *server, struct ground *ground, const char *connector_id)
{
	*server = (struct server){ .ground = ground };
	snprintf(server->connector_id, sizeof(server->connector_id), "%s", connector_id);
}

static void forget_connection(struct server_connection *connection)
{
	free(connection->description);
	*connection = (struct server_connection){ 0 };
}

void server_finish(struct server *server)
{
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++)
		forget_connection(&server->connections[i]);
	publishing_finish(&server->publishing);
	free(sp_take_pointer(&server->access_role));
	known_server_finish(&server->known);
}

void server_begin(struct server *server, struct launch *launch)
{
	server_finish(server);
	server->publishing = launch->publishing;
	launch->publishing = (struct publishing){ 0 };
	server->access_role = sp_strdup(launch->connector.access_role);
	server->known = launch->server;
	launch->server = (struct known_server){ 0 };
}

/* ---- what goes to the store ------------------------------------------------------------------------------------- */

/* On its way there by itself: the lane may be gone when it comes back. */
struct note {
	char connector_id[CONNECTOR_ID_SIZE];
	struct known_server known;
};

static int write_note(struct db *db, void *ctx, struct sp_error *err)
{
	const struct note *note = ctx;
	return servers_put(db, note->connector_id, &note->known, err);
}

static void note_written(void *ctx, int result, const struct sp_error *err)
{
	struct note *note = ctx;
	if (result != 0 && err->code != SP_NOT_FOUND) /* its connector was deleted */
		sp_log(SP_LOG_WARNING, "%s", err->message);
	known_server_finish(&note->known);
	free(note);
}

/* @note is taken. */
static void keep(struct server *server, struct note *note)
{
	memcpy(note->connector_id, server->connector_id, sizeof(note->connector_id));
	ground_commit(server->ground, write_note, note_written, note);
}

static const char *text_of(const char *text)
{
	return text == NULL ? "" : text;
}

static char *describe(const struct server_connection *connection,
		      const struct worker_message *message)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "SourceAddress",
				connection->source, "TargetAddress", connection->target,
				"HostKeyFingerprint", text_of(message->fingerprint), "Banner",
				text_of(message->banner), "KeyExchange", text_of(message->kex),
				"HostKeyAlgorithm", text_of(message->host_key_algorithm), "Cipher",
				text_of(message->cipher), "Mac", text_of(message->mac),
				"AuthenticatedBy", text_of(message->authenticated_by));
	if (connection->public_address[0] != '\0')
		sp_json_set_text(out, "PublicAddress", connection->public_address);
	if (connection->interface_id[0] != '\0')
		sp_json_set_text(out, "NetworkInterfaceId", connection->interface_id);
	char *text = json_dumps(out, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(out);
	return text;
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

void server_note_socket(struct server *server, uint32_t request, const struct egress_result *result)
{
	if (result->error.code != SP_OK)
		return;
	struct server_connection *connection = &server->connections[server->next];
	server->next = (server->next + 1) % SERVER_CONNECTIONS_MAX;
	forget_connection(connection);
	connection->request = request;
	sp_random_hex(connection->id, SERVER_CONNECTION_ID_SIZE - 1);
	snprintf(connection->source, sizeof(connection->source), "%s", result->source);
	snprintf(connection->target, sizeof(connection->target), "%s", result->target);
	snprintf(connection->public_address, sizeof(connection->public_address), "%s",
		 result->public_address);
	snprintf(connection->interface_id, sizeof(connection->interface_id), "%s",
		 result->interface_id);
}

static struct server_connection *find(struct server *server, uint32_t request)
{
	for (size_t i = 0; request != 0 && i < SERVER_CONNECTIONS_MAX; i++)
		if (server->connections[i].request == request)
			return &server->connections[i];
	return NULL;
}

const struct server_connection *server_connection(struct server *server, uint32_t request)
{
	const struct server_connection *connection = find(server, request);
	return connection == NULL || connection->description == NULL ? NULL : connection;
}

/* ---- the server ------------------------------------------------------------------------------------------------- */

/* Words of ours, and nothing that would do harm where they are shown. */
static bool are_features(const char *text)
{
	size_t length = strlen(text);
	return length <= FEATURES_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-= ") == length;
}

static bool is_news(const struct known_server *known, const struct worker_message *message)
{
	return !sp_text_equal(known->banner, message->banner) ||
	       !sp_text_equal(known->host_key, message->fingerprint) ||
	       !sp_text_equal(known->features, message->features);
}

static struct known_server server_of(const struct worker_message *message)
{
	return (struct known_server){ .banner = sp_strdup(message->banner),
				      .host_key = sp_strdup(message->fingerprint),
				      .features = sp_strdup(message->features),
				      .learnt_ms = sp_now_ms() };
}

bool server_connected(struct server *server, const struct worker_message *message)
{
	if (message->banner == NULL || message->fingerprint == NULL || message->features == NULL ||
	    !are_features(message->features))
		return false;
	struct server_connection *connection = find(server, message->request);
	if (connection != NULL && connection->description == NULL)
		connection->description = describe(connection, message);
	if (!is_news(&server->known, message))
		return true;
	struct note *note = sp_alloc(sizeof(*note));
	note->known = server_of(message);
	known_server_finish(&server->known);
	server->known = server_of(message);
	keep(server, note);
	return true;
}

bool server_can(const struct server *server, const char *feature)
{
	SP_AUTO_FREE char *copy = sp_strdup(server->known.features);
	char *rest = copy, *word;
	while ((word = strsep(&rest, " ")) != NULL)
		if (strcmp(word, feature) == 0)
			return true;
	return false;
}
