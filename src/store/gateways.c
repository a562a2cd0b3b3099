#include "store/gateways.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/rows.h"
#include "store/usage.h"

typedef char network_id[NETWORK_ID_SIZE];

/* @sql: one column of ids, the parameter ?1 is the gateway's. */
static int read_ids(struct db *db, const char *sql, const char *gateway_id, network_id *out,
		    size_t max, size_t *out_count, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, sql, "s", gateway_id) != 0)
		return -1;
	size_t count = 0;
	int got = 0;
	while (count < max && (got = db_rows_next(rows, err)) == 1)
		rows_copy(rows, 0, out[count++], sizeof(network_id));
	*out_count = count;
	return got < 0 ? -1 : 0;
}

static int read_gateway(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	struct resource_gateway *gateway = out;
	*gateway = (struct resource_gateway){
		.name = db_rows_copy_text(rows, 2),
		.state = (enum network_state)db_rows_integer(rows, 3),
		.failure = db_rows_copy_text(rows, 4),
		.resolves_in_vpc = db_rows_integer(rows, 5) != 0,
		.addresses_per_interface = (int)db_rows_integer(rows, 6),
		.created_ms = db_rows_integer(rows, 7),
		.updated_ms = db_rows_integer(rows, 8),
		.address_type = (enum address_type)db_rows_integer(rows, 9),
	};
	rows_copy(rows, 0, gateway->id, sizeof(gateway->id));
	rows_copy(rows, 1, gateway->vpc_id, sizeof(gateway->vpc_id));
	if (read_ids(db,
		     "SELECT subnet_id FROM gateway_subnets WHERE gateway_id = ?1 ORDER BY place",
		     gateway->id, gateway->subnet_ids, GATEWAY_SUBNETS_MAX, &gateway->subnet_count,
		     err) != 0 ||
	    read_ids(db, "SELECT group_id FROM gateway_groups WHERE gateway_id = ?1 ORDER BY place",
		     gateway->id, gateway->group_ids, GATEWAY_GROUPS_MAX, &gateway->group_count,
		     err) != 0) {
		resource_gateway_finish(gateway);
		return -1;
	}
	return 0;
}

static void finish_gateway(void *entry)
{
	resource_gateway_finish(entry);
}

static const struct row_kind gateway_kind = {
	.name = "resource gateway",
	.table = "gateways",
	.columns = "id, vpc_id, name, state, failure, resolves_in_vpc, addresses_per_interface,"
		   " created_ms, updated_ms, address_type",
	.size = sizeof(struct resource_gateway),
	.read = read_gateway,
	.finish = finish_gateway,
};

static int write_ids(struct db *db, const char *sql, const char *gateway_id, const network_id *ids,
		     size_t count, struct sp_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (db_run(db, err, sql, "sis", gateway_id, (int64_t)i, ids[i]) != 0)
			return -1;
	return 0;
}

static int write_groups(struct db *db, const struct resource_gateway *gateway, struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM gateway_groups WHERE gateway_id = ?1", "s", gateway->id) !=
	    0)
		return -1;
	return write_ids(db,
			 "INSERT INTO gateway_groups (gateway_id, place, group_id)"
			 " VALUES (?1, ?2, ?3)",
			 gateway->id, gateway->group_ids, gateway->group_count, err);
}

int gateways_insert(struct db *db, const struct resource_gateway *gateway, struct sp_error *err)
{
	if (rows_check_room(db, &gateway_kind, GATEWAYS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO gateways (id, vpc_id, name, state, failure, resolves_in_vpc,"
		   " addresses_per_interface, created_ms, updated_ms, address_type)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		   "sssisiiiii", gateway->id, gateway->vpc_id, gateway->name,
		   (int64_t)gateway->state, gateway->failure, (int64_t)gateway->resolves_in_vpc,
		   (int64_t)gateway->addresses_per_interface, gateway->created_ms,
		   gateway->updated_ms, (int64_t)gateway->address_type) != 0) {
		if (err->code == SP_EXISTS)
			return sp_fail(err, SP_EXISTS,
				       "there is a resource gateway named \"%s\" already",
				       gateway->name);
		return sp_wrap(err, "could not keep the resource gateway \"%s\"", gateway->name);
	}
	if (write_ids(db,
		      "INSERT INTO gateway_subnets (gateway_id, place, subnet_id)"
		      " VALUES (?1, ?2, ?3)",
		      gateway->id, gateway->subnet_ids, gateway->subnet_count, err) != 0)
		return sp_wrap(err, "could not keep the subnets of the resource gateway \"%s\"",
			       gateway->name);
	if (lifetimes_begin(db, gateway->id, LIFETIME_GATEWAY, gateway->created_ms, err) != 0)
		return -1;
	if (write_groups(db, gateway, err) != 0)
		return sp_wrap(err,
			       "could not keep the security groups of the resource gateway \"%s\"",
			       gateway->name);
	return 0;
}

int gateways_find(struct db *db, const char *id, struct resource_gateway *out, struct sp_error *err)
{
	return rows_find(db, &gateway_kind, id, out, err);
}

int gateways_update(struct db *db, const struct resource_gateway *gateway, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE gateways SET state = ?2, failure = ?3, updated_ms = ?4 WHERE id = ?1",
		   "sisi", gateway->id, (int64_t)gateway->state, gateway->failure,
		   gateway->updated_ms) != 0)
		return sp_wrap(err, "could not change the resource gateway \"%s\"", gateway->id);
	if (rows_check_changed(db, &gateway_kind, gateway->id, err) != 0)
		return -1;
	return write_groups(db, gateway, err);
}

static const struct row_use gateway_uses[] = {
	{ "resource configuration",
	  "SELECT id FROM configurations WHERE gateway_id = ?1 ORDER BY id LIMIT 1" },
};

int gateways_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &gateway_kind, id, gateway_uses, SP_COUNT_OF(gateway_uses),
			      err) != 0 ||
	    db_run(db, err, "DELETE FROM interfaces WHERE owner_id = ?1", "s", id) != 0)
		return -1;
	return rows_delete(db, &gateway_kind, id, err) == 0
		       ? lifetimes_end(db, id, sp_now_ms(), err)
		       : -1;
}

int gateways_list(struct db *db, struct resource_gateway **out, size_t *out_count,
		  struct sp_error *err)
{
	return rows_list(db, &gateway_kind, NULL, NULL, out, out_count, err);
}

void gateways_free(struct resource_gateway *gateways, size_t count)
{
	rows_free(&gateway_kind, gateways, count);
}

int gateways_count(struct db *db, const char *vpc_id, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT COUNT(*) FROM gateways WHERE vpc_id = ?1", vpc_id, out, err);
}
