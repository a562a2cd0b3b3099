#include "service/lattice/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "service/page_token.h"

enum { PAGE_SIZE_DEFAULT = 100 }; /* as the most that may be asked for */

int lattice_page_begin(struct lattice_request *request, const char *list, struct lattice_page *out,
		       struct sp_error *err)
{
	const char *token = sp_json_string(request->input, "nextToken");
	*out = (struct lattice_page){
		.list = list,
		.max = (size_t)sp_json_integer(request->input, "maxResults", PAGE_SIZE_DEFAULT),
	};
	if (token != NULL &&
	    page_token_read(request->context->token_key, list, token, &out->after, err) != 0)
		return lattice_refuse_field(
			request, err, "nextToken",
			"the token is not one that this list gave out: begin without one");
	out->items = json_array();
	return 0;
}

bool lattice_page_wants(struct lattice_page *page, const char *id)
{
	if (page->after != NULL && strcmp(id, page->after) <= 0)
		return false;
	if (json_array_size(page->items) == page->max) {
		page->has_more = true;
		return false;
	}
	snprintf(page->last, sizeof(page->last), "%s", id);
	return true;
}

void lattice_page_add(struct lattice_page *page, json_t *item)
{
	json_array_append_new(page->items, item);
}

void lattice_page_end(struct lattice_page *page, struct lattice_request *request)
{
	if (page->has_more) {
		SP_AUTO_FREE char *token =
			page_token_make(request->context->token_key, page->list, page->last);
		sp_json_set_text(request->output, "nextToken", token);
	}
	json_object_set_new(request->output, "items", page->items);
	free(page->after);
	*page = (struct lattice_page){ 0 };
}
