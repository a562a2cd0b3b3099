#pragma once
/** Within identity/: one user's or role's policies, read out of the store and ready to be asked. */

#include <stdatomic.h>

#include "access/policy.h"
#include "model/principal.h"
#include "store/store.h"

/** Never changes once it was read; held by whoever looks at it. */
struct grants {
	atomic_int holders;
	atomic_int_least64_t
		noted_ms; /* keys: when its use was kept last (monotonic); 0: not yet */
	bool is_owner;
	struct principal principal;      /* empty for the owner */
	char *arn;                       /* owned */
	struct access_policy *trust;     /* roles; NULL: none */
	struct access_policy **policies; /* owned */
	size_t count;
};

void grants_release(struct grants *grants); /* NULL is fine */

/** Where it is read. */
struct grants_place {
	struct store *store;
	struct db *db; /* inside a closure of the store: with this one; else NULL */
	const char *account;
};

/** What @key_id may: SP_NOT_FOUND when there is no such key, or it is not active. One holder. */
int grants_read_key(const struct grants_place *place, const char *key_id, struct grants **out,
		    struct sp_error *err);

/** What the role may. SP_NOT_FOUND. */
int grants_read_role(const struct grants_place *place, const char *arn, struct grants **out,
		     struct sp_error *err);

/** The same by the role's id: one for all of its sessions. SP_NOT_FOUND when it is gone. One holder. */
int grants_read_role_id(const struct grants_place *place, const char *id, struct grants **out,
			struct sp_error *err);
