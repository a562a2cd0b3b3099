#include "store/managed_policies.h"

#include <inttypes.h>
#include <stdlib.h>

#include "store/rows.h"

#define COLUMNS                                                                                    \
	"arn, id, name, path, description, created_ms, updated_ms, default_version, last_version," \
	" (SELECT COUNT(*) FROM policy_attachments a WHERE a.policy_arn = managed_policies.arn)"

void managed_policy_finish(struct managed_policy *policy)
{
	free(policy->description);
	*policy = (struct managed_policy){ 0 };
}

static void read_policy(struct db_rows *rows, struct managed_policy *out)
{
	*out = (struct managed_policy){
		.description = db_rows_copy_text(rows, 4),
		.created_ms = db_rows_integer(rows, 5),
		.updated_ms = db_rows_integer(rows, 6),
		.default_version = db_rows_integer(rows, 7),
		.last_version = db_rows_integer(rows, 8),
		.attachments = db_rows_integer(rows, 9),
	};
	rows_copy(rows, 0, out->arn, sizeof(out->arn));
	rows_copy(rows, 1, out->id, sizeof(out->id));
	rows_copy(rows, 2, out->name, sizeof(out->name));
	rows_copy(rows, 3, out->path, sizeof(out->path));
}

static int no_policy(const char *arn, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND, "Policy %s was not found.", arn);
}

int managed_policies_insert(struct db *db, const struct managed_policy *policy,
			    const char *document, struct sp_error *err)
{
	int64_t count;
	if (rows_count(db, "SELECT COUNT(*) FROM managed_policies", NULL, &count, err) != 0)
		return -1;
	if (count >= MANAGED_POLICIES_MAX)
		return sp_fail(err, SP_LIMIT, "Cannot exceed quota for PoliciesPerAccount: %d",
			       MANAGED_POLICIES_MAX);
	if (db_run(db, err,
		   "INSERT INTO managed_policies (arn, id, name, path, description, created_ms,"
		   " updated_ms, default_version, last_version)"
		   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		   "sssssiiii", policy->arn, policy->id, policy->name, policy->path,
		   policy->description, policy->created_ms, policy->updated_ms,
		   policy->default_version, policy->last_version) != 0)
		return err->code != SP_EXISTS
			       ? -1
			       : sp_fail(err, SP_EXISTS,
					 "A policy called %s already exists. Duplicate names are "
					 "not allowed.",
					 policy->name);
	const struct policy_version version = { .number = policy->default_version,
						.created_ms = policy->created_ms,
						.document = (char *)document };
	return policy_versions_insert(db, policy->arn, &version, err);
}

int managed_policies_find(struct db *db, const char *arn, struct managed_policy *out,
			  struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err, "SELECT " COLUMNS " FROM managed_policies WHERE arn = ?1", "s",
		     arn) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return no_policy(arn, err);
	if (got == 1)
		read_policy(rows, out);
	return got < 0 ? -1 : 0;
}

int managed_policies_update(struct db *db, const struct managed_policy *policy,
			    struct sp_error *err)
{
	return db_run(db, err,
		      "UPDATE managed_policies SET default_version = ?2, last_version = ?3,"
		      " updated_ms = ?4 WHERE arn = ?1",
		      "siii", policy->arn, policy->default_version, policy->last_version,
		      policy->updated_ms);
}

int managed_policies_delete(struct db *db, const char *arn, struct sp_error *err)
{
	return db_run(db, err, "DELETE FROM managed_policies WHERE arn = ?1", "s", arn);
}

int managed_policies_each(struct db *db, const char *after, managed_policies_fn *fn, void *ctx,
			  struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT " COLUMNS " FROM managed_policies WHERE arn > ?1 ORDER BY arn", "s",
		     after == NULL ? "" : after) != 0)
		return -1;
	int got = 0, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) == 1) {
		struct managed_policy policy;
		read_policy(rows, &policy);
		result = fn(ctx, &policy, err);
		managed_policy_finish(&policy);
	}
	return result < 0 || got < 0 ? -1 : 0;
}

/* ---- versions ------------------------------------------------------------------------------------------------------- */

int policy_versions_insert(struct db *db, const char *arn, const struct policy_version *version,
			   struct sp_error *err)
{
	return db_run(db, err,
		      "INSERT INTO policy_versions (policy_arn, number, created_ms, document)"
		      " VALUES (?1, ?2, ?3, ?4)",
		      "siis", arn, version->number, version->created_ms, version->document);
}

static int no_version(const char *arn, int64_t number, struct sp_error *err)
{
	return sp_fail(err, SP_NOT_FOUND,
		       "Policy %s version v%" PRId64 " does not exist or is not attachable.", arn,
		       number);
}

int policy_versions_find(struct db *db, const char *arn, int64_t number, struct policy_version *out,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT created_ms, document FROM policy_versions"
		     " WHERE policy_arn = ?1 AND number = ?2",
		     "si", arn, number) != 0)
		return -1;
	int got = db_rows_next(rows, err);
	if (got == 0)
		return no_version(arn, number, err);
	if (got == 1)
		*out = (struct policy_version){ number, db_rows_integer(rows, 0),
						db_rows_copy_text(rows, 1) };
	return got < 0 ? -1 : 0;
}

int policy_versions_delete(struct db *db, const char *arn, int64_t number, struct sp_error *err)
{
	if (db_run(db, err, "DELETE FROM policy_versions WHERE policy_arn = ?1 AND number = ?2",
		   "si", arn, number) != 0)
		return -1;
	return db_changes(db) == 0 ? no_version(arn, number, err) : 0;
}

int policy_versions_each(struct db *db, const char *arn, policy_versions_fn *fn, void *ctx,
			 struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT number, created_ms, document FROM policy_versions"
		     " WHERE policy_arn = ?1 ORDER BY number DESC",
		     "s", arn) != 0)
		return -1;
	int got = 0, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) == 1) {
		struct policy_version version = { db_rows_integer(rows, 0),
						  db_rows_integer(rows, 1),
						  db_rows_copy_text(rows, 2) };
		result = fn(ctx, &version, err);
		free(version.document);
	}
	return result < 0 || got < 0 ? -1 : 0;
}

/* ---- attachments ---------------------------------------------------------------------------------------------------- */

int attachments_insert(struct db *db, const char *principal_id, const char *arn,
		       struct sp_error *err)
{
	int64_t count;
	if (db_run(db, err,
		   "INSERT INTO policy_attachments (principal_id, policy_arn) VALUES (?1, ?2)"
		   " ON CONFLICT (principal_id, policy_arn) DO NOTHING",
		   "ss", principal_id, arn) != 0 ||
	    rows_count(db, "SELECT COUNT(*) FROM policy_attachments WHERE principal_id = ?1",
		       principal_id, &count, err) != 0)
		return -1;
	if (count > ATTACHMENTS_MAX)
		return sp_fail(err, SP_LIMIT, "Cannot exceed quota for attached policies: %d",
			       ATTACHMENTS_MAX);
	return 0;
}

int attachments_delete(struct db *db, const char *principal_id, const char *arn,
		       struct sp_error *err)
{
	if (db_run(db, err,
		   "DELETE FROM policy_attachments WHERE principal_id = ?1 AND policy_arn = ?2",
		   "ss", principal_id, arn) != 0)
		return -1;
	return db_changes(db) == 0 ? no_policy(arn, err) : 0;
}

int attachments_each(struct db *db, const char *principal_id, policies_fn *fn, void *ctx,
		     struct sp_error *err)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	if (db_query(db, &rows, err,
		     "SELECT a.policy_arn, v.document FROM policy_attachments a"
		     " LEFT JOIN managed_policies p ON p.arn = a.policy_arn"
		     " LEFT JOIN policy_versions v ON v.policy_arn = p.arn"
		     " AND v.number = p.default_version"
		     " WHERE a.principal_id = ?1 ORDER BY a.policy_arn",
		     "s", principal_id) != 0)
		return -1;
	int got = 0, result = 0;
	while (result == 0 && (got = db_rows_next(rows, err)) == 1)
		result = fn(ctx, db_rows_text(rows, 0), db_rows_text(rows, 1), err);
	return result < 0 || got < 0 ? -1 : 0;
}
