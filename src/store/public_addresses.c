/** What leads out of a VPC: internet gateways, NAT gateways, and the Elastic IP addresses that these show. */

#include "base/text.h"
#include "store/routing.h"
#include "store/rows.h"

/* ---- internet gateways ------------------------------------------------------------------------------------------- */

static int read_internet(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct internet_gateway *gateway = out;
	*gateway = (struct internet_gateway){ .created_ms = db_rows_integer(rows, 2) };
	rows_copy(rows, 0, gateway->id, sizeof(gateway->id));
	rows_copy(rows, 1, gateway->vpc_id, sizeof(gateway->vpc_id));
	return 0;
}

static const struct row_kind internet_kind = {
	.name = "internet gateway",
	.table = "internet_gateways",
	.columns = "id, vpc_id, created_ms",
	.size = sizeof(struct internet_gateway),
	.read = read_internet,
};

/* A unique key takes any number of NULLs, but one "" only. */
static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

int internet_gateways_insert(struct db *db, const struct internet_gateway *gateway,
			     struct sp_error *err)
{
	if (rows_check_room(db, &internet_kind, VPCS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO internet_gateways (id, vpc_id, created_ms) VALUES (?1, ?2, ?3)",
		   "ssi", gateway->id, or_null(gateway->vpc_id), gateway->created_ms) != 0)
		return sp_wrap(err, "could not keep the internet gateway \"%s\"", gateway->id);
	return 0;
}

int internet_gateways_find(struct db *db, const char *id, struct internet_gateway *out,
			   struct sp_error *err)
{
	return rows_find(db, &internet_kind, id, out, err);
}

int internet_gateways_update(struct db *db, const struct internet_gateway *gateway,
			     struct sp_error *err)
{
	if (db_run(db, err, "UPDATE internet_gateways SET vpc_id = ?2 WHERE id = ?1", "ss",
		   gateway->id, or_null(gateway->vpc_id)) == 0)
		return rows_check_changed(db, &internet_kind, gateway->id, err);
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS, "the VPC \"%s\" has an internet gateway already",
			       gateway->vpc_id);
	return sp_wrap(err, "could not change the internet gateway \"%s\"", gateway->id);
}

static const struct row_use internet_uses[] = {
	{ "VPC",
	  "SELECT vpc_id FROM internet_gateways WHERE id = ?1 AND vpc_id IS NOT NULL LIMIT 1" },
};

int internet_gateways_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &internet_kind, id, internet_uses, SP_COUNT_OF(internet_uses),
			      err) != 0)
		return -1;
	return rows_delete(db, &internet_kind, id, err);
}

int internet_gateways_list(struct db *db, struct internet_gateway **out, size_t *out_count,
			   struct sp_error *err)
{
	return rows_list(db, &internet_kind, NULL, NULL, out, out_count, err);
}

/* ---- NAT gateways ------------------------------------------------------------------------------------------------ */

static int read_nat(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct nat_gateway *gateway = out;
	*gateway = (struct nat_gateway){ .is_private = db_rows_integer(rows, 3) != 0,
					 .state = (enum nat_state)db_rows_integer(rows, 4),
					 .failure = db_rows_copy_text(rows, 6),
					 .created_ms = db_rows_integer(rows, 9),
					 .deleted_ms = db_rows_integer(rows, 10) };
	rows_copy(rows, 0, gateway->id, sizeof(gateway->id));
	rows_copy(rows, 1, gateway->vpc_id, sizeof(gateway->vpc_id));
	rows_copy(rows, 2, gateway->subnet_id, sizeof(gateway->subnet_id));
	rows_copy(rows, 5, gateway->failure_code, sizeof(gateway->failure_code));
	rows_copy(rows, 7, gateway->interface_id, sizeof(gateway->interface_id));
	rows_copy(rows, 8, gateway->allocation_id, sizeof(gateway->allocation_id));
	return 0;
}

static void finish_nat(void *entry)
{
	nat_gateway_finish(entry);
}

static const struct row_kind nat_kind = {
	.name = "NAT gateway",
	.table = "nat_gateways",
	.columns = "id, vpc_id, subnet_id, is_private, state, failure_code, failure, interface_id,"
		   " allocation_id, created_ms, deleted_ms",
	.size = sizeof(struct nat_gateway),
	.read = read_nat,
	.finish = finish_nat,
};

int nat_gateways_insert(struct db *db, const struct nat_gateway *gateway, struct sp_error *err)
{
	int64_t count;
	if (rows_count(db, "SELECT COUNT(*) FROM nat_gateways WHERE deleted_ms = 0", NULL, &count,
		       err) != 0)
		return -1;
	if (count >= NAT_GATEWAYS_MAX)
		return sp_fail(err, SP_LIMIT, "there cannot be more than %d NAT gateways",
			       NAT_GATEWAYS_MAX);
	if (db_run(db, err,
		   "INSERT INTO nat_gateways (id, vpc_id, subnet_id, is_private, state,"
		   " failure_code, failure, interface_id, allocation_id, created_ms, deleted_ms)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		   "sssiissssii", gateway->id, gateway->vpc_id, gateway->subnet_id,
		   (int64_t)gateway->is_private, (int64_t)gateway->state, gateway->failure_code,
		   gateway->failure, gateway->interface_id, gateway->allocation_id,
		   gateway->created_ms, gateway->deleted_ms) != 0)
		return sp_wrap(err, "could not keep the NAT gateway \"%s\"", gateway->id);
	return 0;
}

int nat_gateways_find(struct db *db, const char *id, struct nat_gateway *out, struct sp_error *err)
{
	return rows_find(db, &nat_kind, id, out, err);
}

int nat_gateways_update(struct db *db, const struct nat_gateway *gateway, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE nat_gateways SET state = ?2, failure_code = ?3, failure = ?4,"
		   " deleted_ms = ?5 WHERE id = ?1",
		   "sissi", gateway->id, (int64_t)gateway->state, gateway->failure_code,
		   gateway->failure, gateway->deleted_ms) != 0)
		return sp_wrap(err, "could not change the NAT gateway \"%s\"", gateway->id);
	return rows_check_changed(db, &nat_kind, gateway->id, err);
}

int nat_gateways_forget(struct db *db, int64_t before_ms, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM nat_gateways WHERE deleted_ms > 0 AND deleted_ms < ?1",
		      "i", before_ms);
}

int nat_gateways_list(struct db *db, struct nat_gateway **out, size_t *out_count,
		      struct sp_error *err)
{
	return rows_list(db, &nat_kind, NULL, NULL, out, out_count, err);
}

void nat_gateways_free(struct nat_gateway *gateways, size_t count)
{
	rows_free(&nat_kind, gateways, count);
}

/* ---- Elastic IP addresses ---------------------------------------------------------------------------------------- */

static int read_address(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct elastic_address *address = out;
	*address = (struct elastic_address){ .created_ms = db_rows_integer(rows, 5) };
	rows_copy(rows, 0, address->id, sizeof(address->id));
	rows_copy(rows, 1, address->address, sizeof(address->address));
	rows_copy(rows, 2, address->pool, sizeof(address->pool));
	rows_copy(rows, 3, address->association_id, sizeof(address->association_id));
	rows_copy(rows, 4, address->interface_id, sizeof(address->interface_id));
	return 0;
}

static const struct row_kind address_kind = {
	.name = "Elastic IP address",
	.table = "elastic_addresses",
	.columns = "id, address, pool, association_id, interface_id, created_ms",
	.size = sizeof(struct elastic_address),
	.read = read_address,
};

int elastic_addresses_insert(struct db *db, const struct elastic_address *address,
			     struct sp_error *err)
{
	if (rows_check_room(db, &address_kind, ELASTIC_ADDRESSES_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO elastic_addresses (id, address, pool, association_id,"
		   " interface_id, created_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		   "sssssi", address->id, address->address, address->pool, address->association_id,
		   address->interface_id, address->created_ms) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS, "the address %s is allocated already",
			       address->address);
	return sp_wrap(err, "could not keep the address %s", address->address);
}

int elastic_addresses_find(struct db *db, const char *id, struct elastic_address *out,
			   struct sp_error *err)
{
	return rows_find(db, &address_kind, id, out, err);
}

int elastic_addresses_find_of(struct db *db, const char *interface_id, struct elastic_address *out,
			      struct sp_error *err)
{
	char id[NETWORK_ID_SIZE];
	if (rows_text(db,
		      "SELECT id FROM elastic_addresses WHERE interface_id = ?1"
		      " AND association_id <> '' ORDER BY id LIMIT 1",
		      interface_id, id, sizeof(id), err) != 0)
		return -1;
	if (id[0] == '\0')
		return sp_fail(err, SP_NOT_FOUND,
			       "the network interface \"%s\" has no Elastic IP address",
			       interface_id);
	return elastic_addresses_find(db, id, out, err);
}

int elastic_addresses_update(struct db *db, const struct elastic_address *address,
			     struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE elastic_addresses SET association_id = ?2, interface_id = ?3"
		   " WHERE id = ?1",
		   "sss", address->id, address->association_id, address->interface_id) != 0)
		return sp_wrap(err, "could not change the address %s", address->address);
	return rows_check_changed(db, &address_kind, address->id, err);
}

static const struct row_use address_uses[] = {
	{ "network interface", "SELECT interface_id FROM elastic_addresses"
			       " WHERE id = ?1 AND association_id <> '' LIMIT 1" },
};

int elastic_addresses_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &address_kind, id, address_uses, SP_COUNT_OF(address_uses),
			      err) != 0)
		return -1;
	return rows_delete(db, &address_kind, id, err);
}

int elastic_addresses_list(struct db *db, struct elastic_address **out, size_t *out_count,
			   struct sp_error *err)
{
	return rows_list(db, &address_kind, NULL, NULL, out, out_count, err);
}
