#pragma once
/** What is known of a connector's server: what it can do, and the connections that files went through. */

#include "db/db.h"

enum { SERVER_CONNECTION_ID_SIZE = 17 /* 16 hex digits and a NUL */ };

/** Of the one with this banner and host key; another one is learnt anew. Texts are owned. */
struct known_server {
	char *banner;
	char *host_key; /* fingerprint */
	char *features; /* the worker's own text */
	int64_t learnt_ms;
};

void known_server_finish(struct known_server *server);

/** All NULL when nothing is known yet. @out is the caller's to finish. */
int servers_find(struct db *db, const char *connector_id, struct known_server *out,
		 struct sp_error *err);
int servers_put(struct db *db, const char *connector_id, const struct known_server *server,
		struct sp_error *err);

/** How many publishes of the connector nobody saw to happen: answers that were lost, and files that were gone. */
int servers_count_ambiguous(struct db *db, const char *connector_id, int64_t *out_confirmed,
			    int64_t *out_inferred, struct sp_error *err);

/** Once is enough. @description: a JSON object. Files name it by its id. */
int servers_put_connection(struct db *db, const char *id, const char *connector_id,
			   const char *description, struct sp_error *err);

/** Owned by the caller; NULL when there is none of that id. */
int servers_find_connection(struct db *db, const char *id, char **out, struct sp_error *err);
