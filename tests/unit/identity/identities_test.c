/** Whose a key is and what may be done with it, out of a real store. */
#include "../store/folder.h"

#include "base/scope.h"
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

/* "": allowed; else the sentence, owned by the caller. */
static char *refusal_of(const char *key, const char *action)
{
	struct access_request request = { .action = action, .resource = "*" };
	SP_AUTO_BUFFER refusal = { 0 };
	err = (struct sp_error){ 0 };
	int result = identities_check(identities, key, &request, &refusal, &err);
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
	assert_true(identities_is_owner(identities, "AKIAOWNER", "iam", "us-east-1"));
	assert_false(identities_is_owner(identities, "AKIAANN", "iam", "us-east-1"));
	assert_false(identities_is_owner(identities, "AKIANOBODY", "iam", "us-east-1"));
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
	assert_int_equal(identities_who(identities, "AKIAANN", &who, &err), 0);
	assert_string_equal(who.arn, "arn:aws:iam::" ACCOUNT ":user/ann");
	identity_finish(&who);
	change(switch_off, "AKIAANN");
	assert_int_equal(identities_who(identities, "AKIAANN", &who, &err), -1);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
