#include <assert.h>
#include <string.h>

#include "store/gateways.h"
#include "store/rows.h"

static int read_groups(struct db *db, struct network_interface *interface, struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT group_id FROM interface_groups WHERE interface_id = ?1 ORDER BY place",
		     "s", interface->id) != 0)
		return -1;
	int got = 0;
	while (interface->group_count < GATEWAY_GROUPS_MAX && (got = db_rows_next(rows, err)) == 1)
		rows_copy(rows, 0, interface->group_ids[interface->group_count++], NETWORK_ID_SIZE);
	return got < 0 ? -1 : 0;
}

static int read_interface(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	struct network_interface *interface = out;
	*interface = (struct network_interface){
		.created_ms = db_rows_integer(rows, 6),
		.kind = (enum interface_kind)db_rows_integer(rows, 7),
		.checks_addresses = db_rows_integer(rows, 9) != 0,
	};
	rows_copy(rows, 0, interface->id, sizeof(interface->id));
	rows_copy(rows, 1, interface->vpc_id, sizeof(interface->vpc_id));
	rows_copy(rows, 2, interface->subnet_id, sizeof(interface->subnet_id));
	rows_copy(rows, 3, interface->owner_id, sizeof(interface->owner_id));
	rows_copy(rows, 4, interface->address, sizeof(interface->address));
	rows_copy(rows, 5, interface->mac, sizeof(interface->mac));
	rows_copy(rows, 8, interface->description, sizeof(interface->description));
	rows_copy(rows, 10, interface->address6, sizeof(interface->address6));
	return interface->kind == INTERFACE_OF_USER ? read_groups(db, interface, err) : 0;
}

static const struct row_kind interface_kind = {
	.name = "network interface",
	.table = "interfaces",
	.columns = "id, vpc_id, subnet_id, owner_id, address, mac, created_ms, kind, description,"
		   " checks_addresses, address6",
	.size = sizeof(struct network_interface),
	.read = read_interface,
};

static int insert_groups(struct db *db, const struct network_interface *interface,
			 struct sp_error *err)
{
	for (size_t i = 0; i < interface->group_count; i++)
		if (db_run(db, err,
			   "INSERT INTO interface_groups (interface_id, place, group_id)"
			   " VALUES (?1, ?2, ?3)",
			   "sis", interface->id, (int64_t)i, interface->group_ids[i]) != 0)
			return sp_wrap(err, "could not keep the security groups of \"%s\"",
				       interface->id);
	return 0;
}

/* Those of gateways have the limits of their gateways. */
static int check_room(struct db *db, const struct network_interface *interface,
		      struct sp_error *err)
{
	int64_t count;
	if (interface->kind != INTERFACE_OF_USER)
		return 0;
	static_assert(INTERFACE_OF_USER == 2, "its number is in the query");
	if (rows_count(db, "SELECT COUNT(*) FROM interfaces WHERE kind = 2", NULL, &count, err) !=
	    0)
		return -1;
	if (count >= INTERFACES_OF_USER_MAX)
		return sp_fail(err, SP_LIMIT, "there cannot be more than %d network interfaces",
			       INTERFACES_OF_USER_MAX);
	return 0;
}

int interfaces_insert(struct db *db, const struct network_interface *interface,
		      struct sp_error *err)
{
	if (check_room(db, interface, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO interfaces (id, vpc_id, subnet_id, owner_id, address, mac,"
		   " created_ms, kind, description, checks_addresses, address6)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		   "ssssssiisis", interface->id, interface->vpc_id, interface->subnet_id,
		   interface->owner_id, interface->address, interface->mac, interface->created_ms,
		   (int64_t)interface->kind, interface->description,
		   (int64_t)interface->checks_addresses, interface->address6) == 0)
		return insert_groups(db, interface, err);
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS, "the address %s%s%s of the subnet \"%s\" is taken",
			       interface->address, interface->address6[0] == '\0' ? "" : " or ",
			       interface->address6, interface->subnet_id);
	return sp_wrap(err, "could not keep the network interface \"%s\"", interface->id);
}

int interfaces_find(struct db *db, const char *id, struct network_interface *out,
		    struct sp_error *err)
{
	return rows_find(db, &interface_kind, id, out, err);
}

int interfaces_update(struct db *db, const struct network_interface *interface,
		      struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE interfaces SET description = ?2, checks_addresses = ?3 WHERE id = ?1",
		   "ssi", interface->id, interface->description,
		   (int64_t)interface->checks_addresses) != 0 ||
	    rows_check_changed(db, &interface_kind, interface->id, err) != 0 ||
	    db_run(db, err, "DELETE FROM interface_groups WHERE interface_id = ?1", "s",
		   interface->id) != 0)
		return sp_wrap(err, "could not change the network interface \"%s\"", interface->id);
	return insert_groups(db, interface, err);
}

int interfaces_delete(struct db *db, const char *id, struct sp_error *err)
{
	return rows_delete(db, &interface_kind, id, err);
}

int interfaces_list(struct db *db, const char *subnet_id, const char *owner_id,
		    struct network_interface **out, size_t *out_count, struct sp_error *err)
{
	if (owner_id == NULL)
		return rows_list(db, &interface_kind, "subnet_id", subnet_id, out, out_count, err);

	/* An owner has GATEWAY_SUBNETS_MAX of them: looking at each costs nothing. */
	struct network_interface *all;
	size_t count;
	if (rows_list(db, &interface_kind, "owner_id", owner_id, &all, &count, err) != 0)
		return -1;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (subnet_id == NULL || strcmp(all[i].subnet_id, subnet_id) == 0)
			all[kept++] = all[i];
	*out = all;
	*out_count = kept;
	return 0;
}
