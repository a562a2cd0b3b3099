#pragma once
/** VPCs and subnets as they are kept. Tags hang on ARNs and are the services'. All lists: ascending ids. */

#include "db/db.h"
#include "model/network.h"

enum { VPCS_MAX = 1000, SUBNETS_MAX = 4000 }; /* in all: a list of them fits into memory */

/** SP_LIMIT past VPCS_MAX. SP_EXISTS: a second one that is_host. */
/** With its main route table. */
int vpcs_insert(struct db *db, const struct vpc *vpc, struct sp_error *err);
/** SP_NOT_FOUND when there is none. */
int vpcs_find(struct db *db, const char *id, struct vpc *out, struct sp_error *err);
/** The ready one. SP_NOT_FOUND before networks_open() made it. */
int vpcs_find_host(struct db *db, struct vpc *out, struct sp_error *err);
/** Cidr, provider, attributes. SP_NOT_FOUND. */
int vpcs_update(struct db *db, const struct vpc *vpc, struct sp_error *err);
/** With its default group and main route table. SP_EXISTS while anything else is in it. */
int vpcs_delete(struct db *db, const char *id, struct sp_error *err);
/** @out: an array, owned by the caller. */
int vpcs_list(struct db *db, struct vpc **out, size_t *out_count, struct sp_error *err);

/** SP_LIMIT past SUBNETS_MAX. */
int subnets_insert(struct db *db, const struct subnet *subnet, struct sp_error *err);
/** SP_NOT_FOUND. */
int subnets_find(struct db *db, const char *id, struct subnet *out, struct sp_error *err);
/** Cidr, zone, interface, attributes. SP_NOT_FOUND. */
int subnets_update(struct db *db, const struct subnet *subnet, struct sp_error *err);
/** SP_EXISTS while network interfaces are in it. */
int subnets_delete(struct db *db, const char *id, struct sp_error *err);
/** @vpc_id NULL: of all. @out: an array, owned by the caller. */
int subnets_list(struct db *db, const char *vpc_id, struct subnet **out, size_t *out_count,
		 struct sp_error *err);
