/* sallyport connector list, connector show. */

#include <stdio.h>

#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/output.h"

/* Where it leads, for people: the URL, or the last part of the resource configuration's ARN. */
static const char *target_of(const json_t *connector)
{
	const json_t *lattice =
		json_object_get(json_object_get(connector, "EgressConfig"), "VpcLattice");
	const char *url = sp_json_string(connector, "Url");
	return url != NULL ? url : sp_json_string(lattice, "ResourceConfigurationArn");
}

static void print_list(const json_t *connectors)
{
	static const char *const titles[] = { "NAME", "CONNECTOR", "STATUS", "TARGET", NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *connector;
	json_array_foreach (connectors, i, connector) {
		output_table_add(&table, names_of_tags(json_object_get(connector, "Tags")));
		output_table_add(&table, sp_json_string(connector, "ConnectorId"));
		output_table_add(&table, sp_json_string(connector, "Status"));
		output_table_add(&table, target_of(connector));
	}
	output_table_print(&table);
}

static int list_all(struct ask *ask, struct run *run, struct sp_error *err)
{
	json_t *connectors = NULL;
	if (names_describe_all(ask, &connectors, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON)) {
		output_json(json_pack("{s:o}", "Connectors", connectors));
		return 0;
	}
	print_list(connectors);
	json_decref(connectors);
	return 0;
}

int connector_list(struct run *run, struct sp_error *err)
{
	return ask_within(run, list_all, err);
}

/* ---- one of them ------------------------------------------------------------------------------------------------- */

static void print_line(const char *title, const char *value)
{
	if (value != NULL && value[0] != '\0')
		printf("%-16s  %s\n", title, value);
}

static void print_state(const json_t *state)
{
	const json_t *breaker = json_object_get(state, "Breaker");
	const char *away = sp_json_string(breaker, "Since");
	printf("%-16s  %lld\n", "waiting files",
	       (long long)sp_json_integer(state, "PendingFiles", 0));
	print_line("paused since", sp_json_string(state, "PausedSince"));
	print_line("away since", away);
	print_line("away because", away == NULL ? NULL : sp_json_string(breaker, "Reason"));
}

static void print_one(const json_t *connector, const json_t *state)
{
	const json_t *sftp = json_object_get(connector, "SftpConfig");
	print_line("name", names_of_tags(json_object_get(connector, "Tags")));
	print_line("id", sp_json_string(connector, "ConnectorId"));
	print_line("status", sp_json_string(connector, "Status"));
	print_line("error", sp_json_string(connector, "ErrorMessage"));
	print_line("target", target_of(connector));
	print_line("secret", sp_json_string(sftp, "UserSecretId"));
	print_line("role", sp_json_string(connector, "AccessRole"));
	print_line("security policy", sp_json_string(connector, "SecurityPolicyName"));
	printf("%-16s  %lld\n", "connections",
	       (long long)sp_json_integer(sftp, "MaxConcurrentConnections", 1));
	size_t i;
	json_t *key;
	json_array_foreach (json_object_get(sftp, "TrustedHostKeys"), i, key)
		print_line("trusted key", json_string_value(key));
	print_state(state);
}

static int show_one(struct ask *ask, struct run *run, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_JSON json_t *state = NULL;
	SP_AUTO_JSON json_t *connector = NULL;
	sp_buffer_add_text(&target, "/v1/connectors/");
	ask_add_encoded(&target, run_word(run, 0));
	if (ask_native(ask, "GET", sp_buffer_text(&target), &state, err) != 0)
		return -1;
	const char *id = sp_json_string(state, "ConnectorId");
	if (names_describe(ask, id == NULL ? "" : id, &connector, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON))
		output_json(json_pack("{s:O, s:O}", "Connector", connector, "State", state));
	else
		print_one(connector, state);
	return 0;
}

int connector_show(struct run *run, struct sp_error *err)
{
	return ask_within(run, show_one, err);
}
