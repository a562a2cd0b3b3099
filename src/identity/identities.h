#pragma once
/**
 * Who asks, and what they may: access keys, users and roles out of the store, with their policies ready to be asked. What
 * was read once is kept until identities_changed(), so that a check costs no look into the store. Any thread but the loop's,
 * unless it says otherwise.
 */

#include "access/policy.h"
#include "identity/session.h"
#include "model/principal.h"
#include "store/store.h"

struct identities;

struct identities_options {
	const char *account; /* kept */
	const char *
		builtin_role; /* kept: the ARN of the role that may do everything, and that every connector may have */
};

enum { IDENTITIES_KEPT_MAX = 1024 };

int identities_open(struct store *store, const struct identities_options *options,
		    struct identities **out, struct sp_error *err);
void identities_close(struct identities *identities); /* NULL is fine */

/** Any thread, after a commit that changed a key, a user, a role or a policy, and before its answer. */
void identities_changed(struct identities *identities);

/* ---- who asks ---- */

/** Whose signature it was. Borrowed. */
struct asker {
	const char *key_id;
	const char *session; /* session_subject(); "": none, it was an access key */
	int64_t session_issued_ms;
};

struct identity {
	bool is_owner; /* of the account: its own key. The members below are empty then, but for the ARN */
	char id[SESSION_SUBJECT_SIZE];  /* "AIDA…"; of a session its subject */
	char name[PRINCIPAL_NAME_SIZE]; /* of users only */
	char *arn;                      /* owned */
};

void identity_finish(struct identity *identity);

/** Whether it was the account's own key, so that everything may be done with it. Notes now and then that it was used, and for what. */
bool identities_is_owner(struct identities *identities, const struct asker *asker,
			 const char *service, const char *region);

/** SP_NOT_FOUND: there is no such key, or it is not active; or the session's role is gone. */
int identities_who(struct identities *identities, const struct asker *asker, struct identity *out,
		   struct sp_error *err);

/**
 * Whether who asks may do it: 0, or -1 with SP_DENIED and AWS's sentence in @refusal, or with why it could not be
 * found out. Adds who asks to the request's facts, for the time of the call; a request without a resource is about them.
 */
int identities_check(struct identities *identities, const struct asker *asker,
		     struct access_request *request, struct sp_buffer *refusal,
		     struct sp_error *err);

struct taken_role {
	char id[PRINCIPAL_ID_SIZE], name[PRINCIPAL_NAME_SIZE];
	int64_t max_session_s;
};

/**
 * Whether who asks may take on the role that the request, sts:AssumeRole, has as its resource: its trust policy must let them
 * in, and their own policies must allow it unless that names them. 0 with the role, or -1 as identities_check(): a role that is not there is refused like one that does not trust.
 */
int identities_take_on(struct identities *identities, const struct asker *asker,
		       struct access_request *request, struct taken_role *out,
		       struct sp_buffer *refusal, struct sp_error *err);

/* ---- what a service may do with a role ---- */

/** Somebody's errand: a service that takes on a role. All borrowed. */
struct errand {
	const char *role;          /* ARN */
	const char *service;       /* "transfer.amazonaws.com" */
	const char *source;        /* ARN of what it is done for: a connector's */
	const char *version_stage; /* of a secret that it reads; NULL: it reads none */
};

/** Whether the service may take on the role. SP_NOT_FOUND: there is none. SP_DENIED: it does not trust the service. */
int identities_assume(struct identities *identities, const struct errand *errand,
		      struct sp_error *err);

/** The same, and whether the role may do @action on @resource (SP_DENIED). A new role or policy holds at once. */
int identities_role_may(struct identities *identities, const struct errand *errand,
			const char *action, const char *resource, struct sp_error *err);

/** The same inside a closure of the store, whose @db is read when nothing is kept of the role. Any thread that the closure may run on. */
int identities_role_may_within(struct identities *identities, struct db *db,
			       const struct errand *errand, const char *action,
			       const char *resource, struct sp_error *err);
