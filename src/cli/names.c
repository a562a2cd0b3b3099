#include "cli/names.h"

#include <stdio.h>
#include <string.h>

int names_find_connector(struct ask *ask, const char *name, char out[CONNECTOR_ID_ROOM],
			 struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	SP_AUTO_JSON json_t *answer = NULL;
	sp_buffer_add_text(&target, "/v1/connectors/");
	ask_add_encoded(&target, name);
	if (ask_native(ask, "GET", sp_buffer_text(&target), &answer, err) != 0)
		return -1;
	const char *id = sp_json_string(answer, "ConnectorId");
	if (id == NULL || strlen(id) >= CONNECTOR_ID_ROOM)
		return sp_fail(err, SP_PROTOCOL, "the service does not tell the connector's id");
	snprintf(out, CONNECTOR_ID_ROOM, "%s", id);
	return 0;
}

const char *names_of_tags(const json_t *tags)
{
	size_t i;
	json_t *tag;
	json_array_foreach (tags, i, tag) {
		const char *key = sp_json_string(tag, "Key");
		if (key != NULL && strcmp(key, "Name") == 0)
			return sp_json_string(tag, "Value");
	}
	return NULL;
}

int names_describe(struct ask *ask, const char *connector_id, json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *answer = NULL;
	if (ask_json(ask, ASK_TRANSFER, "DescribeConnector",
		     json_pack("{s:s}", "ConnectorId", connector_id), &answer, err) != 0)
		return -1;
	*out = json_incref(json_object_get(answer, "Connector"));
	return *out != NULL
		       ? 0
		       : sp_fail(err, SP_PROTOCOL, "the service does not describe a connector");
}

/* One that was deleted meanwhile is none. */
static int describe_page(struct ask *ask, const json_t *page, json_t *list, struct sp_error *err)
{
	size_t i;
	json_t *item;
	json_array_foreach (json_object_get(page, "Connectors"), i, item) {
		json_t *one = NULL;
		struct sp_error reason = { 0 };
		const char *id = sp_json_string(item, "ConnectorId");
		if (names_describe(ask, id == NULL ? "" : id, &one, &reason) == 0)
			json_array_append_new(list, one);
		else if (reason.code != SP_NOT_FOUND)
			return sp_fail(err, reason.code, "%s", reason.message);
	}
	return 0;
}

int names_describe_all(struct ask *ask, json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *list = json_array();
	SP_AUTO_JSON json_t *page = NULL;
	do {
		json_t *input = json_object();
		sp_json_set_text(input, "NextToken", sp_json_string(page, "NextToken"));
		json_decref(page);
		page = NULL;
		if (ask_json(ask, ASK_TRANSFER, "ListConnectors", input, &page, err) != 0 ||
		    describe_page(ask, page, list, err) != 0)
			return -1;
	} while (sp_json_string(page, "NextToken") != NULL);
	*out = json_incref(list);
	return 0;
}
