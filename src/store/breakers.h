#pragma once
/** Connectors whose partners do not let us in. A daemon that starts anew must not knock as if it had never been told. */

#include "db/db.h"
#include "model/breaker.h"

/** Whether there is one, in @out_found. */
int breakers_find(struct db *db, const char *connector_id, struct breaker_record *out,
		  bool *out_found, struct sp_error *err);

/** In place of what is there. Nothing happens when there is no such connector (any more). */
int breakers_put(struct db *db, const char *connector_id, const struct breaker_record *record,
		 struct sp_error *err);

/** Nothing happens when there is none. */
int breakers_delete(struct db *db, const char *connector_id, struct sp_error *err);

/** The next file may try at once. @connector_id NULL: of every connector. */
int breakers_ask_again(struct db *db, const char *connector_id, struct sp_error *err);
