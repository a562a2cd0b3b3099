#include "service/secretsmanager/request.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/page_token.h"

enum { PAGE_MAX = 100 };

static const struct {
	const char *name;
	enum secrets_order order;
} orders[] = {
	{ "created-date", SECRETS_BY_CREATED },
	{ "last-accessed-date", SECRETS_BY_ACCESSED },
	{ "last-changed-date", SECRETS_BY_CHANGED },
	{ "name", SECRETS_BY_NAME },
};

static enum secrets_order order_from_input(const json_t *input)
{
	const char *name = sp_json_string(input, "SortBy");
	for (size_t i = 0; i < SP_COUNT_OF(orders); i++)
		if (sp_text_equal(orders[i].name, name))
			return orders[i].order;
	return SECRETS_BY_CREATED;
}

static int64_t date_of(const json_t *secret, enum secrets_order order)
{
	static const char *const members[] = { [SECRETS_BY_CREATED] = "CreatedDate",
					       [SECRETS_BY_CHANGED] = "LastChangedDate",
					       [SECRETS_BY_ACCESSED] = "LastAccessedDate",
					       [SECRETS_BY_NAME] = "" };
	double seconds = json_number_value(json_object_get(secret, members[order]));
	return (int64_t)(seconds * 1000 + 0.5);
}

/* ---- filters ---- */

static bool prefix(const char *text, const char *value)
{
	return text != NULL && sp_text_starts_with(text, value);
}

static bool prefix_of_any_tag(const json_t *secret, const char *member, const char *value)
{
	const json_t *tags = json_object_get(secret, "Tags");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (prefix(sp_json_string(json_array_get(tags, i), member), value))
			return true;
	return false;
}

static bool match_name(const json_t *secret, const char *value)
{
	return prefix(sp_json_string(secret, "Name"), value);
}

static bool match_description(const json_t *secret, const char *value)
{
	const char *description = sp_json_string(secret, "Description");
	return description != NULL && strncasecmp(description, value, strlen(value)) == 0;
}

static bool match_tag_key(const json_t *secret, const char *value)
{
	return prefix_of_any_tag(secret, "Key", value);
}

static bool match_tag_value(const json_t *secret, const char *value)
{
	return prefix_of_any_tag(secret, "Value", value);
}

/* No secret here is replicated or owned by another service. */
static bool match_nothing(const json_t *secret, const char *value)
{
	(void)secret;
	(void)value;
	return false;
}

static bool contains_word(const json_t *secret, const char *word)
{
	static const char *const members[] = { "Name", "Description" };
	for (size_t i = 0; i < SP_COUNT_OF(members); i++) {
		const char *text = sp_json_string(secret, members[i]);
		if (text != NULL && strcasestr(text, word) != NULL)
			return true;
	}
	const json_t *tags = json_object_get(secret, "Tags");
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		if (strcasestr(sp_json_string(tag, "Key"), word) != NULL ||
		    strcasestr(sp_json_string(tag, "Value"), word) != NULL)
			return true;
	}
	return false;
}

/* Every word must be somewhere. */
static bool match_all(const json_t *secret, const char *value)
{
	SP_AUTO_FREE char *words = sp_strdup(value);
	char *rest = NULL;
	for (char *word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		if (!contains_word(secret, word))
			return false;
	return true;
}

static const struct filter {
	const char *key;
	bool (*match)(const json_t *secret, const char *value);
} filters[] = {
	{ "name", match_name },
	{ "description", match_description },
	{ "tag-key", match_tag_key },
	{ "tag-value", match_tag_value },
	{ "primary-region", match_nothing },
	{ "owning-service", match_nothing },
	{ "all", match_all },
};

/* One of the values must match, and none of those that begin with '!'. */
static bool passes_filter(const json_t *secret, const json_t *given)
{
	const char *key = sp_json_string(given, "Key");
	const json_t *values = json_object_get(given, "Values");
	bool wanted = false, found = false;
	for (size_t f = 0; f < SP_COUNT_OF(filters); f++) {
		if (strcmp(filters[f].key, key) != 0)
			continue;
		for (size_t i = 0; i < json_array_size(values); i++) {
			const char *value = json_string_value(json_array_get(values, i));
			bool negated = *value == '!';
			bool matches = filters[f].match(secret, value + negated);
			if (negated && matches)
				return false;
			wanted = wanted || !negated;
			found = found || (!negated && matches);
		}
	}
	return found || !wanted;
}

static bool passes_filters(const json_t *secret, const json_t *given)
{
	for (size_t i = 0; i < json_array_size(given); i++)
		if (!passes_filter(secret, json_array_get(given, i)))
			return false;
	return true;
}

/* ---- pages ---- */

struct page {
	struct db *db;
	const json_t *input;
	json_t *secrets; /* owned */
	size_t max;
	bool deleted_too;
	bool more; /* there is at least one behind the page */
	struct sp_error *err;
	int result;
};

static bool add_secret(void *ctx, const struct secret *secret)
{
	struct page *page = ctx;
	if (secret->deleted_ms != 0 && !page->deleted_too)
		return true;
	SP_AUTO_JSON json_t *object = NULL;
	page->result =
		secret_to_json(page->db, secret, "SecretVersionsToStages", &object, page->err);
	if (page->result != 0)
		return false;
	if (!passes_filters(object, json_object_get(page->input, "Filters")))
		return true;
	page->more = json_array_size(page->secrets) == page->max;
	if (!page->more)
		json_array_append(page->secrets, object);
	return !page->more;
}

/* "<date>|<name>", as it was written below. */
static int read_position(const char *text, struct secrets_position *out, struct sp_error *err)
{
	char *end;
	errno = 0;
	out->date_ms = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '|')
		return sp_fail(err, SP_INTERNAL, "a page token of ours cannot be read");
	out->name = sp_strdup(end + 1);
	return 0;
}

static int list(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const json_t *input = request->input;
	enum secrets_order order = order_from_input(input);
	bool descending = sp_text_equal(sp_json_string(input, "SortOrder"), "desc");
	bool deleted_too = json_is_true(json_object_get(input, "IncludePlannedDeletion"));
	const char *token = sp_json_string(input, "NextToken");

	/* The position means something in the same order only, and the page in the same list. */
	SP_AUTO_BUFFER name = { 0 };
	SP_AUTO_FREE char *position_text = NULL;
	sp_buffer_format(&name, "ListSecrets|%d|%d|%d", (int)order, descending, deleted_too);
	SP_AUTO_FREE char *list_name =
		page_token_list(sp_buffer_text(&name), json_object_get(input, "Filters"));
	const unsigned char *key = request->context->token_key;
	if (token != NULL && page_token_read(key, list_name, token, &position_text, err) != 0)
		return sp_fail(err, SP_UNTRUSTED, "NextToken was not given out for this list");
	struct secrets_position after = { 0 };
	if (token != NULL && read_position(position_text, &after, err) != 0)
		return -1;

	struct page page = {
		.db = db,
		.input = input,
		.secrets = json_array(),
		.max = (size_t)sp_json_integer(input, "MaxResults", PAGE_MAX),
		.deleted_too = deleted_too,
		.err = err,
	};
	json_object_set_new(request->output, "SecretList", page.secrets);
	int result = secrets_each(db, order, descending, &after, request->now_ms, add_secret, &page,
				  err);
	free(after.name);
	if (result != 0 || page.result != 0)
		return -1;
	if (page.more) {
		const json_t *last = json_array_get(page.secrets, page.max - 1);
		SP_AUTO_BUFFER position = { 0 };
		sp_buffer_format(&position, "%" PRId64 "|%s", date_of(last, order),
				 sp_json_string(last, "Name"));
		SP_AUTO_FREE char *next =
			page_token_make(key, list_name, sp_buffer_text(&position));
		sp_json_set_text(request->output, "NextToken", next);
	}
	return 0;
}

void list_secrets(struct api_call *call)
{
	request_read(call, list);
}
