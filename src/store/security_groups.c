#include "store/security_groups.h"

#include "base/text.h"
#include "store/rows.h"

static int read_group(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct security_group *group = out;
	*group = (struct security_group){ .name = db_rows_copy_text(rows, 2),
					  .description = db_rows_copy_text(rows, 3),
					  .created_ms = db_rows_integer(rows, 4) };
	rows_copy(rows, 0, group->id, sizeof(group->id));
	rows_copy(rows, 1, group->vpc_id, sizeof(group->vpc_id));
	return 0;
}

static void finish_group(void *entry)
{
	security_group_finish(entry);
}

static const struct row_kind group_kind = {
	.name = "security group",
	.table = "security_groups",
	.columns = "id, vpc_id, name, description, created_ms",
	.size = sizeof(struct security_group),
	.read = read_group,
	.finish = finish_group,
};

int security_groups_insert(struct db *db, const struct security_group *group, struct sp_error *err)
{
	if (rows_check_room(db, &group_kind, SECURITY_GROUPS_MAX, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO security_groups (id, vpc_id, name, description, created_ms)"
		   " VALUES (?1, ?2, ?3, ?4, ?5)",
		   "ssssi", group->id, group->vpc_id, group->name, group->description,
		   group->created_ms) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS,
			       "the VPC \"%s\" has a security group named \"%s\" already",
			       group->vpc_id, group->name);
	return sp_wrap(err, "could not keep the security group \"%s\"", group->name);
}

int security_groups_find(struct db *db, const char *id, struct security_group *out,
			 struct sp_error *err)
{
	return rows_find(db, &group_kind, id, out, err);
}

static const struct row_use group_uses[] = {
	{ "resource gateway",
	  "SELECT gateway_id FROM gateway_groups WHERE group_id = ?1 ORDER BY gateway_id LIMIT 1" },
	{ "network interface", "SELECT interface_id FROM interface_groups WHERE group_id = ?1"
			       " ORDER BY interface_id LIMIT 1" },
	{ "security group", /* RULE_GROUP is the only peer whose value is the id of a group */
	  "SELECT group_id FROM security_rules WHERE value = ?1 AND group_id <> ?1"
	  " ORDER BY group_id LIMIT 1" },
};

int security_groups_delete(struct db *db, const char *id, struct sp_error *err)
{
	if (rows_check_unused(db, &group_kind, id, group_uses, SP_COUNT_OF(group_uses), err) != 0)
		return -1;
	return rows_delete(db, &group_kind, id, err);
}

int security_groups_list(struct db *db, const char *vpc_id, struct security_group **out,
			 size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &group_kind, "vpc_id", vpc_id, out, out_count, err);
}

void security_groups_free(struct security_group *groups, size_t count)
{
	rows_free(&group_kind, groups, count);
}
