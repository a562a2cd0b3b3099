#include "identity/grants.h"

#include <string.h>

#include "base/arn.h"
#include "base/scope.h"
#include "base/text.h"
#include "identity/aws_policies.h"
#include "store/access_keys.h"
#include "store/managed_policies.h"
#include "store/principals.h"

/* What is read, in one snapshot. */
struct reading {
	const char *account, *key; /* an access key's id, or a role's ARN or id */
	struct grants *grants;
};

static int add_policy(struct grants *grants, const char *document, struct sp_error *err)
{
	struct access_policy *policy;
	if (access_policy_read(ACCESS_IDENTITY, document, &policy, err) != 0)
		return -1;
	grants->policies =
		sp_realloc(grants->policies, (grants->count + 1) * sizeof(struct access_policy *));
	grants->policies[grants->count++] = policy;
	return 0;
}

/* A policy that cannot be read might have been a denial: then nobody knows what may be done. */
static int take_policy(void *ctx, const char *name, const char *document, struct sp_error *err)
{
	if (document == NULL)
		document = aws_policy_document(name);
	if (document == NULL)
		return sp_fail(err, SP_INTERNAL, "there is no policy \"%s\"", name);
	if (add_policy(ctx, document, err) == 0)
		return 0;
	err->code = SP_INTERNAL;
	return sp_wrap(err, "could not read the policy \"%s\"", name);
}

static int read_policies(struct db *db, struct reading *reading, struct sp_error *err)
{
	struct grants *grants = reading->grants;
	const struct principal *principal = &grants->principal;
	grants->arn = principal_arn(principal, reading->account);
	if (principal->trust != NULL &&
	    access_policy_read(ACCESS_TRUST, principal->trust, &grants->trust, err) != 0) {
		err->code = SP_INTERNAL;
		return sp_wrap(err, "could not read the trust policy of \"%s\"", grants->arn);
	}
	if (inline_policies_each(db, principal->id, take_policy, grants, err) != 0)
		return -1;
	return attachments_each(db, principal->id, take_policy, grants, err);
}

static int read_key(struct db *db, void *ctx, struct sp_error *err)
{
	struct reading *reading = ctx;
	struct grants *grants = reading->grants;
	struct access_key key;
	if (access_keys_describe(db, reading->key, &key, err) != 0)
		return -1;
	if (!key.is_active)
		return sp_fail(err, SP_NOT_FOUND, "the access key \"%s\" is not active", key.id);
	grants->is_owner = key.owner[0] == '\0';
	if (grants->is_owner) {
		grants->arn = sp_arn_format("iam", "", reading->account, "root");
		return 0;
	}
	if (principals_find_id(db, key.owner, &grants->principal, err) != 0)
		return -1;
	return read_policies(db, reading, err);
}

static int read_role_id(struct db *db, void *ctx, struct sp_error *err)
{
	struct reading *reading = ctx;
	return principals_find_id(db, reading->key, &reading->grants->principal, err) != 0
		       ? -1
		       : read_policies(db, reading, err);
}

static int read_role(struct db *db, void *ctx, struct sp_error *err)
{
	struct reading *reading = ctx;
	const char *slash = strrchr(reading->key, '/');
	struct sp_error why = { 0 };
	if (slash == NULL || principals_find(db, PRINCIPAL_ROLE, slash + 1,
					     &reading->grants->principal, &why) != 0) {
		if (slash != NULL && why.code != SP_NOT_FOUND)
			return sp_fail(err, why.code, "%s", why.message);
		return sp_fail(err, SP_NOT_FOUND, "there is no role \"%s\"", reading->key);
	}
	if (read_policies(db, reading, err) != 0)
		return -1;
	/* The path and the account are part of a role's name, too. */
	if (strcmp(reading->grants->arn, reading->key) != 0)
		return sp_fail(err, SP_NOT_FOUND, "there is no role \"%s\" (\"%s\" is one)",
			       reading->key, reading->grants->arn);
	return 0;
}

void grants_release(struct grants *grants)
{
	if (grants == NULL || atomic_fetch_sub(&grants->holders, 1) != 1)
		return;
	for (size_t i = 0; i < grants->count; i++)
		access_policy_destroy(grants->policies[i]);
	free(grants->policies);
	access_policy_destroy(grants->trust);
	principal_finish(&grants->principal);
	free(grants->arn);
	free(grants);
}

static int read_grants(const struct grants_place *place, store_fn *fn, const char *key,
		       struct grants **out, struct sp_error *err)
{
	struct reading reading = { place->account, key, sp_alloc(sizeof(*reading.grants)) };
	atomic_init(&reading.grants->holders, 1);
	int result = place->db != NULL ? fn(place->db, &reading, err)
				       : store_read(place->store, fn, &reading, err);
	if (result != 0) {
		grants_release(reading.grants);
		return -1;
	}
	*out = reading.grants;
	return 0;
}

int grants_read_key(const struct grants_place *place, const char *key_id, struct grants **out,
		    struct sp_error *err)
{
	return read_grants(place, read_key, key_id, out, err);
}

int grants_read_role(const struct grants_place *place, const char *arn, struct grants **out,
		     struct sp_error *err)
{
	return read_grants(place, read_role, arn, out, err);
}

int grants_read_role_id(const struct grants_place *place, const char *id, struct grants **out,
			struct sp_error *err)
{
	return read_grants(place, read_role_id, id, out, err);
}
