#pragma once
/** Within service/ec2/: tags of all kinds of resources. */

#include "service/ec2/kinds.h"

/**
 * Inside the write that creates: the request's TagSpecification for the new @id, which is in the store already.
 * Refused when it names another type of resource.
 */
int ec2_tags_create(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		    const char *id, struct sp_error *err);

/** Refuses keys and values that no tag has, and a key that comes twice. @tags: objects with Key and Value; NULL: none. */
int ec2_tags_check(struct ec2_request *request, const json_t *tags, struct sp_error *err);

/** Of one resource that is there; @tags were checked. */
int ec2_tags_put(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
		 const char *id, const json_t *tags, struct sp_error *err);

/** Before something is created that must know: the value of one tag in its TagSpecification. NULL: it has none. */
const char *ec2_tag_wanted(const struct ec2_request *request, const char *key);

/** As answers show them, owned by the caller. */
int ec2_tag_set(const struct service_context *context, struct db *db, const struct ec2_kind *kind,
		const char *id, json_t **out, struct sp_error *err);

/** One of a resource that is there, owned by the caller; NULL: it has none. */
int ec2_tag_find(const struct service_context *context, struct db *db, const struct ec2_kind *kind,
		 const char *id, const char *key, char **out, struct sp_error *err);

/** Inside the write that deletes. */
int ec2_tags_delete(const struct service_context *context, struct db *db,
		    const struct ec2_kind *kind, const char *id, struct sp_error *err);
