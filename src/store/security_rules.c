#include "store/rows.h"
#include "store/security_groups.h"

static int read_rule(struct db *db, struct db_rows *rows, void *out, struct sp_error *err)
{
	(void)db;
	(void)err;
	struct security_rule *rule = out;
	*rule = (struct security_rule){ .egress = db_rows_integer(rows, 2) != 0,
					.protocol = (int)db_rows_integer(rows, 3),
					.from_port = (int)db_rows_integer(rows, 4),
					.to_port = (int)db_rows_integer(rows, 5),
					.peer = (enum rule_peer)db_rows_integer(rows, 6),
					.value = db_rows_copy_text(rows, 7),
					.description = db_rows_copy_text(rows, 8) };
	rows_copy(rows, 0, rule->id, sizeof(rule->id));
	rows_copy(rows, 1, rule->group_id, sizeof(rule->group_id));
	return 0;
}

static void finish_rule(void *entry)
{
	security_rule_finish(entry);
}

static const struct row_kind rule_kind = {
	.name = "security group rule",
	.table = "security_rules",
	.columns = "id, group_id, egress, protocol, from_port, to_port, peer, value, description",
	.size = sizeof(struct security_rule),
	.read = read_rule,
	.finish = finish_rule,
};

static const char *direction(const struct security_rule *rule)
{
	return rule->egress ? "outbound" : "inbound";
}

static int check_room(struct db *db, const struct security_rule *rule, struct sp_error *err)
{
	int64_t count;
	if (rows_count(db,
		       rule->egress ? "SELECT COUNT(*) FROM security_rules"
				      " WHERE group_id = ?1 AND egress = 1"
				    : "SELECT COUNT(*) FROM security_rules"
				      " WHERE group_id = ?1 AND egress = 0",
		       rule->group_id, &count, err) != 0)
		return -1;
	if (count >= GROUP_RULES_MAX)
		return sp_fail(err, SP_LIMIT,
			       "the security group \"%s\" has %d %s rules already: there cannot "
			       "be more",
			       rule->group_id, GROUP_RULES_MAX, direction(rule));
	return 0;
}

int security_rules_insert(struct db *db, const struct security_rule *rule, struct sp_error *err)
{
	if (check_room(db, rule, err) != 0)
		return -1;
	if (db_run(db, err,
		   "INSERT INTO security_rules (id, group_id, egress, protocol, from_port,"
		   " to_port, peer, value, description)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		   "ssiiiiiss", rule->id, rule->group_id, (int64_t)rule->egress,
		   (int64_t)rule->protocol, (int64_t)rule->from_port, (int64_t)rule->to_port,
		   (int64_t)rule->peer, rule->value, rule->description) == 0)
		return 0;
	if (err->code == SP_EXISTS)
		return sp_fail(err, SP_EXISTS,
			       "the security group \"%s\" has this %s rule for \"%s\" already",
			       rule->group_id, direction(rule), rule->value);
	return sp_wrap(err, "could not keep a rule of the security group \"%s\"", rule->group_id);
}

int security_rules_find(struct db *db, const char *id, struct security_rule *out,
			struct sp_error *err)
{
	return rows_find(db, &rule_kind, id, out, err);
}

int security_rules_delete(struct db *db, const char *id, struct sp_error *err)
{
	return rows_delete(db, &rule_kind, id, err);
}

int security_rules_list(struct db *db, const char *group_id, struct security_rule **out,
			size_t *out_count, struct sp_error *err)
{
	return rows_list(db, &rule_kind, "group_id", group_id, out, out_count, err);
}

void security_rules_free(struct security_rule *rules, size_t count)
{
	rows_free(&rule_kind, rules, count);
}
