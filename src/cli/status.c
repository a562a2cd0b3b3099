/* sallyport status: whether the service works, who we are to it, and what is under way. */

#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "base/xml_texts.h"
#include "cli/handlers.h"
#include "cli/names.h"
#include "cli/output.h"
#include "cli/transfer_pages.h"

enum { UNDER_WAY_MAX = 1000 };

static int find_identity(struct ask *ask, json_t *out, struct sp_error *err)
{
	static const struct ask_parameter none[] = { { NULL, NULL } };
	SP_AUTO_BUFFER answer = { 0 };
	if (ask_query(ask, "sts", "GetCallerIdentity", none, &answer, err) != 0)
		return -1;
	const struct xml_piece piece = { sp_buffer_text(&answer), answer.length };
	SP_AUTO_FREE char *arn = xml_text(piece, "Arn");
	SP_AUTO_FREE char *account = xml_text(piece, "Account");
	sp_json_set_text(out, "Arn", arn);
	sp_json_set_text(out, "Account", account);
	return 0;
}

/* The connector's state (GET /v1/connectors/ID) and its name, in one. */
static int add_connector(struct ask *ask, const json_t *connector, json_t *list,
			 struct sp_error *err)
{
	const char *id = sp_json_string(connector, "ConnectorId");
	SP_AUTO_BUFFER target = { 0 };
	json_t *state = NULL;
	sp_buffer_format(&target, "/v1/connectors/%s", id == NULL ? "" : id);
	if (ask_native(ask, "GET", sp_buffer_text(&target), &state, err) != 0)
		return -1;
	sp_json_set_text(state, "Name", names_of_tags(json_object_get(connector, "Tags")));
	sp_json_set_text(state, "Status", sp_json_string(connector, "Status"));
	json_array_append_new(list, state);
	return 0;
}

static int find_connectors(struct ask *ask, json_t *out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *connectors = NULL;
	json_t *list = json_array();
	json_object_set_new(out, "Connectors", list);
	if (names_describe_all(ask, &connectors, err) != 0)
		return -1;
	size_t i;
	json_t *connector;
	json_array_foreach (connectors, i, connector) {
		if (add_connector(ask, connector, list, err) != 0)
			return -1;
	}
	return 0;
}

static int find_under_way(struct ask *ask, json_t *out, struct sp_error *err)
{
	const struct transfer_wish wish = { .state = "IN_PROGRESS" };
	SP_AUTO_JSON json_t *transfers = NULL;
	if (transfer_pages_read(ask, &wish, UNDER_WAY_MAX, &transfers, err) != 0)
		return -1;
	json_object_set_new(out, "TransfersInProgress",
			    json_integer((json_int_t)json_array_size(transfers)));
	return 0;
}

static void print_connectors(const json_t *connectors)
{
	static const char *const titles[] = { "NAME",    "CONNECTOR", "STATUS",
					      "WAITING", "PARTNER",   NULL };
	AUTO_TABLE table = { .titles = titles };
	size_t i;
	json_t *one;
	json_array_foreach (connectors, i, one) {
		char waiting[24];
		const json_t *breaker = json_object_get(one, "Breaker");
		bool is_away = !sp_text_equal(sp_json_string(breaker, "State"), "CLOSED");
		snprintf(waiting, sizeof(waiting), "%lld",
			 (long long)sp_json_integer(one, "PendingFiles", 0));
		output_table_add(&table, sp_json_string(one, "Name"));
		output_table_add(&table, sp_json_string(one, "ConnectorId"));
		output_table_add(&table, json_is_true(json_object_get(one, "Paused"))
						 ? "paused"
						 : sp_json_string(one, "Status"));
		output_table_add(&table, waiting);
		output_table_add(&table, is_away ? sp_json_string(breaker, "Reason") : "there");
	}
	output_table_print(&table);
}

static int show(struct ask *ask, struct run *run, struct sp_error *err)
{
	SP_AUTO_JSON json_t *out = json_pack("{s:s, s:s}", "Endpoint", ask->account.endpoint,
					     "Region", ask->account.region);
	if (find_identity(ask, out, err) != 0 || find_connectors(ask, out, err) != 0 ||
	    find_under_way(ask, out, err) != 0)
		return -1;
	if (run_has(run, OPTION_JSON)) {
		output_json(json_incref(out));
		return 0;
	}
	printf("service        %s\nwho you are    %s\nin progress    %lld transfers\n",
	       ask->account.endpoint, sp_json_string(out, "Arn"),
	       (long long)sp_json_integer(out, "TransfersInProgress", 0));
	print_connectors(json_object_get(out, "Connectors"));
	return 0;
}

int show_status(struct run *run, struct sp_error *err)
{
	return ask_within(run, show, err);
}
