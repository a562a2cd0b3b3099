/** A name in a request means one thing: what it means before the permission is asked for. */
#include "../store/folder.h"

#include <stdio.h>

#include "api/guard.h"
#include "base/scope.h"
#include "service/context.h"
#include "service/services.h"
#include "store/connectors.h"
#include "store/networks.h"
#include "store/secrets.h"
#include "store/security_groups.h"
#include "store/tags.h"

#define ACCOUNT "123456789012"
#define ARNS    "arn:aws:transfer:r:" ACCOUNT ":connector/"
#define FIRST   "c-00000000000000001"
#define SECOND  "c-00000000000000002"
#define SECRETS "arn:aws:secretsmanager:r:" ACCOUNT ":secret:"

static struct sp_error err;
static struct folder folder;
static struct store *store;
static struct service_context context = { .region = "r", .account = ACCOUNT };

static int insert_connector(struct db *db, const char *id, const char *name, struct sp_error *why)
{
	struct connector connector = { .url = (char[]){ "sftp://a.example" },
				       .access_role = (char[]){ "r" },
				       .security_policy = (char[]){ "p" },
				       .user_secret_id = (char[]){ "s" },
				       .max_connections = 1 };
	SP_AUTO_BUFFER arn = { 0 };
	memcpy(connector.id, id, sizeof(connector.id));
	sp_buffer_format(&arn, ARNS "%s", id);
	return connectors_insert(db, &connector, why) != 0
		       ? -1
		       : tags_put(db, sp_buffer_text(&arn), "Name", name, why);
}

static int insert_secret(struct db *db, struct sp_error *why)
{
	const struct secret secret = { .arn = (char[]){ SECRETS "login-AbCdEf" },
				       .name = (char[]){ "login" } };
	return secrets_insert(db, &secret, 1, why);
}

static int fill(struct db *db, void *ctx, struct sp_error *why)
{
	(void)ctx;
	return insert_connector(db, FIRST, "it", why) != 0 ||
			       insert_connector(db, SECOND, "other", why) != 0 ||
			       insert_secret(db, why) != 0
		       ? -1
		       : 0;
}

/* The name goes from the first to the second one, and another secret gets that of the first. */
static int move_names(struct db *db, void *ctx, struct sp_error *why)
{
	(void)ctx;
	const struct secret secret = { .arn = (char[]){ SECRETS "login-GhIjKl" },
				       .name = (char[]){ "login" } };
	return tags_put(db, ARNS FIRST, "Name", "nobody", why) != 0 ||
			       tags_put(db, ARNS SECOND, "Name", "it", why) != 0 ||
			       secrets_delete(db, SECRETS "login-AbCdEf", why) != 0 ||
			       secrets_insert(db, &secret, 1, why) != 0
		       ? -1
		       : 0;
}

static int set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	assert_int_equal(store_open(folder.path, &store, &err), 0);
	assert_int_equal(store_write(store, fill, NULL, &err), 0);
	context.store = store;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_close(store);
	folder_remove(&folder);
	return 0;
}

static const struct api_operation *find_operation(const struct api_service *service,
						  const char *name)
{
	const struct api_operation *at = service->operations;
	while (strcmp(at->name, name) != 0)
		at++;
	return at;
}

/* What the guard asks about, and what the handler will find in the input. */
static void assert_means(const struct api_service *service, const char *operation,
			 const char *member, const char *given, const char *resource,
			 const char *meant)
{
	SP_AUTO_JSON json_t *input = json_pack("{s:s}", member, given);
	const struct guard_place place = { service, &context, "r", ACCOUNT };
	service->resolve(&context, find_operation(service, operation), input);
	assert_int_equal(store_write(store, move_names, NULL, &err), 0);
	struct guard_wishes wishes;
	assert_int_equal(
		guard_list_wishes(&place, find_operation(service, operation), input, &wishes, &err),
		0);
	assert_int_equal(wishes.count, 1);
	assert_string_equal(wishes.list[0].resource, resource);
	guard_wishes_finish(&wishes);
	assert_string_equal(sp_json_string(input, member), meant);
}

static void a_name_of_a_connector_is_its_id_before_anybody_is_asked(void **state)
{
	(void)state;
	assert_means(&service_native, "PauseConnector", "ConnectorId", "it", ARNS FIRST, FIRST);
}

static void an_id_is_nobodys_name(void **state)
{
	(void)state;
	assert_means(&service_native, "PauseConnector", "ConnectorId", SECOND, ARNS SECOND, SECOND);
}

static void a_name_that_means_nothing_stays_one(void **state)
{
	(void)state;
	assert_means(&service_native, "PauseConnector", "ConnectorId", "none", ARNS "none", "none");
}

static void a_secret_is_its_whole_arn_before_anybody_is_asked(void **state)
{
	(void)state;
	assert_means(&service_secretsmanager, "DeleteSecret", "SecretId", "login",
		     SECRETS "login-AbCdEf", SECRETS "login-AbCdEf");
}

static void so_is_one_that_is_named_by_a_part_of_it(void **state)
{
	(void)state;
	assert_means(&service_secretsmanager, "DeleteSecret", "SecretId", SECRETS "login",
		     SECRETS "login-AbCdEf", SECRETS "login-AbCdEf");
}

/* ---- security groups -------------------------------------------------------------------------------------------- */

static int insert_group(struct db *db, const char *vpc_id, const char *id, const char *name,
			struct sp_error *why)
{
	struct security_group group = { .name = (char *)(uintptr_t)name,
					.description = (char[]){ "d" } };
	snprintf(group.id, sizeof(group.id), "%s", id);
	snprintf(group.vpc_id, sizeof(group.vpc_id), "%s", vpc_id);
	return security_groups_insert(db, &group, why);
}

static int fill_groups(struct db *db, void *ctx, struct sp_error *why)
{
	const struct vpc vpcs[] = {
		{ .id = "vpc-1",
		  .cidr = "10.0.0.0/16",
		  .main_route_table_id = "rtb-1",
		  .main_association_id = "rtbassoc-1" },
		{ .id = "vpc-2",
		  .cidr = "10.0.0.0/16",
		  .main_route_table_id = "rtb-2",
		  .main_association_id = "rtbassoc-2" },
	};
	(void)ctx;
	return vpcs_insert(db, &vpcs[0], why) != 0 || vpcs_insert(db, &vpcs[1], why) != 0 ||
			       insert_group(db, "vpc-1", "sg-1", "one", why) != 0 ||
			       insert_group(db, "vpc-1", "sg-2", "both", why) != 0 ||
			       insert_group(db, "vpc-2", "sg-3", "both", why) != 0
		       ? -1
		       : 0;
}

static void assert_group(const char *operation, const char *name, const char *input_then)
{
	SP_AUTO_JSON json_t *input = json_pack("{s:s}", "GroupName", name);
	service_ec2.resolve(&context, find_operation(&service_ec2, operation), input);
	SP_AUTO_FREE char *text = sp_json_text(input);
	assert_string_equal(text, input_then);
}

static void a_name_of_a_group_is_its_id_when_it_is_the_only_one(void **state)
{
	(void)state;
	if (store_write(store, fill_groups, NULL, &err) != 0)
		fail_msg("%s", err.message);
	assert_group("AuthorizeSecurityGroupIngress", "one", "{\"GroupId\":\"sg-1\"}");
	assert_group("DeleteSecurityGroup", "one", "{\"GroupId\":\"sg-1\"}");
	assert_group("DeleteSecurityGroup", "both", "{\"GroupName\":\"both\"}");
	assert_group("DeleteSecurityGroup", "none", "{\"GroupName\":\"none\"}");
	/* One that is to be made, and where an id has to be given. */
	assert_group("CreateSecurityGroup", "one", "{\"GroupName\":\"one\"}");
	assert_group("AuthorizeSecurityGroupEgress", "one", "{\"GroupName\":\"one\"}");
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_name_of_a_connector_is_its_id_before_anybody_is_asked),
		WITH_STORE(an_id_is_nobodys_name),
		WITH_STORE(a_name_that_means_nothing_stays_one),
		WITH_STORE(a_secret_is_its_whole_arn_before_anybody_is_asked),
		WITH_STORE(so_is_one_that_is_named_by_a_part_of_it),
		WITH_STORE(a_name_of_a_group_is_its_id_when_it_is_the_only_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
