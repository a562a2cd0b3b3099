#include "store/gateways.h"
#include "store/rows.h"

static int read_ports(struct db *db, struct resource_configuration *configuration,
		      struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT from_port, to_port FROM configuration_ports"
		     " WHERE configuration_id = ?1 ORDER BY place",
		     "s", configuration->id) != 0)
		return -1;
	int got = 0;
	while (configuration->port_count < CONFIGURATION_PORT_RANGES_MAX &&
	       (got = db_rows_next(rows, err)) == 1)
		configuration->ports[configuration->port_count++] =
			(struct port_range){ .from = (uint16_t)db_rows_integer(rows, 0),
					     .to = (uint16_t)db_rows_integer(rows, 1) };
	return got < 0 ? -1 : 0;
}

static int read_configuration(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	struct resource_configuration *configuration = out;
	*configuration = (struct resource_configuration){
		.name = db_rows_copy_text(rows, 2),
		.is_name = db_rows_integer(rows, 3) != 0,
		.target = db_rows_copy_text(rows, 4),
		.allow_association = db_rows_integer(rows, 5) != 0,
		.custom_domain = db_rows_copy_text(rows, 6),
		.created_ms = db_rows_integer(rows, 7),
		.updated_ms = db_rows_integer(rows, 8),
		.type = (enum configuration_type)db_rows_integer(rows, 9),
		.group_domain = db_rows_copy_text(rows, 11),
		.name_type = (enum address_type)db_rows_integer(rows, 12),
	};
	rows_copy(rows, 10, configuration->group_id, sizeof(configuration->group_id));
	rows_copy(rows, 0, configuration->id, sizeof(configuration->id));
	rows_copy(rows, 1, configuration->gateway_id, sizeof(configuration->gateway_id));
	if (read_ports(db, configuration, err) != 0) {
		resource_configuration_finish(configuration);
		return -1;
	}
	return 0;
}

static void finish_configuration(void *entry)
{
	resource_configuration_finish(entry);
}

static const struct row_kind configuration_kind = {
	.name = "resource configuration",
	.table = "configurations",
	.columns = "id, gateway_id, name, is_name, target, allow_association, custom_domain,"
		   " created_ms, updated_ms, type, group_id, group_domain, name_type",
	.size = sizeof(struct resource_configuration),
	.read = read_configuration,
	.finish = finish_configuration,
};

static int write_ports(struct db *db, const struct resource_configuration *configuration,
		       struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM configuration_ports WHERE configuration_id = ?1", "s",
		   configuration->id) != 0)
		return -1;
	for (size_t i = 0; i < configuration->port_count; i++)
		if (db_run(db, err,
			   "INSERT INTO configuration_ports (configuration_id, place, from_port,"
			   " to_port) VALUES (?1, ?2, ?3, ?4)",
			   "siii", configuration->id, (int64_t)i,
			   (int64_t)configuration->ports[i].from,
			   (int64_t)configuration->ports[i].to) != 0)
			return sp_wrap(err,
				       "could not keep the ports of the resource configuration "
				       "\"%s\"",
				       configuration->name);
	return 0;
}

int configurations_insert(struct db *db, const struct resource_configuration *configuration,
			  struct sp_error *err)
{
	if (rows_check_room(db, &configuration_kind, CONFIGURATIONS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO configurations (id, gateway_id, name, is_name, target,"
		   " allow_association, custom_domain, created_ms, updated_ms, type, group_id,"
		   " group_domain, name_type)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		   "sssisisiiissi", configuration->id, configuration->gateway_id,
		   configuration->name, (int64_t)configuration->is_name, configuration->target,
		   (int64_t)configuration->allow_association, configuration->custom_domain,
		   configuration->created_ms, configuration->updated_ms,
		   (int64_t)configuration->type,
		   configuration->group_id[0] == '\0' ? NULL : configuration->group_id,
		   configuration->group_domain, (int64_t)configuration->name_type) == 0)
		return write_ports(db, configuration, err);
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS,
			       "there is a resource configuration named \"%s\" already",
			       configuration->name);
	return sp_wrap(err, "could not keep the resource configuration \"%s\"",
		       configuration->name);
}

int configurations_find(struct db *db, const char *id, struct resource_configuration *out,
			struct sp_error *err)
{
	return rows_find(db, &configuration_kind, id, out, err);
}

int configurations_update(struct db *db, const struct resource_configuration *configuration,
			  struct sp_error *err)
{
	if (db_run(db, err,
		   "UPDATE configurations SET is_name = ?2, target = ?3, allow_association = ?4,"
		   " updated_ms = ?5, name_type = ?6 WHERE id = ?1",
		   "sisiii", configuration->id, (int64_t)configuration->is_name,
		   configuration->target, (int64_t)configuration->allow_association,
		   configuration->updated_ms, (int64_t)configuration->name_type) != 0)
		return sp_wrap(err, "could not change the resource configuration \"%s\"",
			       configuration->id);
	if (rows_check_changed(db, &configuration_kind, configuration->id, err) != 0)
		return -1;
	return write_ports(db, configuration, err);
}

int configurations_delete(struct db *db, const char *id, struct sp_error *err)
{
	return rows_delete(db, &configuration_kind, id, err);
}

int configurations_list(struct db *db, const char *gateway_id, struct resource_configuration **out,
			size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &configuration_kind, "gateway_id", gateway_id, out, out_count, err);
}

void configurations_free(struct resource_configuration *configurations, size_t count)
{
	rows_free(&configuration_kind, configurations, count);
}

int configurations_count(struct db *db, int64_t *out, struct sp_error *err)
{
	return rows_count(db, "SELECT COUNT(*) FROM configurations", NULL, out, err);
}

int configurations_count_children(struct db *db, const char *group_id, int64_t *out,
				  struct sp_error *err)
{
	return rows_count(db, "SELECT COUNT(*) FROM configurations WHERE group_id = ?1", group_id,
			  out, err);
}

int configurations_first_child(struct db *db, const char *group_id, char out_id[NETWORK_ID_SIZE],
			       struct sp_error *err)
{
	return rows_text(db,
			 "SELECT id FROM configurations WHERE group_id = ?1 ORDER BY id LIMIT 1",
			 group_id, out_id, NETWORK_ID_SIZE, err);
}
