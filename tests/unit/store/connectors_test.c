#include "database.h"

#include "base/scope.h"
#include "model/network.h"
#include "store/client_tokens.h"
#include "store/connectors.h"

#define CONFIGURATION "arn:aws:vpc-lattice:eu-central-1:000000000000:resourceconfiguration/rcfg-1"
#define ANOTHER       "arn:aws:vpc-lattice:eu-central-1:000000000000:resourceconfiguration/rcfg-2"

static void insert(const char *id, char *configuration_arn, int port, enum connector_state state)
{
	struct connector connector = { .url = configuration_arn == NULL ? "sftp://p.example" : NULL,
				       .access_role = "arn:aws:iam::000000000000:role/r",
				       .trusted_keys = { "ssh-ed25519 AAAA" },
				       .trusted_key_count = 1,
				       .max_connections = 1,
				       .security_policy = "a policy",
				       .created_ms = 1,
				       .configuration_arn = configuration_arn,
				       .port = port,
				       .state = state };
	strcpy(connector.id, id);
	assert_int_equal(connectors_insert(db, &connector, &err), 0);
}

static struct connector find(const char *id)
{
	struct connector connector;
	assert_int_equal(connectors_find(db, id, &connector, &err), 0);
	return connector;
}

static void a_private_connector_comes_back_as_it_was_kept_and_changed(void **state)
{
	(void)state;
	insert("c-1", CONFIGURATION, 2222, CONNECTOR_PENDING);
	struct connector connector = find("c-1");
	assert_null(connector.url);
	assert_string_equal(connector.configuration_arn, CONFIGURATION);
	assert_int_equal(connector.port, 2222);
	assert_int_equal(connector.state, CONNECTOR_PENDING);
	assert_null(connector.failure);

	free(sp_take_pointer(&connector.configuration_arn));
	connector.url = sp_strdup("sftp://other.example");
	connector.port = 0;
	connector.state = CONNECTOR_ERRORED;
	connector.failure = sp_strdup("why");
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	connector_finish(&connector);

	connector = find("c-1");
	assert_string_equal(connector.url, "sftp://other.example");
	assert_null(connector.configuration_arn);
	assert_int_equal(connector.port, 0);
	assert_int_equal(connector.state, CONNECTOR_ERRORED);
	assert_string_equal(connector.failure, "why");
	assert_string_equal(connector.trusted_keys[0], "ssh-ed25519 AAAA");
	connector_finish(&connector);
}

static void pending_connectors_are_listed_page_by_page(void **state)
{
	(void)state;
	insert("c-1", CONFIGURATION, 0, CONNECTOR_PENDING);
	insert("c-2", CONFIGURATION, 0, CONNECTOR_ACTIVE);
	insert("c-3", CONFIGURATION, 0, CONNECTOR_ERRORED);
	insert("c-4", ANOTHER, 0, CONNECTOR_PENDING);
	insert("c-5", NULL, 0, CONNECTOR_ACTIVE);
	insert("c-6", CONFIGURATION, 0, CONNECTOR_PENDING);

	struct connector page[2];
	size_t count;
	assert_int_equal(connectors_pending(db, NULL, page, 2, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_string_equal(page[0].id, "c-1");
	assert_string_equal(page[1].id, "c-4");
	assert_string_equal(page[1].configuration_arn, ANOTHER);
	connector_finish(&page[0]);
	connector_finish(&page[1]);
	assert_int_equal(connectors_pending(db, "c-4", page, 2, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(page[0].id, "c-6");
	connector_finish(&page[0]);
	assert_int_equal(connectors_pending(db, "c-6", page, 2, &count, &err), 0);
	assert_int_equal(count, 0);
}

static void only_what_was_looked_at_is_settled(void **state)
{
	(void)state;
	insert("c-1", CONFIGURATION, 22, CONNECTOR_PENDING);
	struct connector seen = find("c-1");

	/* Somebody changed the port meanwhile, or the configuration. */
	struct connector connector = find("c-1");
	connector.port = 2222;
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	assert_int_equal(connectors_settle(db, &seen, CONNECTOR_ACTIVE, NULL, &err), 0);
	struct connector now = find("c-1");
	assert_int_equal(now.state, CONNECTOR_PENDING);
	connector_finish(&now);
	connector.port = 22;
	connector.configuration_arn[strlen(connector.configuration_arn) - 1] = '2';
	assert_int_equal(connectors_update(db, &connector, &err), 0);
	assert_int_equal(connectors_settle(db, &seen, CONNECTOR_ACTIVE, NULL, &err), 0);
	now = find("c-1");
	assert_int_equal(now.state, CONNECTOR_PENDING);
	connector_finish(&now);

	assert_int_equal(connectors_settle(db, &connector, CONNECTOR_ERRORED, "no such port", &err),
			 0);
	now = find("c-1");
	assert_int_equal(now.state, CONNECTOR_ERRORED);
	assert_string_equal(now.failure, "no such port");
	connector_finish(&now);

	/* What is settled stays as it is, and so does what is gone. */
	assert_int_equal(connectors_settle(db, &connector, CONNECTOR_ACTIVE, NULL, &err), 0);
	now = find("c-1");
	assert_int_equal(now.state, CONNECTOR_ERRORED);
	connector_finish(&now);
	assert_int_equal(connectors_delete(db, "c-1", 1, &err), 0);
	assert_int_equal(connectors_settle(db, &connector, CONNECTOR_ACTIVE, NULL, &err), 0);
	connector_finish(&connector);
	connector_finish(&seen);
}

static void who_uses_a_configuration_is_found(void **state)
{
	(void)state;
	char id[CONNECTOR_ID_SIZE];
	insert("c-1", NULL, 0, CONNECTOR_ACTIVE);
	insert("c-3", ANOTHER, 0, CONNECTOR_ERRORED);
	insert("c-2", ANOTHER, 0, CONNECTOR_PENDING);
	assert_int_equal(connectors_using(db, CONFIGURATION, id, &err), 0);
	assert_string_equal(id, "");
	assert_int_equal(connectors_using(db, ANOTHER, id, &err), 0);
	assert_string_equal(id, "c-2");
}

static void a_connector_that_is_not_active_says_its_state_and_why(void **state)
{
	(void)state;
	insert("c-1", NULL, 0, CONNECTOR_ACTIVE);
	insert("c-2", CONFIGURATION, 0, CONNECTOR_PENDING);
	assert_int_equal(connectors_check_active(db, "c-1", &err), 0);
	assert_int_equal(connectors_check_active(db, "c-2", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_string_equal(err.message,
			    "the connector \"c-2\" is PENDING: its private path is being made");
	struct connector connector = find("c-2");
	assert_int_equal(connectors_settle(db, &connector, CONNECTOR_ERRORED, "no way", &err), 0);
	connector_finish(&connector);
	assert_int_equal(connectors_check_active(db, "c-2", &err), -1);
	assert_int_equal(err.code, SP_CONFLICT);
	assert_string_equal(err.message, "the connector \"c-2\" is ERRORED: no way");
	assert_int_equal(connectors_check_active(db, "c-3", &err), -1);
	assert_int_equal(err.code, SP_NOT_FOUND);
}

static void a_store_of_schema_1_keeps_all_it_has(void **state)
{
	(void)state;
	folder_make(&folder);
	database_open_at(1);
	assert_int_equal(
		db_script(db,
			  "INSERT INTO connectors (id, url, access_role, logging_role,"
			  " user_secret_id, max_connections, security_policy, created_ms,"
			  " pending_files) VALUES ('c-1', 'sftp://p.example', 'role', 'log',"
			  " 'secret', 5, 'a policy', 17, 1);"
			  "INSERT INTO connector_trusted_keys VALUES ('c-1', 0, 'ssh-rsa AAAA');"
			  "INSERT INTO transfers VALUES ('t-1', 'c-1', 0, NULL, '/in', 18);"
			  "INSERT INTO files VALUES (1, 'f-1', 't-1', 'c-1', 0, '/b/k', 'b', X'FF',"
			  " NULL, X'FE', 0, 1, 0, 0, 0, -1, '', 0, 0, NULL, NULL);"
			  "INSERT INTO tags VALUES ('arn:1', 'k', 'v');",
			  &err),
		0);
	db_close(db);
	database_open_at(migrations_count);

	struct connector connector = find("c-1");
	assert_string_equal(connector.url, "sftp://p.example");
	assert_string_equal(connector.access_role, "role");
	assert_string_equal(connector.logging_role, "log");
	assert_string_equal(connector.user_secret_id, "secret");
	assert_int_equal(connector.max_connections, 5);
	assert_string_equal(connector.security_policy, "a policy");
	assert_string_equal(connector.trusted_keys[0], "ssh-rsa AAAA");
	assert_int_equal(connector.created_ms, 17);
	assert_null(connector.configuration_arn);
	assert_int_equal(connector.port, 0);
	assert_int_equal(connector.state, CONNECTOR_ACTIVE);
	assert_null(connector.failure);
	connector_finish(&connector);

	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err,
				  "SELECT f.id, t.remote_directory, c.pending_files, g.tag_value"
				  " FROM files f JOIN transfers t ON t.id = f.transfer_id"
				  " JOIN connectors c ON c.id = f.connector_id, tags g",
				  ""),
			 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	assert_string_equal(db_rows_text(rows, 0), "f-1");
	assert_string_equal(db_rows_text(rows, 1), "/in");
	assert_int_equal(db_rows_integer(rows, 2), 1);
	assert_string_equal(db_rows_text(rows, 3), "v");
	assert_int_equal(db_rows_next(rows, &err), 0);
}

/* ---- client tokens ---- */

static void a_client_token_stands_for_one_request(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE];
	const int64_t now = 1700000000000, end = now + 1000;
	assert_int_equal(client_tokens_look_up(db, "create", "token", "aa", now, id, &err), 0);
	assert_string_equal(id, "");
	assert_int_equal(client_tokens_note(db, "create", "token", "aa", "rgw-1", now, end, &err),
			 0);
	assert_int_equal(client_tokens_look_up(db, "create", "token", "aa", now + 1, id, &err), 0);
	assert_string_equal(id, "rgw-1");

	assert_int_equal(client_tokens_look_up(db, "create", "token", "bb", now, id, &err), -1);
	assert_int_equal(err.code, SP_EXISTS);
	assert_non_null(strstr(err.message, "\"token\""));
	assert_int_equal(client_tokens_note(db, "create", "token", "bb", "rgw-2", now, end, &err),
			 -1);
	assert_int_equal(err.code, SP_EXISTS);

	/* It counts within one operation, and other tokens are other tokens. */
	assert_int_equal(client_tokens_look_up(db, "make", "token", "bb", now, id, &err), 0);
	assert_string_equal(id, "");
	assert_int_equal(client_tokens_look_up(db, "create", "Token", "bb", now, id, &err), 0);
	assert_string_equal(id, "");
}

static void a_client_token_is_forgotten_after_its_time(void **state)
{
	(void)state;
	char id[NETWORK_ID_SIZE];
	const int64_t then = 1700000000000, end = then + 1000;
	assert_int_equal(client_tokens_note(db, "create", "token", "aa", "rgw-1", then, end, &err),
			 0);
	assert_int_equal(client_tokens_look_up(db, "create", "token", "aa", end - 1, id, &err), 0);
	assert_string_equal(id, "rgw-1");
	assert_int_equal(client_tokens_look_up(db, "create", "token", "bb", end, id, &err), 0);
	assert_string_equal(id, "");
	assert_int_equal(
		client_tokens_note(db, "create", "token", "bb", "rgw-2", end, end + 1, &err), 0);
	assert_int_equal(client_tokens_look_up(db, "create", "token", "bb", end, id, &err), 0);
	assert_string_equal(id, "rgw-2");
}

static int64_t count_tokens(void)
{
	DB_AUTO_ROWS struct db_rows *rows = NULL;
	assert_int_equal(db_query(db, &rows, &err, "SELECT COUNT(*) FROM client_tokens", ""), 0);
	assert_int_equal(db_rows_next(rows, &err), 1);
	return db_rows_integer(rows, 0);
}

static void tokens_that_had_their_time_go_a_few_with_every_new_one(void **state)
{
	(void)state;
	char name[8];
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "t-%d", i);
		assert_int_equal(
			client_tokens_note(db, "create", name, "aa", "rgw-1", 1, 100 + i, &err), 0);
	}
	assert_int_equal(count_tokens(), 30);
	assert_int_equal(client_tokens_note(db, "create", "new", "aa", "rgw-1", 1000, 2000, &err),
			 0);
	assert_int_equal(count_tokens(), 31 - CLIENT_TOKENS_FORGOTTEN);
	/* Its own name is free although others went before it. */
	assert_int_equal(client_tokens_note(db, "create", "t-29", "bb", "rgw-2", 1000, 2000, &err),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, database_set_up, database_tear_down)
		WITH_STORE(a_private_connector_comes_back_as_it_was_kept_and_changed),
		WITH_STORE(pending_connectors_are_listed_page_by_page),
		WITH_STORE(only_what_was_looked_at_is_settled),
		WITH_STORE(who_uses_a_configuration_is_found),
		WITH_STORE(a_connector_that_is_not_active_says_its_state_and_why),
		cmocka_unit_test_teardown(a_store_of_schema_1_keeps_all_it_has, database_tear_down),
		WITH_STORE(a_client_token_stands_for_one_request),
		WITH_STORE(a_client_token_is_forgotten_after_its_time),
		WITH_STORE(tokens_that_had_their_time_go_a_few_with_every_new_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
