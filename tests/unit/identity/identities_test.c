/** Whose a key is and what may be done with it, out of a real store. */
#include "../store/folder.h"

#include "base/scope.h"
#include "base/text.h"
#include "identity/identities.h"
#include "store/access_keys.h"
#include "store/managed_policies.h"
#include "store/principals.h"

#define ACCOUNT "123456789012"
#define BUILTIN "arn:aws:iam::" ACCOUNT ":role/sallyport"
#define MOVER   "arn:aws:iam::" ACCOUNT ":role/team/mover"
#define SAYS(effect, action)                                                                       \
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"" effect                          \
	"\",\"Action\":\"" action "\",\"Resource\":\"*\"}}"
#define TRUSTS(service)                                                                            \
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"sts:"        \
	"AssumeRole\","                                                                            \
	"\"Principal\":{\"Service\":\"" service "\"}}}"

static struct sp_error err;
static struct folder folder;
static struct vault *vault;
static struct store *store;
static struct identities *identities;

/* The account's own key, a user's, and a role. */
static int fill(struct db *db, void *ctx, struct sp_error *why)
{
	(void)ctx;
	struct principal ann = {
		.kind = PRINCIPAL_USER, .id = "AIDAANN", .name = "ann", .path = "/"
	};
	struct principal mover = { .kind = PRINCIPAL_ROLE,
				   .id = "AROAMOVER",
				   .name = "mover",
				   .path = "/team/",
				   .trust = (char *)TRUSTS("transfer.amazonaws.com") };
	return access_keys_insert(db, vault, NULL, "AKIAOWNER", "s", why) != 0 ||
			       principals_insert(db, &ann, why) != 0 ||
			       principals_insert(db, &mover, why) != 0 ||
			       access_keys_insert(db, vault, ann.id, "AKIAANN", "s", why) != 0 ||
			       inline_policies_put(db, mover.id, "p", SAYS("Allow", "s3:Get*"),
						   why) != 0
		       ? -1
		       : 0;
}

static int set_up(void **state)
{
	(void)state;
	const struct identities_options options = { .account = ACCOUNT, .builtin_role = BUILTIN };
	folder_make(&folder);
	assert_int_equal(vault_open(folder_file(&folder, "master.key"), &vault, &err), 0);
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	assert_int_equal(store_write(store, fill, NULL, &err), 0);
	assert_int_equal(identities_open(store, &options, &identities, &err), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	identities_close(identities);
	store_close(store);
	vault_close(vault);
	folder_remove(&folder);
	return 0;
}

static int put_policy(struct db *db, void *ctx, struct sp_error *why)
{
	return inline_policies_put(db, "AIDAANN", "p", ctx, why);
}

static int attach_policy(struct db *db, void *ctx, struct sp_error *why)
{
	return attachments_insert(db, "AIDAANN", ctx, why);
}

static int switch_off(struct db *db, void *ctx, struct sp_error *why)
{
	return access_keys_set_active(db, ctx, false, why);
}

static void change(store_fn *fn, const char *ctx)
{
	assert_int_equal(store_write(store, fn, (void *)(uintptr_t)ctx, &err), 0);
	identities_changed(identities);
}

/* A key, or a session by its subject. */
static struct asker asker_of(const char *who)
{
	bool is_session = strchr(who, ':') != NULL;
	return (struct asker){ .key_id = is_session ? "ASIAANY" : who,
			       .session = is_session ? who : "",
			       .session_issued_ms = 1000 };
}

static bool is_owner(const char *key)
{
	const struct asker asker = asker_of(key);
	return identities_is_owner(identities, &asker, "iam", "us-east-1");
}

static int find_who(const char *who, struct identity *out)
{
	const struct asker asker = asker_of(who);
	return identities_who(identities, &asker, out, &err);
}

/* "": allowed; else the sentence, owned by the caller. */
static char *refusal_of(const char *key, const char *action)
{
	const struct asker asker = asker_of(key);
	struct access_request request = { .action = action, .resource = "*" };
	SP_AUTO_BUFFER refusal = { 0 };
	err = (struct sp_error){ 0 };
	int result = identities_check(identities, &asker, &request, &refusal, &err);
	assert_int_equal(result != 0, err.code != SP_OK);
	return sp_buffer_take(&refusal);
}

static void assert_may(const char *key, const char *action)
{
	SP_AUTO_FREE char *refusal = refusal_of(key, action);
	assert_string_equal(refusal, "");
	assert_int_equal(err.code, SP_OK);
}

static void the_accounts_own_key_may_everything(void **state)
{
	(void)state;
	assert_true(is_owner("AKIAOWNER"));
	assert_false(is_owner("AKIAANN"));
	assert_false(is_owner("AKIANOBODY"));
	assert_may("AKIAOWNER", "iam:CreateUser");
}

static void a_change_holds_at_once_and_what_did_not_change_is_kept(void **state)
{
	(void)state;
	SP_AUTO_FREE char *first = refusal_of("AKIAANN", "transfer:ListConnectors");
	assert_string_equal(first,
			    "User: arn:aws:iam::" ACCOUNT ":user/ann is not authorized to perform: "
			    "transfer:ListConnectors on resource: * because no identity-based "
			    "policy allows the transfer:ListConnectors action");
	change(put_policy, SAYS("Allow", "transfer:*"));
	assert_may("AKIAANN", "transfer:ListConnectors");

	/* Nobody looks into the store for what nobody said was changed. */
	assert_int_equal(store_write(store, put_policy, (void *)(uintptr_t)SAYS("Deny", "*"), &err),
			 0);
	assert_may("AKIAANN", "transfer:ListConnectors");
	identities_changed(identities);
	SP_AUTO_FREE char *denied = refusal_of("AKIAANN", "transfer:ListConnectors");
	assert_non_null(strstr(denied, "with an explicit deny in an identity-based policy"));
}

static void aws_policies_may_be_attached(void **state)
{
	(void)state;
	change(attach_policy, "arn:aws:iam::aws:policy/AWSTransferReadOnlyAccess");
	assert_may("AKIAANN", "transfer:DescribeConnector");
	SP_AUTO_FREE char *refusal = refusal_of("AKIAANN", "transfer:DeleteConnector");
	assert_string_not_equal(refusal, "");
}

/* It might have been a denial. */
static void a_policy_that_cannot_be_read_allows_nothing(void **state)
{
	(void)state;
	change(attach_policy, "arn:aws:iam::aws:policy/AdministratorAccess");
	assert_may("AKIAANN", "transfer:ListConnectors");
	change(put_policy, "{\"Version\":\"2030-01-01\"}");
	SP_AUTO_FREE char *refusal = refusal_of("AKIAANN", "transfer:ListConnectors");
	assert_string_equal(refusal, "");
	assert_int_equal(err.code, SP_INTERNAL);
}

static void a_key_that_was_switched_off_is_nobodys(void **state)
{
	(void)state;
	struct identity who;
	assert_int_equal(find_who("AKIAANN", &who), 0);
	assert_string_equal(who.arn, "arn:aws:iam::" ACCOUNT ":user/ann");
	identity_finish(&who);
	change(switch_off, "AKIAANN");
	assert_int_equal(find_who("AKIAANN", &who), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static int may(const char *role, const char *service, const char *action)
{
	const struct errand errand = { role, service,
				       "arn:aws:transfer:r:" ACCOUNT ":connector/c-1" };
	err = (struct sp_error){ 0 };
	return identities_role_may(identities, &errand, action, "arn:aws:s3:::inbox/a", &err);
}

static void a_role_may_what_its_policies_say_for_whom_it_trusts(void **state)
{
	(void)state;
	assert_int_equal(may(BUILTIN, "transfer.amazonaws.com", "s3:PutObject"), 0);
	assert_int_equal(may(MOVER, "transfer.amazonaws.com", "s3:GetObject"), 0);
	assert_int_equal(may(MOVER, "transfer.amazonaws.com", "s3:PutObject"), -1);
	assert_int_equal(err.code, SP_DENIED);
	assert_string_equal(err.message,
			    "the role \"" MOVER "\" is not allowed to do s3:PutObject on "
			    "arn:aws:s3:::inbox/a: none of its policies allows it");
	assert_int_equal(may(MOVER, "logs.amazonaws.com", "s3:GetObject"), -1);
	assert_non_null(strstr(err.message, "does not trust logs.amazonaws.com"));
}

/* Its policy is another one in this transaction already; whoever asks elsewhere finds it when it is committed. */
static int ask_within(struct db *db, void *ctx, struct sp_error *why)
{
	const struct errand errand = { MOVER, "transfer.amazonaws.com",
				       "arn:aws:transfer:r:" ACCOUNT ":connector/c-1" };
	int *allowed = ctx;
	if (inline_policies_put(db, "AROAMOVER", "p", SAYS("Allow", "logs:*"), why) != 0)
		return -1;
	identities_changed(identities);
	struct sp_error no = { 0 };
	allowed[0] =
		identities_role_may_within(identities, db, &errand, "logs:PutLogEvents", "*", &no);
	allowed[1] = identities_role_may_within(identities, db, &errand, "s3:GetObject", "*", &no);
	return 0;
}

static void a_commit_under_way_may_ask_what_a_role_may(void **state)
{
	(void)state;
	int allowed[2] = { -2, -2 };
	assert_int_equal(may(MOVER, "transfer.amazonaws.com", "s3:GetObject"), 0);
	assert_int_equal(store_write(store, ask_within, allowed, &err), 0);
	assert_int_equal(allowed[0], 0);
	assert_int_equal(allowed[1], -1);
}

/* Another account's, or another path's, is another role. */
static void a_role_is_known_by_its_whole_name(void **state)
{
	(void)state;
	assert_int_equal(may("arn:aws:iam::" ACCOUNT ":role/mover", "transfer.amazonaws.com",
			     "s3:GetObject"),
			 -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(may("arn:aws:iam::999999999999:role/team/mover", "transfer.amazonaws.com",
			     "s3:GetObject"),
			 -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
	assert_int_equal(may("nothing", "transfer.amazonaws.com", "s3:GetObject"), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

/* ---- sessions ------------------------------------------------------------------------------------------------------- */

#define TAKER(name)                                                                                \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:"       \
	"AssumeRole\",\"Principal\":{\"AWS\":\"" name "\"}}]}"

static int put_trust(struct db *db, void *ctx, struct sp_error *why)
{
	struct principal mover;
	if (principals_find(db, PRINCIPAL_ROLE, "mover", &mover, why) != 0)
		return -1;
	free(mover.trust);
	mover.trust = sp_strdup(ctx);
	mover.max_session_s = 7200;
	int result = principals_update(db, &mover, why);
	principal_finish(&mover);
	return result;
}

static int put_mover_policy(struct db *db, void *ctx, struct sp_error *why)
{
	return inline_policies_put(db, "AROAMOVER", "p", ctx, why);
}

static int delete_mover(struct db *db, void *ctx, struct sp_error *why)
{
	(void)ctx;
	return inline_policies_delete(db, "AROAMOVER", "p", why) != 0
		       ? -1
		       : principals_delete(db, "AROAMOVER", why);
}

static int take_on(const char *who, const char *role, const char *external_id)
{
	const struct asker asker = asker_of(who);
	struct access_request request = { .action = "sts:AssumeRole", .resource = role };
	request.facts.values[ACCESS_EXTERNAL_ID] = external_id;
	struct taken_role taken = { 0 };
	SP_AUTO_BUFFER refusal = { 0 };
	int result = identities_take_on(identities, &asker, &request, &taken, &refusal, &err);
	if (result == 0) {
		assert_string_equal(taken.id, "AROAMOVER");
		assert_string_equal(taken.name, "mover");
		assert_int_equal(taken.max_session_s, 7200);
		return 0;
	}
	assert_int_equal(err.code, SP_DENIED);
	assert_non_null(strstr(sp_buffer_text(&refusal),
			       "is not authorized to perform: sts:AssumeRole on resource: "));
	assert_non_null(strstr(sp_buffer_text(&refusal), role));
	return -1;
}

static void a_role_is_taken_on_by_whom_it_trusts(void **state)
{
	(void)state;
	/* A service's role is no user's, and nobody hears which roles there are. */
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);
	assert_int_equal(take_on("AKIAOWNER", MOVER, NULL), -1);
	assert_int_equal(take_on("AKIAANN", "arn:aws:iam::" ACCOUNT ":role/none", NULL), -1);
	assert_int_equal(take_on("AKIAANN", BUILTIN, NULL), -1);

	/* Who is named needs nothing else … */
	change(put_trust, TAKER("arn:aws:iam::" ACCOUNT ":user/ann"));
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), 0);
	assert_int_equal(take_on("AKIAOWNER", MOVER, NULL), -1);
	/* … but a denial of their own. */
	change(put_policy, SAYS("Deny", "sts:*"));
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);

	/* The account, and everybody: whoever is in it and is allowed to. */
	static const char *const wide[] = { TAKER(ACCOUNT), TAKER("arn:aws:iam::" ACCOUNT ":root"),
					    TAKER("*") };
	for (size_t i = 0; i < SP_COUNT_OF(wide); i++) {
		change(put_trust, wide[i]);
		change(put_policy, SAYS("Allow", "s3:*"));
		assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);
		assert_int_equal(take_on("AKIAOWNER", MOVER, NULL), 0);
		change(put_policy, SAYS("Allow", "sts:AssumeRole"));
		assert_int_equal(take_on("AKIAANN", MOVER, NULL), 0);
	}
	change(put_trust, TAKER("999999999999"));
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);
	assert_int_equal(take_on("AKIAOWNER", MOVER, NULL), -1);
}

static void a_trust_policy_may_ask_for_a_word(void **state)
{
	(void)state;
	change(put_policy, SAYS("Allow", "sts:AssumeRole"));
	change(put_trust, "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\","
			  "\"Action\":\"sts:AssumeRole\","
			  "\"Principal\":{\"AWS\":\"" ACCOUNT "\"},"
			  "\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"word\"}}}}");
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);
	assert_int_equal(take_on("AKIAANN", MOVER, "other"), -1);
	assert_int_equal(take_on("AKIAANN", MOVER, "word"), 0);
}

static void a_session_has_the_rights_of_its_role_and_no_others(void **state)
{
	(void)state;
	struct identity who;
	assert_int_equal(find_who("AROAMOVER:ann", &who), 0);
	assert_false(who.is_owner);
	assert_string_equal(who.arn, "arn:aws:sts::" ACCOUNT ":assumed-role/mover/ann");
	assert_string_equal(who.id, "AROAMOVER:ann");
	assert_string_equal(who.name, ""); /* or it would be the user of that name */
	identity_finish(&who);
	assert_false(is_owner("AROAMOVER:ann"));

	change(put_policy, SAYS("Allow", "iam:*"));
	assert_may("AROAMOVER:ann", "s3:GetObject");
	SP_AUTO_FREE char *refusal = refusal_of("AROAMOVER:ann", "iam:CreateUser");
	assert_string_equal(refusal, "User: arn:aws:sts::" ACCOUNT
				     ":assumed-role/mover/ann is not authorized to perform: "
				     "iam:CreateUser on resource: * because no identity-based "
				     "policy allows the iam:CreateUser action");
	change(put_mover_policy, SAYS("Allow", "iam:*"));
	assert_may("AROAMOVER:ann", "iam:CreateUser");

	/* As AWS's console takes all sessions from somebody that are older. */
	change(put_mover_policy, "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
				 "\"Action\":\"*\",\"Resource\":\"*\"},"
				 "{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\","
				 "\"Condition\":{\"DateLessThan\":{\"aws:TokenIssueTime\":\"2020-"
				 "01-01T00:00:00Z\"}}}]}");
	SP_AUTO_FREE char *old = refusal_of("AROAMOVER:ann", "iam:CreateUser");
	assert_non_null(strstr(old, "explicit deny"));

	/* Its role's end is its own. */
	change(delete_mover, NULL);
	assert_int_equal(find_who("AROAMOVER:ann", &who), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

/* Or a thousand sessions would be a thousand copies of its policies. */
static void what_was_read_of_a_role_is_kept_once_for_all_its_sessions(void **state)
{
	(void)state;
	assert_may("AROAMOVER:ann", "s3:GetObject");
	static const char more[] = SAYS("Allow", "iam:*");
	assert_int_equal(store_write(store, put_mover_policy, (void *)(uintptr_t)more, &err), 0);
	SP_AUTO_FREE char *refusal = refusal_of("AROAMOVER:bob", "iam:CreateUser");
	assert_non_null(strstr(refusal, "assumed-role/mover/bob is not authorized"));
	identities_changed(identities);
	assert_may("AROAMOVER:bob", "iam:CreateUser");
}

static void a_session_takes_on_a_role_that_trusts_its_own(void **state)
{
	(void)state;
	change(put_trust, TAKER(MOVER));
	assert_int_equal(take_on("AROAMOVER:ann", MOVER, NULL), 0);
	assert_int_equal(take_on("AKIAANN", MOVER, NULL), -1);
	change(put_trust, TAKER("arn:aws:sts::" ACCOUNT ":assumed-role/mover/bob"));
	assert_int_equal(take_on("AROAMOVER:ann", MOVER, NULL), -1);
	assert_int_equal(take_on("AROAMOVER:bob", MOVER, NULL), 0);
	change(put_trust, TAKER("arn:aws:iam::" ACCOUNT ":user/ann"));
	assert_int_equal(take_on("AROAMOVER:ann", MOVER, NULL),
			 -1); /* named like a user, and none */
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(the_accounts_own_key_may_everything),
		WITH_STORE(a_change_holds_at_once_and_what_did_not_change_is_kept),
		WITH_STORE(aws_policies_may_be_attached),
		WITH_STORE(a_policy_that_cannot_be_read_allows_nothing),
		WITH_STORE(a_key_that_was_switched_off_is_nobodys),
		WITH_STORE(a_role_may_what_its_policies_say_for_whom_it_trusts),
		WITH_STORE(a_commit_under_way_may_ask_what_a_role_may),
		WITH_STORE(a_role_is_known_by_its_whole_name),
		WITH_STORE(a_role_is_taken_on_by_whom_it_trusts),
		WITH_STORE(a_trust_policy_may_ask_for_a_word),
		WITH_STORE(a_session_has_the_rights_of_its_role_and_no_others),
		WITH_STORE(what_was_read_of_a_role_is_kept_once_for_all_its_sessions),
		WITH_STORE(a_session_takes_on_a_role_that_trusts_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
