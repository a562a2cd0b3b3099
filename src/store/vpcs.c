#include "base/text.h"
#include "store/networks.h"
#include "store/rows.h"

static int read_vpc(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct vpc *vpc = out;
	*vpc = (struct vpc){ .provider = (enum network_provider)db_rows_integer(rows, 2),
			     .is_host = db_rows_integer(rows, 3) != 0,
			     .dns_support = db_rows_integer(rows, 4) != 0,
			     .dns_hostnames = db_rows_integer(rows, 5) != 0,
			     .usage_metrics = db_rows_integer(rows, 6) != 0,
			     .created_ms = db_rows_integer(rows, 13),
			     .cidr6_is_drawn = db_rows_integer(rows, 15) != 0 };
	rows_copy(rows, 0, vpc->id, sizeof(vpc->id));
	rows_copy(rows, 1, vpc->cidr, sizeof(vpc->cidr));
	rows_copy(rows, 7, vpc->cidr_association_id, sizeof(vpc->cidr_association_id));
	rows_copy(rows, 8, vpc->default_group_id, sizeof(vpc->default_group_id));
	rows_copy(rows, 9, vpc->dhcp_options_id, sizeof(vpc->dhcp_options_id));
	rows_copy(rows, 10, vpc->network_acl_id, sizeof(vpc->network_acl_id));
	rows_copy(rows, 11, vpc->main_route_table_id, sizeof(vpc->main_route_table_id));
	rows_copy(rows, 12, vpc->main_association_id, sizeof(vpc->main_association_id));
	rows_copy(rows, 14, vpc->cidr6, sizeof(vpc->cidr6));
	rows_copy(rows, 16, vpc->cidr6_association_id, sizeof(vpc->cidr6_association_id));
	return 0;
}

static const struct row_kind vpc_kind = {
	.name = "VPC",
	.table = "vpcs",
	.columns = "id, cidr, provider, is_host, dns_support, dns_hostnames, usage_metrics,"
		   " cidr_association_id, default_group_id, dhcp_options_id, network_acl_id,"
		   " main_route_table_id, main_association_id, created_ms, cidr6,"
		   " cidr6_is_drawn, cidr6_association_id",
	.size = sizeof(struct vpc),
	.read = read_vpc,
};

int vpcs_insert(struct db *db, const struct vpc *vpc, struct sp_error *err)
{
	if (rows_check_room(db, &vpc_kind, VPCS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO vpcs (id, cidr, provider, is_host, dns_support, dns_hostnames,"
		   " usage_metrics, cidr_association_id, default_group_id, dhcp_options_id,"
		   " network_acl_id, main_route_table_id, main_association_id, created_ms, cidr6,"
		   " cidr6_is_drawn, cidr6_association_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
		   " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
		   "ssiiiiissssssisis", vpc->id, vpc->cidr, (int64_t)vpc->provider,
		   (int64_t)vpc->is_host, (int64_t)vpc->dns_support, (int64_t)vpc->dns_hostnames,
		   (int64_t)vpc->usage_metrics, vpc->cidr_association_id, vpc->default_group_id,
		   vpc->dhcp_options_id, vpc->network_acl_id, vpc->main_route_table_id,
		   vpc->main_association_id, vpc->created_ms, vpc->cidr6,
		   (int64_t)vpc->cidr6_is_drawn, vpc->cidr6_association_id) != 0)
		return sp_wrap(err, "could not keep the VPC \"%s\"", vpc->id);
	return db_run(db, err,
		      "INSERT INTO route_tables (id, vpc_id, created_ms) VALUES (?1, ?2, ?3)",
		      "ssi", vpc->main_route_table_id, vpc->id, vpc->created_ms);
}

int vpcs_find(struct db *db, const char *id, struct vpc *out, struct sp_error *err)
{
	return rows_find(db, &vpc_kind, id, out, err);
}

int vpcs_find_host(struct db *db, struct vpc *out, struct sp_error *err)
{
	char id[NETWORK_ID_SIZE];
	if (rows_text(db, "SELECT id FROM vpcs WHERE is_host = 1", NULL, id, sizeof(id), err) != 0)
		return -1;
	if (id[0] == '\0')
		return sp_fail(err, SP_NOT_FOUND, "the VPC of this host is not there yet");
	return vpcs_find(db, id, out, err);
}

int vpcs_update(struct db *db, const struct vpc *vpc, struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE vpcs SET cidr = ?2, provider = ?3, dns_support = ?4,"
		   " dns_hostnames = ?5, usage_metrics = ?6, main_route_table_id = ?7,"
		   " main_association_id = ?8 WHERE id = ?1",
		   "ssiiiiss", vpc->id, vpc->cidr, (int64_t)vpc->provider,
		   (int64_t)vpc->dns_support, (int64_t)vpc->dns_hostnames,
		   (int64_t)vpc->usage_metrics, vpc->main_route_table_id,
		   vpc->main_association_id) != 0)
		return sp_wrap(err, "could not change the VPC \"%s\"", vpc->id);
	return rows_check_changed(db, &vpc_kind, vpc->id, err);
}

/* The default group and the main route table go with the VPC; what is not made by the VPC itself is in its way. */
static const struct row_use vpc_uses[] = {
	{ "resource gateway", "SELECT id FROM gateways WHERE vpc_id = ?1 ORDER BY id LIMIT 1" },
	{ "subnet", "SELECT id FROM subnets WHERE vpc_id = ?1 ORDER BY id LIMIT 1" },
	{ "security group", "SELECT g.id FROM security_groups g JOIN vpcs v ON v.id = g.vpc_id"
			    " WHERE g.vpc_id = ?1 AND g.id <> v.default_group_id"
			    " ORDER BY g.id LIMIT 1" },
	{ "route table", "SELECT t.id FROM route_tables t JOIN vpcs v ON v.id = t.vpc_id"
			 " WHERE t.vpc_id = ?1 AND t.id <> v.main_route_table_id"
			 " ORDER BY t.id LIMIT 1" },
	{ "internet gateway", "SELECT id FROM internet_gateways WHERE vpc_id = ?1 LIMIT 1" },
};

int vpcs_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &vpc_kind, id, vpc_uses, SP_COUNT_OF(vpc_uses), err) != 0 ||
	    db_run(db, err, "DELETE FROM security_groups WHERE vpc_id = ?1", "s", id) != 0)
		return -1;
	return rows_delete(db, &vpc_kind, id, err);
}

int vpcs_list(struct db *db, struct vpc **out, size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &vpc_kind, NULL, NULL, out, out_count, err);
}
