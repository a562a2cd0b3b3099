#pragma once
/** Security groups and their rules as they are kept. Lists: ascending ids; arrays owned by the caller, each entry to finish. */

#include "db/db.h"
#include "model/network.h"

enum { SECURITY_GROUPS_MAX = 4000 /* in all */ };

/** SP_EXISTS: the VPC has a group of this name. */
int security_groups_insert(struct db *db, const struct security_group *group, struct sp_error *err);
int security_groups_find(struct db *db, const char *id, struct security_group *out,
			 struct sp_error *err);
/** With its rules. SP_EXISTS while a gateway, a network interface or another group's rule names it. */
int security_groups_delete(struct db *db, const char *id, struct sp_error *err);
/** @vpc_id NULL: of all. */
int security_groups_list(struct db *db, const char *vpc_id, struct security_group **out,
			 size_t *out_count, struct sp_error *err);
void security_groups_free(struct security_group *groups, size_t count); /* NULL is fine */

/** SP_EXISTS: the group has such a rule (description apart). SP_LIMIT past GROUP_RULES_MAX each way. */
int security_rules_insert(struct db *db, const struct security_rule *rule, struct sp_error *err);
/** SP_NOT_FOUND. */
int security_rules_find(struct db *db, const char *id, struct security_rule *out,
			struct sp_error *err);
int security_rules_delete(struct db *db, const char *id, struct sp_error *err);
/** @group_id NULL: of all. Both ways. */
int security_rules_list(struct db *db, const char *group_id, struct security_rule **out,
			size_t *out_count, struct sp_error *err);
void security_rules_free(struct security_rule *rules, size_t count); /* NULL is fine */
