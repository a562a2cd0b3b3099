#pragma once
/** The secret of a connector: a JSON object with Username and Password and/or PrivateKey (AWS Transfer Family user guide). Pure. */

#include "base/error.h"
#include "model/connector.h"

enum {
	CREDENTIAL_USER_MAX = 100,
	CREDENTIAL_PASSWORD_MAX = 1024,
	CREDENTIAL_KEY_MAX = 8192 /* characters */
};

struct login {
	char *password;    /* NULL when none */
	char *private_key; /* NULL when none */
};

/** What one version of the secret says, or several for the same user: tried in their order. */
struct credentials {
	char *user;
	struct login logins[CONNECTOR_STAGES_MAX];
	size_t login_count;
};

/** SP_INVALID says what is wrong with the secret, and never what is in it. */
int credentials_parse(const char *secret, struct credentials *out, struct sp_error *err);

/**
 * Puts what @next says, which is taken, behind what is there; the same once more is left out.
 * SP_INVALID when it is for another user: one connection is for one.
 */
int credentials_add(struct credentials *credentials, struct credentials *next,
		    struct sp_error *err);

/** Wipes. */
void credentials_finish(struct credentials *credentials);
