#include "daemon/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static_assert(sizeof(((struct sign_key *)NULL)->secret) > (size_t)ACCESS_KEY_SECRET_MAX,
	      "a key of the store must fit into the verifier's");
static_assert((int)SIGN_SESSION_SIZE >= (int)SESSION_SUBJECT_SIZE,
	      "who acts as a role must fit into the verifier's");
static_assert((int)SIGN_TOKEN_SIZE > (int)SESSION_TOKEN_MAX,
	      "a session token must fit into the verifier's");

struct search {
	const struct vault *vault;
	struct admin_key key;
};

static int find_or_draw(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	struct sp_error none = { 0 };
	if (access_keys_first(db, search->vault, search->key.id, search->key.secret, &none) == 0)
		return 0;
	if (none.code != SP_NOT_FOUND)
		return sp_fail(err, none.code, "%s", none.message);
	access_keys_draw(ACCESS_KEY_LASTING, search->key.id, search->key.secret);
	return access_keys_insert(db, search->vault, NULL, search->key.id, search->key.secret, err);
}

int keys_open_admin(struct keys *keys, struct admin_key *out, struct sp_error *err)
{
	struct search search = { .vault = keys->vault };
	int result = store_write(keys->store, find_or_draw, &search, err);
	if (result == 0)
		*out = search.key;
	explicit_bzero(&search, sizeof(search));
	return result == 0 ? 0 : sp_wrap(err, "could not open the administrator's access key");
}

static int find_by_id(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	return access_keys_find(db, search->vault, search->key.id, search->key.secret, err);
}

static enum sign_verdict find_lasting(struct keys *keys, const char *id, struct sign_key *out)
{
	struct search search = { .vault = keys->vault };
	size_t length = strlen(id);
	if (length > ACCESS_KEY_ID_MAX)
		return SIGN_UNKNOWN_KEY;
	memcpy(search.key.id, id, length + 1);

	struct sp_error err = { 0 };
	bool found = store_read(keys->store, find_by_id, &search, &err) == 0;
	if (found) {
		snprintf(out->id, sizeof(out->id), "%s", search.key.id);
		snprintf(out->secret, sizeof(out->secret), "%s", search.key.secret);
	} else if (err.code != SP_NOT_FOUND)
		sp_log(SP_LOG_ERROR, "could not look up an access key: %s", err.message);
	explicit_bzero(&search, sizeof(search));
	return found ? SIGN_GOOD : SIGN_UNKNOWN_KEY;
}

/* Whether its role is still there is asked when it is asked what that may. */
static enum sign_verdict find_session(const struct keys *keys, const char *id, const char *token,
				      int64_t now_ms, struct sign_key *out)
{
	struct session session;
	struct sp_error err = { 0 };
	if (session_read(keys->vault, id, token, &session, &err) != 0)
		return SIGN_BAD_TOKEN;
	bool is_old = session.expires_ms <= now_ms;
	snprintf(out->id, sizeof(out->id), "%s", id);
	snprintf(out->secret, sizeof(out->secret), "%s", session.secret);
	session_subject(&session, out->session);
	out->session_issued_ms = session.issued_ms;
	explicit_bzero(&session, sizeof(session));
	return is_old ? SIGN_OLD_TOKEN : SIGN_GOOD;
}

enum sign_verdict keys_find(void *ctx, const char *id, const char *token, int64_t now_ms,
			    struct sign_key *out)
{
	return token == NULL ? find_lasting(ctx, id, out)
			     : find_session(ctx, id, token, now_ms, out);
}

static struct asker asker_of(const struct sign_identity *who)
{
	return (struct asker){ who->access_key_id, who->session, who->session_issued_ms };
}

bool keys_is_owner(void *ctx, const struct sign_identity *who)
{
	const struct keys *keys = ctx;
	const struct asker asker = asker_of(who);
	return identities_is_owner(keys->identities, &asker, who->service, who->region);
}

int keys_check(void *ctx, const struct sign_identity *who, struct access_request *request,
	       struct sp_buffer *refusal, struct sp_error *err)
{
	const struct keys *keys = ctx;
	const struct asker asker = asker_of(who);
	return identities_check(keys->identities, &asker, request, refusal, err);
}
