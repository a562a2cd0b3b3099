/* sallyport connector add: a connector with its secret, its name and the keys that it trusts. */

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

static int check_target(const struct run *run, struct sp_error *err)
{
	bool is_public = run_word(run, 1) != NULL, is_private = run_has(run, OPTION_EGRESS);
	if (is_public == is_private)
		return sp_fail(err, SP_INVALID,
			       "give either the server's URL, or with --egress the resource "
			       "configuration of a private one");
	if (is_public && run_has(run, OPTION_PORT))
		return sp_fail(err, SP_INVALID,
			       "--port is for private connectors: write the port "
			       "into the URL");
	return 0;
}

static void tell(const struct run *run, const char *id, json_t *test)
{
	char fingerprint[HOST_KEY_FINGERPRINT_SIZE];
	const char *key = sp_json_string(test, "HostKey");
	if (run_has(run, OPTION_JSON)) {
		json_t *out = json_pack("{s:s, s:s}", "ConnectorId", id, "Name", run_word(run, 0));
		if (test != NULL)
			json_object_set(out, "Test", test);
		output_json(out);
		return;
	}
	puts(id);
	if (key != NULL && host_key_fingerprint(key, fingerprint))
		output_note("trusted is the key %s: compare it with what the partner tells you on "
			    "another way",
			    fingerprint);
}

/* What the options say, beside login and keys. */
static int read_plan(const struct run *run, const struct ask *ask, struct connector_plan *plan,
		     struct server_url *server, struct sp_error *err)
{
	const char *url = run_word(run, 1);
	if (check_target(run, err) != 0 ||
	    (url != NULL && server_url_read(url, server, err) != 0) ||
	    connector_number(run, OPTION_PORT, PORT_MAX, &plan->port, err) != 0 ||
	    connector_number(run, OPTION_CONNECTIONS, CONNECTIONS_MAX, &plan->connections, err) !=
		    0)
		return -1;
	plan->name = run_word(run, 0);
	plan->url = url == NULL ? NULL : server->url;
	plan->configuration = run_option(run, OPTION_EGRESS);
	plan->secret_id = run_option(run, OPTION_SECRET);
	plan->policy = run_option(run, OPTION_POLICY);
	plan->role = ask->account.role;
	return 0;
}

static int add(struct ask *ask, struct run *run, struct sp_error *err)
{
	struct connector_plan plan = { 0 };
	struct server_url server = { 0 };
	SP_AUTO_SECRET char *login = NULL;
	SP_AUTO_JSON json_t *keys = NULL;
	SP_AUTO_JSON json_t *test = NULL;
	char id[CONNECTOR_ID_ROOM];
	if (read_plan(run, ask, &plan, &server, err) != 0 ||
	    login_read(run, server.user, &login, err) != 0 ||
	    connector_keys(run, plan.url, &keys, err) != 0)
		return -1;
	if ((plan.secret_id == NULL) == (login == NULL))
		return sp_fail(
			err, SP_INVALID,
			"how does it log in? Give --user with --password-file or --key-file, "
			"or --secret");
	plan.login = login;
	plan.trusted_keys = keys;
	if (connector_make(ask, &plan, id, err) != 0)
		return -1;
	if (run_has(run, OPTION_LEARN) && connector_learn(ask, id, &test, err) != 0)
		return sp_wrap(err, "the connector %s was made, and trusts no key", id);
	if (test != NULL && !host_key_test_is_ok(test))
		run->status = STATUS_TEST_FAILED;
	tell(run, id, test);
	if (run->status == STATUS_TEST_FAILED)
		output_note("%s", sp_json_string(test, "StatusMessage"));
	return 0;
}

int connector_add(struct run *run, struct sp_error *err)
{
	return ask_within(run, add, err);
}
