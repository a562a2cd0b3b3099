#pragma once
/** A connector with its secret, its name and the keys that it trusts: made as a whole, or not at all. */

#include "cli/ask.h"
#include "cli/names.h"

struct connector_plan {
	const char *name;          /* all borrowed; the connector's tag Name */
	const char *url;           /* NULL: it is private */
	const char *configuration; /* ARN of a resource configuration; NULL: it is not private */
	int64_t port;              /* of a private one; 0: not said */
	const char *secret_id;     /* one that is there … */
	const char *login;         /* … or the text of a new one; both NULL: without a login */
	const char *role, *policy; /* @policy NULL: the usual one */
	int64_t connections;       /* 0: the usual number */
	json_t *trusted_keys;      /* array; NULL or empty: none */
};

/** @out_id: the connector's. A name that a connector has already is SP_EXISTS. */
int connector_make(struct ask *ask, const struct connector_plan *plan,
		   char out_id[CONNECTOR_ID_ROOM], struct sp_error *err);

/**
 * Tests the connector, trusts the key that its server shows, and tests it again.
 * @out_test: the last test, owned by the caller. SP_CONFLICT when no server shows a key.
 */
int connector_learn(struct ask *ask, const char *connector_id, json_t **out_test,
		    struct sp_error *err);

/** --port, --connections: numbers within bounds; 0 when the option was not given. */
int connector_number(const struct run *run, enum option_id id, int64_t max, int64_t *out,
		     struct sp_error *err);

/** --trust and --known-hosts: the keys to trust, owned by the caller; NULL when neither was given. */
int connector_keys(const struct run *run, const char *url, json_t **out, struct sp_error *err);
