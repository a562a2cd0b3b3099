#pragma once
/** Connectors as they are kept. */

#include "db/db.h"
#include "model/connector.h"

int connectors_insert(struct db *db, const struct connector *connector, struct sp_error *err);
/** SP_NOT_FOUND when there is none. @out is the caller's to finish. */
int connectors_find(struct db *db, const char *id, struct connector *out, struct sp_error *err);
/** SP_NOT_FOUND when there is none. */
int connectors_check(struct db *db, const char *id, struct sp_error *err);
/** SP_NOT_FOUND when there is none, SP_CONFLICT when it is not CONNECTOR_ACTIVE: the sentence has state and reason. */
int connectors_check_active(struct db *db, const char *id, struct sp_error *err);
int connectors_count(struct db *db, int64_t *out, struct sp_error *err);
/** Everything but id and created. */
int connectors_update(struct db *db, const struct connector *connector, struct sp_error *err);
/**
 * From now on there is none of this id, and none of its transfers and files, for all who ask; its tags are gone. Other rows
 * go piece by piece, and what had not ended gets its event before (store/removal.h). Events stay. SP_NOT_FOUND.
 */
int connectors_delete(struct db *db, const char *id, int64_t now_ms, struct sp_error *err);
/** The row of one that was deleted, with all that hangs on it. */
int connectors_forget(struct db *db, const char *id, struct sp_error *err);
/**
 * State and failure of a connector that is still CONNECTOR_PENDING and has this configuration and port; otherwise
 * nothing happens: it was changed meanwhile.
 */
int connectors_settle(struct db *db, const struct connector *connector, enum connector_state state,
		      const char *failure, struct sp_error *err);
/** The first that uses the resource configuration; @out_id is "" when none does. */
int connectors_using(struct db *db, const char *configuration_arn, char out_id[CONNECTOR_ID_SIZE],
		     struct sp_error *err);
/** Those that are CONNECTOR_PENDING, ascending ids after @after (NULL: from the start), at most @max. */
int connectors_pending(struct db *db, const char *after, struct connector *out, size_t max,
		       size_t *out_count, struct sp_error *err);
/** Ascending ids after @after (NULL: from the start), at most @max. */
int connectors_list(struct db *db, const char *after, struct connector *out, size_t max,
		    size_t *out_count, struct sp_error *err);

/** While it is paused nothing new is begun; what runs comes to its end. */
struct connector_pause {
	int64_t paused_ms;  /* since when; 0: it is not */
	int64_t resumed_ms; /* when it was the last time; 0: it never was */
};
/** SP_NOT_FOUND. */
int connectors_find_pause(struct db *db, const char *id, struct connector_pause *out,
			  struct sp_error *err);
/** One that is paused already stays so since then. */
int connectors_pause(struct db *db, const char *id, int64_t now_ms, struct sp_error *err);
int connectors_resume(struct db *db, const char *id, int64_t now_ms, struct sp_error *err);

/**
 * The id of the connector whose tag Name is @name. SP_NOT_FOUND; SP_CONFLICT names those that share it.
 * @arn_prefix  what the ARNs of connectors begin with: "arn:aws:transfer:…:connector/"
 */
int connectors_find_name(struct db *db, const char *arn_prefix, const char *name,
			 char out_id[CONNECTOR_ID_SIZE], struct sp_error *err);
