#include "service/ec2/describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "service/ec2/tags.h"
#include "service/page_token.h"

enum { PAGE_DEFAULT = 1000 };

struct ec2_shown {
	char *id;
	json_t *item;
};

static void finish_view(struct ec2_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		free(view->shown[i].id);
		json_decref(view->shown[i].item);
	}
	free(view->shown);
}

#define AUTO_VIEW __attribute__((cleanup(finish_view))) struct ec2_view

/* ---- what is asked for -------------------------------------------------------------------------------------------- */

static const json_t *selected(const struct ec2_view *view, const struct ec2_selector *selector)
{
	return selector->parameter == NULL
		       ? NULL
		       : json_object_get(view->request->input, selector->parameter);
}

static bool lists(const json_t *names, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return true;
	return false;
}

bool ec2_view_wants(const struct ec2_view *view, const char *id)
{
	if (view->only_id != NULL)
		return strcmp(view->only_id, id) == 0;
	const json_t *ids = selected(view, &view->kind->selectors[0]);
	return json_array_size(ids) == 0 || view->kind->id_prefix == NULL || lists(ids, id);
}

static bool is_selected(const struct ec2_view *view, const json_t *item)
{
	for (size_t i = 0; i < EC2_SELECTORS_MAX; i++) {
		const struct ec2_selector *selector = &view->kind->selectors[i];
		const json_t *names = selected(view, selector);
		const char *name =
			selector->member == NULL ? NULL : sp_json_string(item, selector->member);
		if (json_array_size(names) > 0 && (name == NULL || !lists(names, name)))
			return false;
	}
	return true;
}

int ec2_view_add(struct ec2_view *view, struct db *db, const char *id, json_t *item,
		 struct sp_error *err)
{
	SP_AUTO_JSON json_t *taken = item;
	if (!ec2_view_wants(view, id))
		return 0;
	if (view->kind->type != NULL) {
		json_t *tags;
		if (ec2_tag_set(view->request->context, db, view->kind, id, &tags, err) != 0)
			return -1;
		json_object_set_new(item, "tagSet", tags);
	}
	if (view->only_id == NULL && !is_selected(view, item))
		return 0;
	view->shown = sp_realloc(view->shown, (view->count + 1) * sizeof(*view->shown));
	view->shown[view->count++] = (struct ec2_shown){ sp_strdup(id), sp_take_pointer(&taken) };
	return 0;
}

/* Those that are named must be there, whatever the filters say. */
static int check_selected(const struct ec2_view *view, struct sp_error *err)
{
	for (size_t i = 0; i < EC2_SELECTORS_MAX; i++) {
		const struct ec2_selector *selector = &view->kind->selectors[i];
		const json_t *names = selected(view, selector);
		for (size_t j = 0; j < json_array_size(names); j++) {
			const char *name = json_string_value(json_array_get(names, j));
			bool found = false;
			for (size_t k = 0; k < view->count && !found; k++)
				found = sp_text_equal(name, sp_json_string(view->shown[k].item,
									   selector->member));
			if (!found)
				return ec2_refuse(view->request, err, selector->not_found,
						  "The %s '%.200s' does not exist", selector->noun,
						  name);
		}
	}
	return 0;
}

static int check_ids(const struct ec2_view *view, struct sp_error *err)
{
	const json_t *ids = selected(view, &view->kind->selectors[0]);
	for (size_t i = 0; view->kind->id_prefix != NULL && i < json_array_size(ids); i++)
		if (ec2_id_check(view->request, view->kind,
				 json_string_value(json_array_get(ids, i)), err) != 0)
			return -1;
	return 0;
}

static int check_filters(const struct ec2_view *view, struct sp_error *err)
{
	if (ec2_filters_check(json_object_get(view->request->input, "Filter"), view->kind->filters,
			      err) == 0)
		return 0;
	view->request->code = err->code == SP_LIMIT ? "FilterLimitExceeded" : EC2_INVALID_VALUE;
	return -1;
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

static int page_size(const struct ec2_view *view, size_t *out, struct sp_error *err)
{
	const struct ec2_kind *kind = view->kind;
	const json_t *asked = json_object_get(view->request->input, "MaxResults");
	*out = PAGE_DEFAULT;
	if (asked == NULL || kind->page_max == 0)
		return 0;
	json_int_t size = json_integer_value(asked);
	if (size < kind->page_min || size > kind->page_max)
		return ec2_refuse(view->request, err, EC2_INVALID_VALUE,
				  "Value ( %lld ) for parameter maxResults is invalid. Expecting a "
				  "value between %d and %d.",
				  (long long)size, kind->page_min, kind->page_max);
	for (size_t i = 0; i < EC2_SELECTORS_MAX; i++)
		if (json_array_size(selected(view, &kind->selectors[i])) > 0)
			return ec2_refuse(view->request, err, EC2_INVALID_COMBINATION,
					  "The parameter %s cannot be used with the parameter "
					  "MaxResults",
					  kind->selectors[i].parameter);
	*out = (size_t)size;
	return 0;
}

static char *list_of(const struct ec2_view *view)
{
	return page_token_list(view->kind->set, json_object_get(view->request->input, "Filter"));
}

static int page_start(const struct ec2_view *view, char **out, struct sp_error *err)
{
	const char *token = ec2_text(view->request, "NextToken");
	if (token == NULL || *token == '\0' || view->kind->page_max == 0)
		return 0;
	SP_AUTO_FREE char *list = list_of(view);
	if (page_token_read(view->request->context->token_key, list, token, out, err) == 0)
		return 0;
	view->request->code = "InvalidNextToken";
	return sp_wrap(err, "The NextToken is invalid");
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct ec2_shown *)a)->id, ((const struct ec2_shown *)b)->id);
}

static void answer_page(const struct ec2_view *view, size_t max)
{
	const struct ec2_request *request = view->request;
	const json_t *filters = json_object_get(request->input, "Filter");
	json_t *set = json_array();
	const char *last = NULL;
	json_object_set_new(request->output, view->kind->set, set);
	for (size_t i = 0; i < view->count; i++) {
		const struct ec2_shown *shown = &view->shown[i];
		if ((view->after != NULL && strcmp(shown->id, view->after) <= 0) ||
		    !ec2_filters_match(filters, view->kind->filters, shown->item))
			continue;
		if (json_array_size(set) == max) {
			SP_AUTO_FREE char *list = list_of(view);
			SP_AUTO_FREE char *token =
				page_token_make(request->context->token_key, list, last);
			sp_json_set_text(request->output, "nextToken", token);
			return;
		}
		json_array_append(set, shown->item);
		last = shown->id;
	}
}

static int describe(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err)
{
	AUTO_VIEW view = { .request = request, .kind = ctx };
	size_t max;
	if (check_ids(&view, err) != 0 || check_filters(&view, err) != 0 ||
	    page_size(&view, &max, err) != 0)
		return -1;
	SP_AUTO_FREE char *after = NULL;
	if (page_start(&view, &after, err) != 0 || view.kind->list(&view, db, err) != 0 ||
	    check_selected(&view, err) != 0)
		return -1;
	view.after = after;
	if (view.count > 0)
		qsort(view.shown, view.count, sizeof(*view.shown), by_id);
	answer_page(&view, max);
	return 0;
}

void ec2_describe(struct api_call *call, const struct ec2_kind *kind)
{
	ec2_read(call, describe, (void *)kind);
}

int ec2_show(struct ec2_request *request, struct db *db, const struct ec2_kind *kind,
	     const char *id, json_t **out, struct sp_error *err)
{
	AUTO_VIEW view = { .request = request, .kind = kind, .only_id = id };
	if (kind->list(&view, db, err) != 0)
		return -1;
	if (view.count == 0) {
		sp_fail(err, SP_NOT_FOUND, "there is no \"%s\"", id);
		return ec2_not_found(request, kind, id, err);
	}
	*out = json_incref(view.shown[0].item);
	return 0;
}
