#include "base/text.h"
#include "store/networks.h"
#include "store/rows.h"

static int read_subnet(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct subnet *subnet = out;
	*subnet = (struct subnet){ .map_public_ip = db_rows_integer(rows, 6) != 0,
				   .assign_ipv6 = db_rows_integer(rows, 7) != 0,
				   .enable_dns64 = db_rows_integer(rows, 8) != 0,
				   .created_ms = db_rows_integer(rows, 9) };
	rows_copy(rows, 0, subnet->id, sizeof(subnet->id));
	rows_copy(rows, 1, subnet->vpc_id, sizeof(subnet->vpc_id));
	rows_copy(rows, 2, subnet->cidr, sizeof(subnet->cidr));
	rows_copy(rows, 3, subnet->zone, sizeof(subnet->zone));
	rows_copy(rows, 4, subnet->interface, sizeof(subnet->interface));
	rows_copy(rows, 5, subnet->acl_association_id, sizeof(subnet->acl_association_id));
	rows_copy(rows, 10, subnet->cidr6, sizeof(subnet->cidr6));
	rows_copy(rows, 11, subnet->cidr6_association_id, sizeof(subnet->cidr6_association_id));
	return 0;
}

static const struct row_kind subnet_kind = {
	.name = "subnet",
	.table = "subnets",
	.columns = "id, vpc_id, cidr, zone, interface, acl_association_id, map_public_ip,"
		   " assign_ipv6, enable_dns64, created_ms, cidr6, cidr6_association_id",
	.size = sizeof(struct subnet),
	.read = read_subnet,
};

int subnets_insert(struct db *db, const struct subnet *subnet, struct sp_error *err)
{
	if (rows_check_room(db, &subnet_kind, SUBNETS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO subnets (id, vpc_id, cidr, zone, interface, acl_association_id,"
		   " map_public_ip, assign_ipv6, enable_dns64, created_ms, cidr6,"
		   " cidr6_association_id)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
		   "ssssssiiiiss", subnet->id, subnet->vpc_id, subnet->cidr, subnet->zone,
		   subnet->interface, subnet->acl_association_id, (int64_t)subnet->map_public_ip,
		   (int64_t)subnet->assign_ipv6, (int64_t)subnet->enable_dns64, subnet->created_ms,
		   subnet->cidr6, subnet->cidr6_association_id) != 0)
		return sp_wrap(err, "could not keep the subnet \"%s\"", subnet->id);
	return 0;
}

int subnets_find(struct db *db, const char *id, struct subnet *out, struct sp_error *err)
{
	return rows_find(db, &subnet_kind, id, out, err);
}

int subnets_update(struct db *db, const struct subnet *subnet, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE subnets SET cidr = ?2, zone = ?3, interface = ?4, map_public_ip = ?5,"
		   " assign_ipv6 = ?6, enable_dns64 = ?7 WHERE id = ?1",
		   "ssssiii", subnet->id, subnet->cidr, subnet->zone, subnet->interface,
		   (int64_t)subnet->map_public_ip, (int64_t)subnet->assign_ipv6,
		   (int64_t)subnet->enable_dns64) != 0)
		return sp_wrap(err, "could not change the subnet \"%s\"", subnet->id);
	return rows_check_changed(db, &subnet_kind, subnet->id, err);
}

static const struct row_use subnet_uses[] = {
	{ "network interface",
	  "SELECT id FROM interfaces WHERE subnet_id = ?1 ORDER BY id LIMIT 1" },
	{ "resource gateway", "SELECT gateway_id FROM gateway_subnets WHERE subnet_id = ?1 ORDER "
			      "BY gateway_id LIMIT 1" },
};

int subnets_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &subnet_kind, id, subnet_uses, SP_COUNT_OF(subnet_uses), err) !=
	    0)
		return -1;
	return rows_delete(db, &subnet_kind, id, err);
}

int subnets_list(struct db *db, const char *vpc_id, struct subnet **out, size_t *out_count,
		 struct sp_error *err)
{
	return rows_list(db, &subnet_kind, "vpc_id", vpc_id, out, out_count, err);
}
