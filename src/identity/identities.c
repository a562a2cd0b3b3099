#include "identity/identities.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "identity/grants.h"
#include "store/access_keys.h"

enum { BUCKETS = 256, USE_NOTED_MS = 60 * 1000 };

/* Something that was read: by an access key's id or a role's ARN. */
struct kept {
	struct kept *next;
	char *key;
	uint64_t generation; /* of all that is kept, when the reading began */
	struct grants *grants;
};

struct identities {
	struct store *store;
	struct identities_options options;
	atomic_uint_fast64_t generation; /* of what the store has */
	pthread_mutex_t lock;            /* of what follows */
	struct kept *buckets[BUCKETS];
	size_t count;
};

typedef int read_fn(const struct grants_place *place, const char *key, struct grants **out,
		    struct sp_error *err);

int identities_open(struct store *store, const struct identities_options *options,
		    struct identities **out, struct sp_error *err)
{
	(void)err;
	struct identities *identities = sp_alloc(sizeof(*identities));
	identities->store = store;
	identities->options = *options;
	atomic_init(&identities->generation, 1);
	pthread_mutex_init(&identities->lock, NULL);
	*out = identities;
	return 0;
}

void identities_changed(struct identities *identities)
{
	atomic_fetch_add(&identities->generation, 1);
}

/* ---- what is kept --------------------------------------------------------------------------------------------------- */

static size_t bucket_of(const char *key)
{
	size_t hash = 5381;
	for (; *key != '\0'; key++)
		hash = hash * 33 + (unsigned char)*key;
	return hash % BUCKETS;
}

static void forget_all(struct identities *identities)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct kept *kept;
		while ((kept = identities->buckets[i]) != NULL) {
			identities->buckets[i] = kept->next;
			grants_release(kept->grants);
			free(kept->key);
			free(kept);
		}
	}
	identities->count = 0;
}

static struct kept *find_kept(struct identities *identities, const char *key)
{
	struct kept *kept = identities->buckets[bucket_of(key)];
	while (kept != NULL && strcmp(kept->key, key) != 0)
		kept = kept->next;
	return kept;
}

/* Held for the caller; NULL when there is none that still holds. */
static struct grants *hold_kept(struct identities *identities, const char *key)
{
	struct grants *grants = NULL;
	pthread_mutex_lock(&identities->lock);
	const struct kept *kept = find_kept(identities, key);
	if (kept != NULL && kept->generation == atomic_load(&identities->generation)) {
		grants = kept->grants;
		atomic_fetch_add(&grants->holders, 1);
	}
	pthread_mutex_unlock(&identities->lock);
	return grants;
}

/* @generation was read before the store was: what was changed meanwhile is read again. */
static void keep(struct identities *identities, const char *key, uint64_t generation,
		 struct grants *grants)
{
	atomic_fetch_add(&grants->holders, 1);
	pthread_mutex_lock(&identities->lock);
	struct kept *kept = find_kept(identities, key);
	if (kept == NULL) {
		if (identities->count == IDENTITIES_KEPT_MAX)
			forget_all(identities);
		kept = sp_alloc(sizeof(*kept));
		kept->key = sp_strdup(key);
		kept->next = identities->buckets[bucket_of(key)];
		identities->buckets[bucket_of(key)] = kept;
		identities->count++;
	}
	grants_release(kept->grants);
	kept->grants = grants;
	kept->generation = generation;
	pthread_mutex_unlock(&identities->lock);
}

void identities_close(struct identities *identities)
{
	if (identities == NULL)
		return;
	forget_all(identities);
	pthread_mutex_destroy(&identities->lock);
	free(identities);
}

/* @db: inside a closure of the store, its; else NULL. */
static int hold(struct identities *identities, struct db *db, read_fn *read, const char *key,
		struct grants **out, struct sp_error *err)
{
	const struct grants_place place = { identities->store, db, identities->options.account };
	*out = hold_kept(identities, key);
	if (*out != NULL)
		return 0;
	uint64_t generation = atomic_load(&identities->generation);
	if (read(&place, key, out, err) != 0)
		return -1;
	keep(identities, key, generation, *out);
	return 0;
}

static void let_go(struct grants **grants)
{
	grants_release(*grants);
}

#define AUTO_GRANTS __attribute__((cleanup(let_go))) struct grants

/* ---- who asks ------------------------------------------------------------------------------------------------------- */

void identity_finish(struct identity *identity)
{
	free(identity->arn);
	*identity = (struct identity){ 0 };
}

static bool is_session(const struct asker *asker)
{
	return asker->session[0] != '\0';
}

/* All sessions of a role have its grants: who begins many of them makes nothing larger. */
static int hold_asker(struct identities *identities, const struct asker *asker, struct grants **out,
		      struct sp_error *err)
{
	if (!is_session(asker))
		return hold(identities, NULL, grants_read_key, asker->key_id, out, err);
	SP_AUTO_FREE char *role_id = sp_strdup(asker->session);
	role_id[strcspn(role_id, ":")] = '\0';
	return hold(identities, NULL, grants_read_role_id, role_id, out, err);
}

/* What sentences call them. Owned by the caller. */
static char *shown_arn(const struct identities *identities, const struct asker *asker,
		       const struct grants *grants)
{
	const char *colon = strchr(asker->session, ':');
	return colon == NULL
		       ? sp_strdup(grants->arn)
		       : sp_arn_format("sts", "", identities->options.account, "assumed-role/%s/%s",
				       grants->principal.name, colon + 1);
}

int identities_who(struct identities *identities, const struct asker *asker, struct identity *out,
		   struct sp_error *err)
{
	AUTO_GRANTS *grants = NULL;
	if (hold_asker(identities, asker, &grants, err) != 0)
		return -1;
	bool is_user = !grants->is_owner && !is_session(asker);
	*out = (struct identity){ .is_owner = grants->is_owner,
				  .arn = shown_arn(identities, asker, grants) };
	snprintf(out->id, sizeof(out->id), "%s",
		 is_session(asker) ? asker->session : grants->principal.id);
	snprintf(out->name, sizeof(out->name), "%s", is_user ? grants->principal.name : "");
	return 0;
}

/* A use on its way to the store. */
struct use {
	char key_id[ACCESS_KEY_ID_MAX + 1], service[65], region[65];
	int64_t now_ms;
};

static int write_use(struct db *db, void *ctx, struct sp_error *err)
{
	const struct use *use = ctx;
	return access_keys_note_use(db, use->key_id, use->service, use->region, use->now_ms, err);
}

/* Nobody waits for it: one that is lost is noted with the next. */
static void use_written(void *ctx, int result, const struct sp_error *err)
{
	(void)result;
	(void)err;
	free(ctx);
}

static void note_use(struct identities *identities, struct grants *grants, const char *key_id,
		     const char *service, const char *region)
{
	int64_t now = sp_monotonic_ms(), noted = atomic_load(&grants->noted_ms);
	if ((noted != 0 && now - noted < USE_NOTED_MS) ||
	    !atomic_compare_exchange_strong(&grants->noted_ms, &noted, now))
		return;
	struct use *use = sp_alloc(sizeof(*use));
	use->now_ms = sp_now_ms();
	snprintf(use->key_id, sizeof(use->key_id), "%s", key_id);
	snprintf(use->service, sizeof(use->service), "%s", service);
	snprintf(use->region, sizeof(use->region), "%s", region);
	store_submit(identities->store, write_use, use, use_written, use);
}

bool identities_is_owner(struct identities *identities, const struct asker *asker,
			 const char *service, const char *region)
{
	AUTO_GRANTS *grants = NULL;
	struct sp_error err = { 0 };
	if (hold_asker(identities, asker, &grants, &err) != 0)
		return false;
	if (!is_session(asker))
		note_use(identities, grants, asker->key_id, service, region);
	return grants->is_owner;
}

/* What is known of who asks. @issued has room for it. */
static void add_facts(const struct identities *identities, const struct asker *asker,
		      const struct grants *grants, char issued[SP_ISO_TIME_SIZE],
		      struct access_facts *out)
{
	const char **facts = out->values;
	facts[ACCESS_PRINCIPAL_ARN] = grants->arn;
	facts[ACCESS_PRINCIPAL_ACCOUNT] = identities->options.account;
	if (grants->is_owner) {
		facts[ACCESS_PRINCIPAL_TYPE] = "Account";
		facts[ACCESS_USER_ID] = identities->options.account;
	} else if (is_session(asker)) {
		facts[ACCESS_PRINCIPAL_TYPE] = "AssumedRole";
		facts[ACCESS_USER_ID] = asker->session;
		sp_time_to_iso(asker->session_issued_ms, issued);
		facts[ACCESS_TOKEN_ISSUE_TIME] = issued;
	} else {
		facts[ACCESS_PRINCIPAL_TYPE] = "User";
		facts[ACCESS_USER_ID] = grants->principal.id;
		facts[ACCESS_USER_NAME] = grants->principal.name;
	}
}

static int deny(enum access_verdict verdict, const char *arn, const struct access_request *request,
		struct sp_buffer *refusal, struct sp_error *err)
{
	access_add_sentence(verdict, arn, request, refusal);
	return sp_fail(err, SP_DENIED, "%s", sp_buffer_text(refusal));
}

int identities_check(struct identities *identities, const struct asker *asker,
		     struct access_request *request, struct sp_buffer *refusal,
		     struct sp_error *err)
{
	AUTO_GRANTS *grants = NULL;
	char issued[SP_ISO_TIME_SIZE];
	if (hold_asker(identities, asker, &grants, err) != 0)
		return -1;
	if (grants->is_owner)
		return 0;
	SP_AUTO_FREE char *arn = shown_arn(identities, asker, grants);
	struct access_request full = *request;
	if (full.resource == NULL)
		full.resource = arn;
	add_facts(identities, asker, grants, issued, &full.facts);
	enum access_verdict verdict = access_judge(grants->policies, grants->count, &full);
	return verdict == ACCESS_ALLOWED ? 0 : deny(verdict, arn, &full, refusal, err);
}

/* ---- taking on a role ------------------------------------------------------------------------------------------------ */

static enum access_verdict judge_own(const struct grants *grants,
				     const struct access_request *request)
{
	return grants->is_owner ? ACCESS_ALLOWED
				: access_judge(grants->policies, grants->count, request);
}

static enum access_verdict judge_trust(const struct grants *role, const struct access_assumer *who,
				       const struct access_request *request)
{
	return role->trust == NULL ? ACCESS_NOT_ALLOWED
				   : access_judge_trust(role->trust, who, request);
}

/* @who: with the account. */
static enum access_verdict judge_taking_on(const struct grants *role, const struct grants *grants,
					   const struct access_assumer *who,
					   const struct access_request *request)
{
	enum access_verdict own = judge_own(grants, request);
	enum access_verdict trust = judge_trust(role, who, request);
	if (own == ACCESS_DENIED || trust == ACCESS_DENIED)
		return ACCESS_DENIED;
	if (own == ACCESS_ALLOWED)
		return trust;
	struct access_assumer named = *who; /* nothing but who is named counts */
	named.account = NULL;
	return judge_trust(role, &named, request);
}

/* AWS does not say why, nor whether there is such a role. */
static int deny_role(const char *arn, const struct access_request *request,
		     struct sp_buffer *refusal, struct sp_error *err)
{
	sp_buffer_format(refusal, "User: %s is not authorized to perform: %s on resource: %s", arn,
			 request->action, request->resource);
	return sp_fail(err, SP_DENIED, "%s", sp_buffer_text(refusal));
}

int identities_take_on(struct identities *identities, const struct asker *asker,
		       struct access_request *request, struct taken_role *out,
		       struct sp_buffer *refusal, struct sp_error *err)
{
	AUTO_GRANTS *grants = NULL;
	AUTO_GRANTS *role = NULL;
	char issued[SP_ISO_TIME_SIZE];
	struct access_request full = *request;
	if (hold_asker(identities, asker, &grants, err) != 0)
		return -1;
	SP_AUTO_FREE char *arn = shown_arn(identities, asker, grants);
	if (hold(identities, NULL, grants_read_role, request->resource, &role, err) != 0)
		return err->code == SP_NOT_FOUND ? deny_role(arn, request, refusal, err) : -1;
	const struct access_assumer who = { .arn = grants->arn,
					    .session = is_session(asker) ? arn : NULL,
					    .account = identities->options.account };
	add_facts(identities, asker, grants, issued, &full.facts);
	if (judge_taking_on(role, grants, &who, &full) != ACCESS_ALLOWED)
		return deny_role(arn, request, refusal, err);
	out->max_session_s = role->principal.max_session_s;
	memcpy(out->id, role->principal.id, sizeof(out->id));
	memcpy(out->name, role->principal.name, sizeof(out->name));
	return 0;
}

/* ---- what a service may do with a role ------------------------------------------------------------------------------ */

static bool is_builtin(const struct identities *identities, const struct errand *errand)
{
	return sp_text_equal(errand->role, identities->options.builtin_role);
}

/* What policies of either kind may ask for. */
static struct access_request request_of(const struct identities *identities,
					const struct errand *errand, const char *action,
					const char *resource, char now[SP_ISO_TIME_SIZE])
{
	struct access_request request = { .action = action, .resource = resource };
	const char **facts = request.facts.values;
	sp_time_to_iso(sp_now_ms(), now);
	facts[ACCESS_CURRENT_TIME] = now;
	facts[ACCESS_PRINCIPAL_ACCOUNT] = identities->options.account;
	facts[ACCESS_SOURCE_ARN] = errand->source;
	facts[ACCESS_VERSION_STAGE] = errand->version_stage;
	facts[ACCESS_SOURCE_ACCOUNT] = identities->options.account;
	return request;
}

static int assume(const struct identities *identities, const struct errand *errand,
		  const struct grants *grants, struct sp_error *err)
{
	char now[SP_ISO_TIME_SIZE];
	const struct access_assumer who = { .service = errand->service,
					    .account = identities->options.account };
	const struct access_request request =
		request_of(identities, errand, "sts:AssumeRole", "*", now);
	enum access_verdict verdict = grants->trust == NULL
					      ? ACCESS_NOT_ALLOWED
					      : access_judge_trust(grants->trust, &who, &request);
	if (verdict == ACCESS_ALLOWED)
		return 0;
	return sp_fail(err, SP_DENIED,
		       "the role \"%s\" does not trust %s: its trust policy %s sts:AssumeRole",
		       errand->role, errand->service,
		       verdict == ACCESS_DENIED ? "denies it" : "does not allow it");
}

static int hold_role(struct identities *identities, struct db *db, const struct errand *errand,
		     struct grants **out, struct sp_error *err)
{
	struct sp_error why = { 0 };
	if (hold(identities, db, grants_read_role, errand->role, out, &why) != 0)
		return why.code == SP_NOT_FOUND
			       ? sp_fail(err, why.code, "%s; the built-in one is \"%s\"",
					 why.message, identities->options.builtin_role)
			       : sp_fail(err, why.code, "%s", why.message);
	return assume(identities, errand, *out, err);
}

int identities_assume(struct identities *identities, const struct errand *errand,
		      struct sp_error *err)
{
	AUTO_GRANTS *grants = NULL;
	return is_builtin(identities, errand) ? 0
					      : hold_role(identities, NULL, errand, &grants, err);
}

int identities_role_may_within(struct identities *identities, struct db *db,
			       const struct errand *errand, const char *action,
			       const char *resource, struct sp_error *err)
{
	AUTO_GRANTS *grants = NULL;
	char now[SP_ISO_TIME_SIZE];
	if (is_builtin(identities, errand))
		return 0;
	if (hold_role(identities, db, errand, &grants, err) != 0)
		return -1;
	struct access_request request = request_of(identities, errand, action, resource, now);
	request.facts.values[ACCESS_PRINCIPAL_ARN] = grants->arn;
	request.facts.values[ACCESS_PRINCIPAL_TYPE] = "AssumedRole";
	enum access_verdict verdict = access_judge(grants->policies, grants->count, &request);
	if (verdict == ACCESS_ALLOWED)
		return 0;
	return sp_fail(err, SP_DENIED, "the role \"%s\" is not allowed to do %s on %s: %s",
		       grants->arn, action, resource,
		       verdict == ACCESS_DENIED ? "one of its policies denies it"
						: "none of its policies allows it");
}

int identities_role_may(struct identities *identities, const struct errand *errand,
			const char *action, const char *resource, struct sp_error *err)
{
	return identities_role_may_within(identities, NULL, errand, action, resource, err);
}
