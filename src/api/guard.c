#include "api/guard.h"

#include <string.h>

#include "api/exchange.h"
#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"

#define OR_ASKER "|@"

void guard_wishes_finish(struct guard_wishes *wishes)
{
	for (size_t i = 0; i < wishes->count; i++) {
		free(wishes->list[i].action);
		free(wishes->list[i].resource);
	}
	free(wishes->list);
	*wishes = (struct guard_wishes){ 0 };
}

/* ---- what a row asks for ------------------------------------------------------------------------------------------ */

/* A row while its words are read. */
struct reading {
	const struct guard_place *place;
	const struct api_operation *operation;
	const json_t *input;
	struct guard_wishes *out;
	struct sp_error *err;
};

static int add_wish(struct reading *reading, const char *action, char *resource)
{
	struct guard_wishes *out = reading->out;
	if (out->count == GUARD_WISHES_MAX) {
		free(resource);
		return sp_fail(reading->err, SP_LIMIT,
			       "one request may be about %d resources at most", GUARD_WISHES_MAX);
	}
	out->list = sp_realloc(out->list, (out->count + 1) * sizeof(*out->list));
	out->list[out->count++] = (struct guard_wish){ sp_strdup(action), resource };
	return 0;
}

static char *own_arn(const struct reading *reading, const char *kind, const char *value)
{
	const struct guard_place *place = reading->place;
	const char *owner = place->service->arn_service;
	return sp_arn_format(owner != NULL ? owner : place->service->signing_name,
			     place->service->is_global ? "" : place->region, place->account, "%s%s",
			     kind, value);
}

/* Owned by the caller. */
static char *arn_of(const struct reading *reading, const char *kind, const char *value)
{
	const struct guard_place *place = reading->place;
	char *arn = place->service->find_arn == NULL
			    ? NULL
			    : place->service->find_arn(place->context, reading->input, kind, value);
	if (arn != NULL)
		return arn;
	struct sp_arn named;
	if (sp_arn_parse(value, &named)) /* whatever partition it names, we are in one only */
		return sp_arn_format(named.service, named.region, named.account, "%s",
				     named.resource);
	return own_arn(reading, kind, value);
}

/* The first of "A|B" that the input has; NULL when it has none. */
static const json_t *find_member(const json_t *input, const char *names, size_t length)
{
	const char *end = names + length;
	while (names < end) {
		const char *bar = memchr(names, '|', (size_t)(end - names));
		size_t size = (size_t)((bar == NULL ? end : bar) - names);
		const json_t *value = json_object_getn(input, names, size);
		if (value != NULL)
			return value;
		names += size + (bar != NULL);
	}
	return NULL;
}

static int add_value(struct reading *reading, const char *action, const char *kind,
		     const json_t *value)
{
	const char *text = json_string_value(value);
	return text == NULL ? 0 : add_wish(reading, action, arn_of(reading, kind, text));
}

/* @part: the member of a list's structures that is meant; NULL: the list is of texts. */
static int add_values(struct reading *reading, const char *action, const char *kind,
		      const json_t *value, const char *part)
{
	if (!json_is_array(value))
		return add_value(reading, action, kind, value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);
		if (add_value(reading, action, kind,
			      part == NULL ? one : json_object_get(one, part)) != 0)
			return -1;
	}
	return 0;
}

/* @other: another action than the operation's own, which is only asked for with the member that it is about. */
static int read_resource(struct reading *reading, const char *action, bool other, const char *text)
{
	const char *brace = strchr(text, '{');
	if (brace == NULL)
		return add_wish(reading, action,
				strcmp(text, "*") == 0 ? sp_strdup(text)
						       : own_arn(reading, text, ""));
	SP_AUTO_FREE char *kind = sp_strdup(text);
	kind[brace - text] = '\0';
	size_t length = strcspn(++brace, "}");
	bool or_asker = sp_text_starts_with(brace + length - strlen(OR_ASKER), OR_ASKER);
	SP_AUTO_FREE char *names = sp_strndup(brace, length - (or_asker ? strlen(OR_ASKER) : 0));
	char *part = names;
	strsep(&part, ".");
	const json_t *value = find_member(reading->input, names, strlen(names));
	size_t before = reading->out->count;
	if (value != NULL && add_values(reading, action, kind, value, part) != 0)
		return -1;
	if (reading->out->count > before || other)
		return 0;
	return add_wish(reading, action, or_asker ? NULL : own_arn(reading, kind, "*"));
}

static int read_word(struct reading *reading, const char *word)
{
	const char *equals = strchr(word, '=');
	SP_AUTO_BUFFER action = { 0 };
	if (equals == NULL)
		sp_buffer_format(&action, "%s:%s", reading->place->service->signing_name,
				 reading->operation->action != NULL ? reading->operation->action
								    : reading->operation->name);
	else
		sp_buffer_add(&action, word, (size_t)(equals - word));
	return read_resource(reading, sp_buffer_text(&action), equals != NULL,
			     equals == NULL ? word : equals + 1);
}

int guard_list_wishes(const struct guard_place *place, const struct api_operation *operation,
		      const json_t *input, struct guard_wishes *out, struct sp_error *err)
{
	struct reading reading = { place, operation, input, out, err };
	*out = (struct guard_wishes){ 0 };
	if (operation->resource == NULL)
		return sp_fail(err, SP_INTERNAL, "nobody has said what %s:%s is about",
			       place->service->signing_name, operation->name);
	if (strcmp(operation->resource, GUARD_ANYBODY) == 0)
		return 0;
	SP_AUTO_FREE char *row = sp_strdup(operation->resource);
	char *rest = row, *word;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word != '\0' && read_word(&reading, word) != 0) {
			guard_wishes_finish(out);
			return -1;
		}
	}
	return 0;
}

/* ---- the check ------------------------------------------------------------------------------------------------------ */

static void refuse(struct api_call *call, const char *sentence)
{
	SP_AUTO_BUFFER text = { 0 };
	if (call->service->protocol == API_EC2)
		sp_buffer_add_text(&text, "You are not authorized to perform this operation. ");
	sp_buffer_add_text(&text, sentence);
	call_refuse(call, REFUSED_DENIED, sp_buffer_text(&text));
}

static void refuse_with_err(struct api_call *call, const struct sp_error *err)
{
	struct api_answer answer;
	/* Of check(): there is no such key any more. */
	if (err->code == SP_NOT_FOUND) {
		api_refuse_key(call);
		return;
	}
	const char *type = err->code == SP_LIMIT ? call->service->validation_error
						 : call->service->internal_error;
	call_write_error(call, type, err->message, NULL, &answer);
	call_finish(call, &answer);
}

void guard_add_facts(const struct api_call *call, char now[SP_ISO_TIME_SIZE],
		     struct access_facts *out)
{
	sp_time_to_iso(sp_now_ms(), now);
	out->values[ACCESS_SOURCE_IP] = call->source[0] == '\0' ? NULL : call->source;
	out->values[ACCESS_SECURE_TRANSPORT] = call->secure ? "true" : "false";
	out->values[ACCESS_CURRENT_TIME] = now;
	out->values[ACCESS_REQUESTED_REGION] = call->identity.region;
}

/* What a request has of a condition key of its service's own. */
struct values {
	enum access_fact key;
	const char *list[API_VALUES_MAX];
	size_t count;
};

static void list_values(const struct api_call *call, struct values *out)
{
	const struct api_service *service = call->service;
	out->count =
		service->list_values == NULL
			? 0
			: service->list_values(call->operation, call->input, &out->key, out->list);
}

static int check_one(const struct api_call *call, const struct guard_wish *wish,
		     enum access_fact key, const char *value, struct sp_buffer *refusal,
		     struct sp_error *err)
{
	const struct api_guard *guard = call->catalogue.guard;
	struct access_request request = { .action = wish->action, .resource = wish->resource };
	char now[SP_ISO_TIME_SIZE];
	SP_AUTO_BUFFER principal_service = { 0 };
	sp_buffer_format(&principal_service, "%s.amazonaws.com", call->service->signing_name);
	guard_add_facts(call, now, &request.facts);
	request.facts.values[key] = value != NULL ? value : request.facts.values[key];
	if (call->service->protocol == API_S3) {
		request.facts.values[ACCESS_S3_PREFIX] = sp_json_string(call->input, "prefix");
		request.facts.values[ACCESS_S3_DELIMITER] =
			sp_json_string(call->input, "delimiter");
	}
	if (strcmp(wish->action, "iam:PassRole") == 0)
		request.facts.values[ACCESS_PASSED_TO_SERVICE] = sp_buffer_text(&principal_service);
	return guard->check(guard->ctx, &call->identity, &request, refusal, err);
}

static int check(const struct api_call *call, const struct guard_wish *wish,
		 const struct values *values, struct sp_buffer *refusal, struct sp_error *err)
{
	if (values->count == 0)
		return check_one(call, wish, ACCESS_CURRENT_TIME, NULL, refusal, err);
	for (size_t i = 0; i < values->count; i++)
		if (check_one(call, wish, values->key, values->list[i], refusal, err) != 0)
			return -1;
	return 0;
}

int api_check(const struct api_call *call, const char *action, const char *resource,
	      struct sp_error *err)
{
	const struct api_guard *guard = call->catalogue.guard;
	struct guard_wish wish = { sp_strdup(action), sp_strdup(resource) };
	SP_AUTO_BUFFER refusal = { 0 };
	int result = guard->is_owner(guard->ctx, &call->identity)
			     ? 0
			     : check_one(call, &wish, ACCESS_CURRENT_TIME, NULL, &refusal, err);
	free(wish.action);
	free(wish.resource);
	return result != 0 && err->code == SP_DENIED
		       ? sp_fail(err, SP_DENIED, "%s", sp_buffer_text(&refusal))
		       : result;
}

bool guard_lets(struct api_call *call)
{
	const struct api_catalogue *catalogue = &call->catalogue;
	const struct guard_place place = { call->service, call->context, catalogue->region,
					   catalogue->account };
	if (catalogue->guard->is_owner(catalogue->guard->ctx, &call->identity))
		return true;

	struct sp_error err = { 0 };
	__attribute__((cleanup(guard_wishes_finish))) struct guard_wishes wishes;
	if (guard_list_wishes(&place, call->operation, call->input, &wishes, &err) != 0) {
		refuse_with_err(call, &err);
		return false;
	}
	struct values values;
	list_values(call, &values);
	for (size_t i = 0; i < wishes.count; i++) {
		SP_AUTO_BUFFER refusal = { 0 };
		if (check(call, &wishes.list[i], &values, &refusal, &err) == 0)
			continue;
		if (err.code == SP_DENIED)
			refuse(call, sp_buffer_text(&refusal));
		else
			refuse_with_err(call, &err);
		return false;
	}
	return true;
}
