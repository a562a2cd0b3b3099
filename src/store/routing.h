#pragma once
/** Route tables, internet and NAT gateways, Elastic IP addresses as they are kept. Lists: ascending ids; arrays owned by the caller. */

#include "db/db.h"
#include "model/routing.h"
#include "store/networks.h"

/** SP_LIMIT past ROUTE_TABLES_PER_VPC_MAX. */
int route_tables_insert(struct db *db, const struct route_table *table, struct sp_error *err);
int route_tables_find(struct db *db, const char *id, struct route_table *out, struct sp_error *err);
/** With its routes. SP_EXISTS while subnets are associated with it. The main one: vpcs_delete() only. */
int route_tables_delete(struct db *db, const char *id, struct sp_error *err);
/** @vpc_id NULL: of all. */
int route_tables_list(struct db *db, const char *vpc_id, struct route_table **out,
		      size_t *out_count, struct sp_error *err);

/** SP_EXISTS: the subnet has a table of its own already. */
int route_associations_insert(struct db *db, const struct route_association *association,
			      struct sp_error *err);
int route_associations_find(struct db *db, const char *id, struct route_association *out,
			    struct sp_error *err);
int route_associations_delete(struct db *db, const char *id, struct sp_error *err);
/** @table_id NULL: of all. */
int route_associations_list(struct db *db, const char *table_id, struct route_association **out,
			    size_t *out_count, struct sp_error *err);

/** SP_EXISTS: the table has a route to this destination. SP_LIMIT past ROUTES_PER_TABLE_MAX. */
int routes_insert(struct db *db, const struct route *route, struct sp_error *err);
/** Its target. SP_NOT_FOUND. */
int routes_update(struct db *db, const struct route *route, struct sp_error *err);
/** SP_NOT_FOUND. */
int routes_delete(struct db *db, const char *table_id, const char *destination,
		  struct sp_error *err);
/** By table and destination. @table_id NULL: of all. */
int routes_list(struct db *db, const char *table_id, struct route **out, size_t *out_count,
		struct sp_error *err);

int internet_gateways_insert(struct db *db, const struct internet_gateway *gateway,
			     struct sp_error *err);
int internet_gateways_find(struct db *db, const char *id, struct internet_gateway *out,
			   struct sp_error *err);
/** The VPC it is attached to. SP_EXISTS: that VPC has one. */
int internet_gateways_update(struct db *db, const struct internet_gateway *gateway,
			     struct sp_error *err);
/** SP_EXISTS while it is attached. */
int internet_gateways_delete(struct db *db, const char *id, struct sp_error *err);
int internet_gateways_list(struct db *db, struct internet_gateway **out, size_t *out_count,
			   struct sp_error *err);

/** SP_LIMIT past NAT_GATEWAYS_MAX, those that were deleted apart. */
int nat_gateways_insert(struct db *db, const struct nat_gateway *gateway, struct sp_error *err);
int nat_gateways_find(struct db *db, const char *id, struct nat_gateway *out, struct sp_error *err);
/** State, failure, deleted_ms. */
int nat_gateways_update(struct db *db, const struct nat_gateway *gateway, struct sp_error *err);
/** Those deleted before @before_ms are forgotten. */
int nat_gateways_forget(struct db *db, int64_t before_ms, struct sp_error *err);
int nat_gateways_list(struct db *db, struct nat_gateway **out, size_t *out_count,
		      struct sp_error *err);
void nat_gateways_free(struct nat_gateway *gateways, size_t count); /* NULL is fine */

/** SP_EXISTS: the address is allocated already. SP_LIMIT past ELASTIC_ADDRESSES_MAX. */
int elastic_addresses_insert(struct db *db, const struct elastic_address *address,
			     struct sp_error *err);
int elastic_addresses_find(struct db *db, const char *id, struct elastic_address *out,
			   struct sp_error *err);
/** The one that is associated with the network interface. SP_NOT_FOUND: none is. */
int elastic_addresses_find_of(struct db *db, const char *interface_id, struct elastic_address *out,
			      struct sp_error *err);
/** What it is associated with. */
int elastic_addresses_update(struct db *db, const struct elastic_address *address,
			     struct sp_error *err);
/** SP_EXISTS while it is associated. */
int elastic_addresses_delete(struct db *db, const char *id, struct sp_error *err);
int elastic_addresses_list(struct db *db, struct elastic_address **out, size_t *out_count,
			   struct sp_error *err);
