#include "identity/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/secret.h"

/* What is sealed, words with spaces between them: when it was issued and expires, the role's id, the name, the secret. */
enum { PLAIN_MAX = 512 };
#define PLAIN_FORMAT "%" PRId64 " %" PRId64 " %s %s %s"
#define PLAIN_SCAN   "%" SCNd64 " %" SCNd64 " %21s %64s %128s"

void session_subject(const struct session *session, char out[SESSION_SUBJECT_SIZE])
{
	snprintf(out, SESSION_SUBJECT_SIZE, "%s:%s", session->role_id, session->name);
}

/* What the token is bound to. */
static char *place_of(const char *key_id)
{
	SP_AUTO_BUFFER place = { 0 };
	sp_buffer_format(&place, "session|%s", key_id);
	return sp_buffer_take(&place);
}

int session_begin(const struct vault *vault, struct session *session, char **out_token,
		  struct sp_error *err)
{
	access_keys_draw(ACCESS_KEY_OF_SESSION, session->key_id, session->secret);
	char plain[PLAIN_MAX];
	snprintf(plain, sizeof(plain), PLAIN_FORMAT, session->issued_ms, session->expires_ms,
		 session->role_id, session->name, session->secret);
	SP_AUTO_FREE char *place = place_of(session->key_id);
	SP_AUTO_FREE void *sealed = NULL;
	size_t length;
	int result = vault_seal(vault, place, plain, strlen(plain), &sealed, &length, err);
	explicit_bzero(plain, sizeof(plain));
	if (result != 0)
		return sp_wrap(err, "could not seal a session token");
	*out_token = sp_base64_encode(sealed, length);
	return 0;
}

static int no_token(struct sp_error *err)
{
	return sp_fail(err, SP_DENIED, "the session token is not one of this access key");
}

int session_read(const struct vault *vault, const char *key_id, const char *token,
		 struct session *out, struct sp_error *err)
{
	unsigned char sealed[SESSION_TOKEN_MAX];
	size_t sealed_length, length, token_length = strlen(token);
	if (strlen(key_id) > ACCESS_KEY_ID_MAX || token_length > SESSION_TOKEN_MAX ||
	    !sp_base64_decode(token, token_length, sealed, &sealed_length))
		return no_token(err);
	SP_AUTO_FREE char *place = place_of(key_id);
	SP_AUTO_SECRET char *plain = NULL;
	if (vault_unseal(vault, place, sealed, sealed_length, &plain, &length, err) != 0)
		return err->code == SP_DENIED ? no_token(err) : -1;
	*out = (struct session){ 0 };
	memcpy(out->key_id, key_id, strlen(key_id) + 1);
	return sscanf(plain, PLAIN_SCAN, &out->issued_ms, &out->expires_ms, out->role_id, out->name,
		      out->secret) == 5
		       ? 0
		       : no_token(err);
}
