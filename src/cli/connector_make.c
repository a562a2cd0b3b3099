#include "cli/connector_make.h"

#include <string.h>
#include <time.h>

#include "base/scope.h"
#include "base/text.h"
#include "cli/host_key.h"
#include "cli/known_hosts.h"
#include "cli/login.h"
#include "cli/server_url.h"
#include "cli/text_file.h"

enum { LOOKS_MAX = 240, LOOK_EVERY_MS = 250 };

static json_t *make_input(const struct connector_plan *plan, const char *secret_id)
{
	json_t *sftp = json_object();
	sp_json_set_text(sftp, "UserSecretId", secret_id);
	if (plan->connections > 0)
		json_object_set_new(sftp, "MaxConcurrentConnections",
				    json_integer(plan->connections));
	if (json_array_size(plan->trusted_keys) > 0)
		json_object_set(sftp, "TrustedHostKeys", plan->trusted_keys);
	json_t *input = json_pack("{s:s, s:o, s:[{s:s, s:s}]}", "AccessRole", plan->role,
				  "SftpConfig", sftp, "Tags", "Key", "Name", "Value", plan->name);
	sp_json_set_text(input, "Url", plan->url);
	sp_json_set_text(input, "SecurityPolicyName", plan->policy);
	if (plan->configuration != NULL) {
		json_t *lattice =
			json_pack("{s:s}", "ResourceConfigurationArn", plan->configuration);
		if (plan->port > 0)
			json_object_set_new(lattice, "PortNumber", json_integer(plan->port));
		json_object_set_new(input, "EgressConfig",
				    json_pack("{s:o}", "VpcLattice", lattice));
	}
	return input;
}

static int check_name(struct ask *ask, const char *name, struct sp_error *err)
{
	char other[CONNECTOR_ID_ROOM];
	struct sp_error reason = { 0 };
	if (names_find_connector(ask, name, other, &reason) == 0)
		return sp_fail(err, SP_EXISTS, "there is a connector \"%.100s\" already: %s", name,
			       other);
	return reason.code == SP_NOT_FOUND ? 0 : sp_fail(err, reason.code, "%s", reason.message);
}

static int create(struct ask *ask, const struct connector_plan *plan, const char *secret_id,
		  char out_id[CONNECTOR_ID_ROOM], struct sp_error *err)
{
	SP_AUTO_JSON json_t *answer = NULL;
	if (ask_json(ask, ASK_TRANSFER, "CreateConnector", make_input(plan, secret_id), &answer,
		     err) != 0)
		return -1;
	const char *id = sp_json_string(answer, "ConnectorId");
	if (id == NULL || strlen(id) >= CONNECTOR_ID_ROOM)
		return sp_fail(err, SP_PROTOCOL, "the service does not tell the connector's id");
	strcpy(out_id, id);
	return 0;
}

int connector_make(struct ask *ask, const struct connector_plan *plan,
		   char out_id[CONNECTOR_ID_ROOM], struct sp_error *err)
{
	SP_AUTO_FREE char *made = NULL;
	if (plan->role == NULL)
		return sp_fail(err, SP_INVALID,
			       "nobody says which role the connector has: source admin.env of the "
			       "state folder, set SALLYPORT_ROLE, or give --role");
	if (check_name(ask, plan->name, err) != 0)
		return -1;
	if (plan->login != NULL && login_keep(ask, plan->name, plan->login, &made, err) != 0)
		return -1;
	if (create(ask, plan, made != NULL ? made : plan->secret_id, out_id, err) == 0)
		return 0;
	if (made != NULL)
		login_forget(ask, made, NULL);
	return -1;
}

/* Until a private connector is ACTIVE; SP_CONFLICT with its own sentence when it is ERRORED. */
static int wait_active(struct ask *ask, const char *connector_id, struct sp_error *err)
{
	for (int looks = 0; looks < LOOKS_MAX; looks++) {
		SP_AUTO_JSON json_t *connector = NULL;
		if (names_describe(ask, connector_id, &connector, err) != 0)
			return -1;
		const char *status = sp_json_string(connector, "Status");
		const char *sentence = sp_json_string(connector, "ErrorMessage");
		if (sp_text_equal(status, "ERRORED"))
			return sp_fail(err, SP_CONFLICT, "%s",
				       sentence == NULL ? "the connector is ERRORED" : sentence);
		if (sp_text_equal(status, "ACTIVE"))
			return 0;
		const struct timespec time = { .tv_nsec = LOOK_EVERY_MS * 1000000L };
		nanosleep(&time, NULL);
	}
	return sp_fail(err, SP_TIMEOUT,
		       "the connector is still PENDING: see sallyport connector "
		       "show");
}

int connector_learn(struct ask *ask, const char *connector_id, json_t **out_test,
		    struct sp_error *err)
{
	SP_AUTO_JSON json_t *test = NULL;
	if (wait_active(ask, connector_id, err) != 0 ||
	    host_key_test(ask, connector_id, &test, err) != 0)
		return -1;
	const char *key = sp_json_string(test, "HostKey");
	if (key == NULL)
		return sp_fail(err, SP_CONFLICT, "no host key was seen: %s",
			       sp_json_string(test, "StatusMessage"));
	SP_AUTO_JSON json_t *keys = json_pack("[s]", key);
	if (host_key_trust(ask, connector_id, keys, err) != 0)
		return -1;
	return host_key_test(ask, connector_id, out_test, err);
}

int connector_number(const struct run *run, enum option_id id, int64_t max, int64_t *out,
		     struct sp_error *err)
{
	const char *text = run_option(run, id);
	uint64_t number = 0;
	if (text != NULL && !sp_text_to_u64(text, 1, (uint64_t)max, &number))
		return sp_fail(err, SP_INVALID, "cannot use --%s %.32s: a number from 1 to %d",
			       option_rows[id].name, text, (int)max);
	*out = (int64_t)number;
	return 0;
}

static int add_known(const char *path, const char *url, json_t *keys, struct sp_error *err)
{
	struct server_url server;
	SP_AUTO_BUFFER text = { 0 };
	if (url == NULL)
		return sp_fail(err, SP_INVALID,
			       "--known-hosts finds keys by the server's name, and a private "
			       "connector has none: give --trust");
	if (server_url_read(url, &server, err) != 0 ||
	    text_file_read(path, KNOWN_HOSTS_MAX, &text, err) != 0)
		return -1;
	if (known_hosts_find(sp_buffer_text(&text), text.length, server.host, server.port, keys) ==
	    0)
		return sp_fail(err, SP_INVALID,
			       "\"%.200s\" has no host key of \"%.100s\" that a "
			       "connector can trust",
			       path, url);
	return 0;
}

int connector_keys(const struct run *run, const char *url, json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *keys = json_array();
	const char *path = run_option(run, OPTION_KNOWN_HOSTS);
	for (size_t i = 0; i < run->given_count; i++)
		if (run->given[i].id == OPTION_TRUST)
			json_array_append_new(keys, json_string(run->given[i].value));
	if (run_has(run, OPTION_LEARN) && (path != NULL || json_array_size(keys) > 0))
		return sp_fail(
			err, SP_INVALID,
			"--learn trusts what the server shows, --trust and --known-hosts say it "
			"beforehand: give one of them");
	if (path != NULL && add_known(path, url, keys, err) != 0)
		return -1;
	*out = json_array_size(keys) > 0 ? json_incref(keys) : NULL;
	return 0;
}
