#pragma once
/** The secret of a connector: a JSON object with Username and Password and/or PrivateKey (AWS Transfer Family user guide). Pure. */

#include "base/error.h"

enum {
	CREDENTIAL_USER_MAX = 100,
	CREDENTIAL_PASSWORD_MAX = 1024,
	CREDENTIAL_KEY_MAX = 8192 /* characters */
};

struct credentials {
	char *user;
	char *password;    /* NULL when none */
	char *private_key; /* NULL when none */
};

/** SP_INVALID says what is wrong with the secret, and never what is in it. */
int credentials_parse(const char *secret, struct credentials *out, struct sp_error *err);

/** Wipes. */
void credentials_finish(struct credentials *credentials);
