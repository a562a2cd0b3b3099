/* sallyport connector edit, remove, pause, resume. */

#include <stdio.h>

#include "base/scope.h"
#include "base/secret.h"
#include "cli/connector_make.h"
#include "cli/handlers.h"
#include "cli/host_key.h"
#include "cli/login.h"
#include "cli/output.h"
#include "cli/server_url.h"

enum { PORT_MAX = 65535, CONNECTIONS_MAX = 5 };

static void tell(const struct run *run, const char *id, const char *what)
{
	if (run_has(run, OPTION_JSON))
		output_json(json_pack("{s:s, s:s}", "ConnectorId", id, "Done", what));
	else if (!run_has(run, OPTION_QUIET))
		printf("%s %s\n", what, id);
}

/* ---- edit -------------------------------------------------------------------------------------------------------- */

static int read_target(const struct run *run, json_t *input, struct server_url *server,
		       struct sp_error *err)
{
	const char *url = run_option(run, OPTION_URL), *egress = run_option(run, OPTION_EGRESS);
	int64_t port;
	if (connector_number(run, OPTION_PORT, PORT_MAX, &port, err) != 0)
		return -1;
	if (url != NULL && (egress != NULL || port > 0))
		return sp_fail(err, SP_INVALID,
			       "--url is for connectors over the internet, --egress "
			       "and --port for private ones");
	if (url != NULL && server_url_read(url, server, err) != 0)
		return -1;
	if (url != NULL)
		sp_json_set_text(input, "Url", server->url);
	if (egress == NULL && port == 0)
		return 0;
	json_t *lattice = json_object();
	sp_json_set_text(lattice, "ResourceConfigurationArn", egress);
	if (port > 0)
		json_object_set_new(lattice, "PortNumber", json_integer(port));
	json_object_set_new(input, "EgressConfig", json_pack("{s:o}", "VpcLattice", lattice));
	return 0;
}

static int read_sftp(const struct run *run, const char *url, json_t *input, struct sp_error *err)
{
	json_t *keys = NULL;
	int64_t connections;
	if (connector_number(run, OPTION_CONNECTIONS, CONNECTIONS_MAX, &connections, err) != 0 ||
	    connector_keys(run, url, &keys, err) != 0)
		return -1;
	json_t *sftp = json_object();
	sp_json_set_text(sftp, "UserSecretId", run_option(run, OPTION_SECRET));
	if (connections > 0)
		json_object_set_new(sftp, "MaxConcurrentConnections", json_integer(connections));
	if (keys != NULL)
		json_object_set_new(sftp, "TrustedHostKeys", keys);
	if (json_object_size(sftp) > 0)
		json_object_set(input, "SftpConfig", sftp);
	json_decref(sftp);
	return 0;
}

/* The login in the connector's secret, which keeps its user when no other one is named. */
static int change_login(struct ask *ask, const struct run *run, const json_t *connector,
			const char *url_user, struct sp_error *err)
{
	const char *secret =
		sp_json_string(json_object_get(connector, "SftpConfig"), "UserSecretId");
	bool has_one = run_has(run, OPTION_PASSWORD_FILE) || run_has(run, OPTION_KEY_FILE);
	SP_AUTO_FREE char *user = sp_strdup(url_user[0] == '\0' ? NULL : url_user);
	SP_AUTO_SECRET char *login = NULL;
	if (has_one && run_has(run, OPTION_SECRET))
		return sp_fail(err, SP_INVALID,
			       "--secret names another secret, --password-file and "
			       "--key-file change the one that is there");
	if (has_one && user == NULL && !run_has(run, OPTION_USER) && secret != NULL &&
	    login_user(ask, secret, &user, err) != 0)
		return -1;
	if (login_read(run, user, &login, err) != 0)
		return -1;
	return login == NULL || secret == NULL ? 0 : login_change(ask, secret, login, err);
}

static int learn(struct ask *ask, struct run *run, const char *id, struct sp_error *err)
{
	SP_AUTO_JSON json_t *test = NULL;
	char fingerprint[HOST_KEY_FINGERPRINT_SIZE] = "";
	if (connector_learn(ask, id, &test, err) != 0)
		return -1;
	const char *key = sp_json_string(test, "HostKey");
	if (key != NULL && host_key_fingerprint(key, fingerprint))
		output_note("trusted is the key %s: compare it with what the partner tells you on "
			    "another way",
			    fingerprint);
	if (!host_key_test_is_ok(test))
		run->status = STATUS_TEST_FAILED;
	return 0;
}

static bool changes_something(const struct run *run)
{
	for (size_t i = 0; i < run->given_count; i++)
		if ((run->command->options & WITH(run->given[i].id)) != 0)
			return true;
	return false;
}

static int edit(struct ask *ask, struct run *run, struct sp_error *err)
{
	char id[CONNECTOR_ID_ROOM];
	struct server_url server = { 0 };
	SP_AUTO_JSON json_t *connector = NULL;
	SP_AUTO_JSON json_t *input = json_object();
	if (!changes_something(run))
		return sp_fail(err, SP_INVALID,
			       "say what is to be changed: see sallyport help connector edit");
	if (read_target(run, input, &server, err) != 0 ||
	    names_find_connector(ask, run_word(run, 0), id, err) != 0 ||
	    names_describe(ask, id, &connector, err) != 0)
		return -1;
	const char *url = server.url[0] != '\0' ? server.url : sp_json_string(connector, "Url");
	sp_json_set_text(input, "SecurityPolicyName", run_option(run, OPTION_POLICY));
	sp_json_set_text(input, "AccessRole", run_option(run, OPTION_ROLE));
	if (read_sftp(run, url, input, err) != 0 ||
	    change_login(ask, run, connector, server.user, err) != 0)
		return -1;
	if (json_object_size(input) > 0) {
		sp_json_set_text(input, "ConnectorId", id);
		if (ask_json(ask, ASK_TRANSFER, "UpdateConnector", json_incref(input), NULL, err) !=
		    0)
			return -1;
	}
	if (run_has(run, OPTION_LEARN) && learn(ask, run, id, err) != 0)
		return -1;
	tell(run, id, "changed");
	return 0;
}

int connector_edit(struct run *run, struct sp_error *err)
{
	return ask_within(run, edit, err);
}

/* ---- remove, pause, resume --------------------------------------------------------------------------------------- */

static int remove_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	char id[CONNECTOR_ID_ROOM];
	SP_AUTO_JSON json_t *connector = NULL;
	if (names_find_connector(ask, run_word(run, 0), id, err) != 0 ||
	    names_describe(ask, id, &connector, err) != 0 ||
	    ask_json(ask, ASK_TRANSFER, "DeleteConnector", json_pack("{s:s}", "ConnectorId", id),
		     NULL, err) != 0)
		return -1;
	const char *secret =
		sp_json_string(json_object_get(connector, "SftpConfig"), "UserSecretId");
	if (run_has(run, OPTION_WITH_SECRET) && secret != NULL &&
	    login_forget(ask, secret, err) != 0)
		return sp_wrap(err, "the connector is removed, and its secret is not");
	tell(run, id, "removed");
	return 0;
}

int connector_remove(struct run *run, struct sp_error *err)
{
	return ask_within(run, remove_one, err);
}

static int set_pause(struct ask *ask, const struct run *run, const char *call, const char *done,
		     struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_JSON json_t *answer = NULL;
	sp_buffer_add_text(&target, "/v1/connectors/");
	ask_add_encoded(&target, run_word(run, 0));
	sp_buffer_format(&target, "/%s", call);
	if (ask_native(ask, "POST", sp_buffer_text(&target), &answer, err) != 0)
		return -1;
	const char *id = sp_json_string(answer, "ConnectorId");
	tell(run, id == NULL ? "" : id, done);
	return 0;
}

static int pause_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	return set_pause(ask, run, "pause", "paused", err);
}

static int resume_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	return set_pause(ask, run, "resume", "resumed", err);
}

int connector_pause(struct run *run, struct sp_error *err)
{
	return ask_within(run, pause_one, err);
}

int connector_resume(struct run *run, struct sp_error *err)
{
	return ask_within(run, resume_one, err);
}
