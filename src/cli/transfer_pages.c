#include "cli/transfer_pages.h"

#include <stdio.h>

enum { PAGE_MAX = 1000 };

static int read_page(struct ask *ask, const struct transfer_wish *wish, size_t max,
		     const char *token, json_t **out, struct sp_error *err)
{
	SP_AUTO_BUFFER target = { 0 };
	char size[24];
	snprintf(size, sizeof(size), "%zu", max < PAGE_MAX ? max : (size_t)PAGE_MAX);
	sp_buffer_add_text(&target, "/v1/transfers");
	ask_add_parameter(&target, "ConnectorId", wish->connector);
	ask_add_parameter(&target, "State", wish->state);
	ask_add_parameter(&target, "Direction", wish->direction);
	ask_add_parameter(&target, "Since", wish->since);
	ask_add_parameter(&target, "Until", wish->until);
	ask_add_parameter(&target, "PathContains", wish->path);
	ask_add_parameter(&target, "MaxResults", size);
	ask_add_parameter(&target, "NextToken", token);
	return ask_native(ask, "GET", sp_buffer_text(&target), out, err);
}

int transfer_pages_read(struct ask *ask, const struct transfer_wish *wish, size_t max, json_t **out,
			struct sp_error *err)
{
	SP_AUTO_JSON json_t *list = json_array();
	SP_AUTO_JSON json_t *page = NULL;
	do {
		json_t *next = NULL;
		if (read_page(ask, wish, max - json_array_size(list),
			      sp_json_string(page, "NextToken"), &next, err) != 0)
			return -1;
		json_decref(page);
		page = next;
		json_array_extend(list, json_object_get(page, "Transfers"));
	} while (json_array_size(list) < max && sp_json_string(page, "NextToken") != NULL);
	*out = json_incref(list);
	return 0;
}
