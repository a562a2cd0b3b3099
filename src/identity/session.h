#pragma once
/**
 * Temporary credentials: somebody acts as a role for a while. Nothing of them is kept: a session is what its token says, which
 * is sealed with the master key and bound to its key id. So it outlives restarts, costs no row, and ends by itself; whoever
 * wants one to end earlier deletes the role, or denies what aws:TokenIssueTime is too early for. Pure.
 */

#include "model/principal.h"
#include "store/access_keys.h"
#include "store/vault.h"

enum {
	SESSION_NAME_SIZE = 65,
	SESSION_SECONDS_MIN = 900,
	SESSION_SECONDS_DEFAULT = 3600,
	SESSION_SECONDS_MAX = 43200,
	SESSION_CHAINED_SECONDS_MAX = 3600, /* of a role taken on in a session */
	SESSION_SUBJECT_SIZE = PRINCIPAL_ID_SIZE + SESSION_NAME_SIZE,
	SESSION_TOKEN_MAX = 1024, /* characters */
};

struct session {
	char key_id[ACCESS_KEY_ID_MAX + 1];     /* "ASIA…" */
	char secret[ACCESS_KEY_SECRET_MAX + 1]; /* wipe after use */
	char role_id[PRINCIPAL_ID_SIZE];
	char name[SESSION_NAME_SIZE];
	int64_t issued_ms, expires_ms;
};

/** Who it is, in one word, as aws:userid has it: "AROA…:name". */
void session_subject(const struct session *session, char out[SESSION_SUBJECT_SIZE]);

/** The session's id and secret are drawn; the rest is given. @out_token is owned by the caller. */
int session_begin(const struct vault *vault, struct session *session, char **out_token,
		  struct sp_error *err);

/** SP_DENIED when the token was not given out by us together with this key id. It may have expired. */
int session_read(const struct vault *vault, const char *key_id, const char *token,
		 struct session *out, struct sp_error *err);
