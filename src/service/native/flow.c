#include <inttypes.h>
#include <stdio.h>

#include "base/scope.h"
#include "base/text.h"
#include "egress/flows.h"
#include "service/native/operations.h"
#include "service/native/request.h"
#include "service/page_token.h"
#include "store/flows.h"

struct page {
	struct flow_filter filter;
	int64_t before;
	struct flow *flows;
	size_t room, count;
};

static int read_page(struct db *db, void *ctx, struct sp_error *err)
{
	struct page *page = ctx;
	return flows_list(db, &page->filter, page->before, page->flows, page->room, &page->count,
			  err);
}

/* A position is the number of the last flow that was told. */
static int64_t number_of(const char *position)
{
	uint64_t number;
	bool given = position != NULL && sp_text_to_u64(position, 0, INT64_MAX, &number);
	return given ? (int64_t)number : INT64_MAX;
}

static void reply(struct api_call *call, const struct page *page, const char *list_of, size_t max)
{
	json_t *output = json_object();
	json_t *list = json_array();
	for (size_t i = 0; i < page->count && i < max; i++)
		json_array_append_new(list, flow_to_json(&page->flows[i]));
	json_object_set_new(output, "Flows", list);
	if (page->count > max) {
		char position[32];
		snprintf(position, sizeof(position), "%" PRId64, page->flows[max - 1].number);
		answer_next_token(answer_context(call), output, list_of, position);
	}
	api_reply(call, output);
}

void native_list_flows(struct api_call *call)
{
	if (native_check_connector(call) != 0)
		return;
	const json_t *input = api_input(call);
	size_t max = answer_page_size(call);
	SP_AUTO_FREE char *list_of = page_token_list_of("flows", input);
	SP_AUTO_FREE char *position = NULL;
	if (answer_page_start(call, list_of, INVALID_REQUEST, &position) != 0)
		return;

	/* One more than is answered tells whether there is another page. */
	SP_AUTO_FREE struct flow *flows = sp_alloc((max + 1) * sizeof(*flows));
	struct page page = {
		.filter = { .connector_id = sp_json_string(input, "ConnectorId"),
			    .transfer_id = sp_json_string(input, "TransferId"),
			    .interface_id = sp_json_string(input, "NetworkInterfaceId") },
		.before = number_of(position),
		.flows = flows,
		.room = max + 1,
	};
	enum flow_verdict verdict;
	const char *verdict_name = sp_json_string(input, "Verdict");
	if (verdict_name != NULL && flow_verdict_find(verdict_name, &verdict))
		page.filter.verdict = &verdict;

	struct sp_error err = { 0 };
	if (store_read(answer_context(call)->store, read_page, &page, &err) != 0)
		answer_error(call, &err);
	else
		reply(call, &page, list_of, max);
}
