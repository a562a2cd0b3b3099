#pragma once
/** Who may ask: the access keys in the store; and the first of them, the administrator's. */

#include "access/verdict.h"
#include "identity/identities.h"
#include "sign/verify.h"
#include "store/access_keys.h"
#include "store/store.h"
#include "store/vault.h"

/** What sign_keys.find needs; kept by the server. */
struct keys {
	struct store *store;
	const struct vault *vault;
	struct identities *identities;
};

/** For sign_keys: looks into the store, or into the session token. Any thread but the loop's. */
enum sign_verdict keys_find(void *ctx, const char *id, const char *token, int64_t now_ms,
			    struct sign_key *out);

/** For api_guard. */
bool keys_is_owner(void *ctx, const struct sign_identity *who);
int keys_check(void *ctx, const struct sign_identity *who, struct access_request *request,
	       struct sp_buffer *refusal, struct sp_error *err);

struct admin_key {
	char id[ACCESS_KEY_ID_MAX + 1];
	char secret[ACCESS_KEY_SECRET_MAX + 1]; /* wipe after use */
};

/** The one that was drawn at the first start, which may be now. */
int keys_open_admin(struct keys *keys, struct admin_key *out, struct sp_error *err);
