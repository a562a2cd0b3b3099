#pragma once
/** Tests of connectors, and the host keys that they show. */

#include "cli/ask.h"

enum { HOST_KEY_FINGERPRINT_SIZE = 64 };

/** "SHA256:…" of a line "type base64", as ssh-keygen -l prints it. False when it is no such line. */
bool host_key_fingerprint(const char *line, char out[HOST_KEY_FINGERPRINT_SIZE]);

/** POST /v1/connectors/NAME/test; @name may be an id. What it found is @out's to tell, owned by the caller. */
int host_key_test(struct ask *ask, const char *name, json_t **out, struct sp_error *err);
bool host_key_test_is_ok(const json_t *test);

/** The connector trusts @keys (an array of lines) from now on. */
int host_key_trust(struct ask *ask, const char *connector_id, json_t *keys, struct sp_error *err);
