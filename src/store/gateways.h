#pragma once
/** Resource gateways, their network interfaces, and resource configurations, as they are kept. Lists: ascending ids; arrays owned by the caller, each entry to finish. */

#include "db/db.h"
#include "model/network.h"

enum { GATEWAYS_MAX = 2000, CONFIGURATIONS_MAX = 2000 }; /* in all */

/** SP_EXISTS: the name is taken. SP_LIMIT past GATEWAYS_MAX. */
int gateways_insert(struct db *db, const struct resource_gateway *gateway, struct sp_error *err);
int gateways_find(struct db *db, const char *id, struct resource_gateway *out,
		  struct sp_error *err);
/** State, failure, groups, updated. SP_NOT_FOUND. */
int gateways_update(struct db *db, const struct resource_gateway *gateway, struct sp_error *err);
/** With its interfaces. SP_EXISTS while resource configurations name it. */
int gateways_delete(struct db *db, const char *id, struct sp_error *err);
int gateways_list(struct db *db, struct resource_gateway **out, size_t *out_count,
		  struct sp_error *err);
void gateways_free(struct resource_gateway *gateways, size_t count); /* NULL is fine */
/** How many the VPC has. */
int gateways_count(struct db *db, const char *vpc_id, int64_t *out, struct sp_error *err);

/** SP_EXISTS: the subnet's address is taken. SP_LIMIT past INTERFACES_OF_USER_MAX. */
int interfaces_insert(struct db *db, const struct network_interface *interface,
		      struct sp_error *err);
/** SP_NOT_FOUND. */
int interfaces_find(struct db *db, const char *id, struct network_interface *out,
		    struct sp_error *err);
/** Description, checks_addresses, groups. SP_NOT_FOUND. */
int interfaces_update(struct db *db, const struct network_interface *interface,
		      struct sp_error *err);
int interfaces_delete(struct db *db, const char *id, struct sp_error *err);
/** By subnet, owner; either may be NULL. @out: owned by the caller, nothing in it to finish. */
int interfaces_list(struct db *db, const char *subnet_id, const char *owner_id,
		    struct network_interface **out, size_t *out_count, struct sp_error *err);

/** SP_EXISTS: the name is taken. SP_LIMIT past CONFIGURATIONS_MAX. */
int configurations_insert(struct db *db, const struct resource_configuration *configuration,
			  struct sp_error *err);
int configurations_find(struct db *db, const char *id, struct resource_configuration *out,
			struct sp_error *err);
/** Target, ports, allow_association, updated. SP_NOT_FOUND. */
int configurations_update(struct db *db, const struct resource_configuration *configuration,
			  struct sp_error *err);
/** SP_NOT_FOUND. Whether a connector uses it is asked before: connectors_using(). */
int configurations_delete(struct db *db, const char *id, struct sp_error *err);
/** @gateway_id NULL: of all. */
int configurations_list(struct db *db, const char *gateway_id, struct resource_configuration **out,
			size_t *out_count, struct sp_error *err);
int configurations_count(struct db *db, int64_t *out, struct sp_error *err);
int configurations_count_children(struct db *db, const char *group_id, int64_t *out,
				  struct sp_error *err);
/** @out_id is "" when it has none. */
int configurations_first_child(struct db *db, const char *group_id, char out_id[NETWORK_ID_SIZE],
			       struct sp_error *err);
void configurations_free(struct resource_configuration *configurations, size_t count);
