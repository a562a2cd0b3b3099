#include <stdio.h>

#include "base/text.h"
#include "store/routing.h"
#include "store/rows.h"

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static int read_table(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct route_table *table = out;
	*table = (struct route_table){ .created_ms = db_rows_integer(rows, 2) };
	rows_copy(rows, 0, table->id, sizeof(table->id));
	rows_copy(rows, 1, table->vpc_id, sizeof(table->vpc_id));
	return 0;
}

static const struct row_kind table_kind = {
	.name = "route table",
	.table = "route_tables",
	.columns = "id, vpc_id, created_ms",
	.size = sizeof(struct route_table),
	.read = read_table,
};

/* SP_LIMIT when the one @owner (?1 of @sql) has @max already: "the VPC … cannot have more than 200 route tables". */
static int check_share(struct db *db, const char *sql, const char *owner_kind, const char *owner,
		       const struct row_kind *kind, int64_t max, struct sp_error *err)
{
	int64_t count;
	if (rows_count(db, sql, owner, &count, err) != 0)
		return -1;
	if (count >= max)
		return sp_fail(err, SP_LIMIT, "the %s \"%s\" cannot have more than %lld %ss",
			       owner_kind, owner, (long long)max, kind->name);
	return 0;
}

int route_tables_insert(struct db *db, const struct route_table *table, struct sp_error *err)
{
	if (check_share(db, "SELECT COUNT(*) FROM route_tables WHERE vpc_id = ?1", "VPC",
			table->vpc_id, &table_kind, ROUTE_TABLES_PER_VPC_MAX, err) != 0)
		return -1;
	if (db_run(db, err, "INSERT INTO route_tables (id, vpc_id, created_ms) VALUES (?1, ?2, ?3)",
		   "ssi", table->id, table->vpc_id, table->created_ms) != 0)
		return sp_wrap(err, "could not keep the route table \"%s\"", table->id);
	return 0;
}

int route_tables_find(struct db *db, const char *id, struct route_table *out, struct sp_error *err)
{
	return rows_find(db, &table_kind, id, out, err);
}

static const struct row_use table_uses[] = {
	{ "subnet", "SELECT subnet_id FROM route_associations WHERE table_id = ?1 ORDER BY "
		    "subnet_id LIMIT 1" },
	{ "VPC", "SELECT id FROM vpcs WHERE main_route_table_id = ?1 LIMIT 1" },
};

int route_tables_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &table_kind, id, table_uses, SP_COUNT_OF(table_uses), err) != 0)
		return -1;
	return rows_delete(db, &table_kind, id, err);
}

int route_tables_list(struct db *db, const char *vpc_id, struct route_table **out,
		      size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &table_kind, "vpc_id", vpc_id, out, out_count, err);
}

/* ---- associations ------------------------------------------------------------------------------------------------ */

static int read_association(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct route_association *association = out;
	*association = (struct route_association){ 0 };
	rows_copy(rows, 0, association->id, sizeof(association->id));
	rows_copy(rows, 1, association->table_id, sizeof(association->table_id));
	rows_copy(rows, 2, association->subnet_id, sizeof(association->subnet_id));
	return 0;
}

static const struct row_kind association_kind = {
	.name = "route table association",
	.table = "route_associations",
	.columns = "id, table_id, subnet_id",
	.size = sizeof(struct route_association),
	.read = read_association,
};

int route_associations_insert(struct db *db, const struct route_association *association,
			      struct sp_error *err)
{
	if (db_run(db, err,
		   "INSERT INTO route_associations (id, table_id, subnet_id) VALUES (?1, ?2, ?3)",
		   "sss", association->id, association->table_id, association->subnet_id) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS, "the subnet \"%s\" has a route table of its own",
			       association->subnet_id);
	return sp_wrap(err, "could not keep the route table's association");
}

int route_associations_find(struct db *db, const char *id, struct route_association *out,
			    struct sp_error *err)
{
	return rows_find(db, &association_kind, id, out, err);
}

int route_associations_delete(struct db *db, const char *id, struct sp_error *err)
{
	return rows_delete(db, &association_kind, id, err);
}

int route_associations_list(struct db *db, const char *table_id, struct route_association **out,
			    size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &association_kind, "table_id", table_id, out, out_count, err);
}

/* ---- routes ------------------------------------------------------------------------------------------------------ */

/* A route's id is its table and destination together: rows.h wants one. */
static int read_route(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct route *route = out;
	*route = (struct route){ .target = (enum route_target)db_rows_integer(rows, 2) };
	rows_copy(rows, 0, route->table_id, sizeof(route->table_id));
	rows_copy(rows, 1, route->destination, sizeof(route->destination));
	rows_copy(rows, 3, route->target_id, sizeof(route->target_id));
	return 0;
}

static const struct row_kind route_kind = {
	.name = "route",
	.table = "routes",
	.columns = "table_id, destination, target, target_id",
	.size = sizeof(struct route),
	.read = read_route,
};

/* "rtb-… 10.0.0.0/8" */
static void route_id(const char *table_id, const char *destination,
		     char out[NETWORK_ID_SIZE + CIDR_TEXT_SIZE])
{
	snprintf(out, NETWORK_ID_SIZE + CIDR_TEXT_SIZE, "%s %s", table_id, destination);
}

int routes_insert(struct db *db, const struct route *route, struct sp_error *err)
{
	char id[NETWORK_ID_SIZE + CIDR_TEXT_SIZE];
	route_id(route->table_id, route->destination, id);
	if (check_share(db, "SELECT COUNT(*) FROM routes WHERE table_id = ?1", "route table",
			route->table_id, &route_kind, ROUTES_PER_TABLE_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO routes (id, table_id, destination, target, target_id)"
		   " VALUES (?1, ?2, ?3, ?4, ?5)",
		   "sssis", id, route->table_id, route->destination, (int64_t)route->target,
		   route->target_id) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS, "the route table \"%s\" has a route to %s already",
			       route->table_id, route->destination);
	return sp_wrap(err, "could not keep the route to %s", route->destination);
}

int routes_update(struct db *db, const struct route *route, struct sp_error *err)
{
	char id[NETWORK_ID_SIZE + CIDR_TEXT_SIZE];
	route_id(route->table_id, route->destination, id);
	if (db_run(db, err, "UPDATE routes SET target = ?2, target_id = ?3 WHERE id = ?1", "sis",
		   id, (int64_t)route->target, route->target_id) != 0)
		return sp_wrap(err, "could not change the route to %s", route->destination);
	return rows_check_changed(db, &route_kind, id, err);
}

int routes_delete(struct db *db, const char *table_id, const char *destination,
		  struct sp_error *err)
{
	char id[NETWORK_ID_SIZE + CIDR_TEXT_SIZE];
	route_id(table_id, destination, id);
	return rows_delete(db, &route_kind, id, err);
}

int routes_list(struct db *db, const char *table_id, struct route **out, size_t *out_count,
		struct sp_error *err)
{
	return rows_list(db, &route_kind, "table_id", table_id, out, out_count, err);
}
