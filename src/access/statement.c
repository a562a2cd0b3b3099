#include <string.h>

#include "access/pattern.h"
#include "access/policy_inside.h"
#include "base/scope.h"
#include "base/text.h"

/* A list of texts under way from JSON. */
struct reading {
	enum access_policy_kind kind;
	bool has_variables;
	struct access_statement *out;
};

typedef int take_fn(const struct reading *reading, const char *text, char **out,
		    struct sp_error *err);

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

static int take_text(const struct reading *reading, const json_t *json, const char *element,
		     take_fn *take, struct access_texts *out, struct sp_error *err)
{
	const char *text = json_string_value(json);
	if (text == NULL || strlen(text) != json_string_length(json))
		return sp_fail(err, SP_INVALID, "%s must be a text or a list of texts", element);
	out->list = sp_realloc(out->list, (out->count + 1) * sizeof(*out->list));
	out->list[out->count] = NULL;
	return take(reading, text, &out->list[out->count++], err);
}

static int take_texts(const struct reading *reading, const json_t *json, const char *element,
		      take_fn *take, struct access_texts *out, struct sp_error *err)
{
	if (!json_is_array(json))
		return take_text(reading, json, element, take, out, err);
	if (json_array_size(json) == 0 || json_array_size(json) > ACCESS_TEXTS_MAX)
		return sp_fail(err, SP_INVALID, "%s must have 1 to %d entries", element,
			       ACCESS_TEXTS_MAX);
	for (size_t i = 0; i < json_array_size(json); i++)
		if (take_text(reading, json_array_get(json, i), element, take, out, err) != 0)
			return -1;
	return 0;
}

static void finish_texts(struct access_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i]);
	free(texts->list);
	*texts = (struct access_texts){ 0 };
}

static unsigned flags_of(const struct reading *reading)
{
	return PATTERN_WILDCARDS | (reading->has_variables ? PATTERN_VARIABLES : 0);
}

static int take_action(const struct reading *reading, const char *text, char **out,
		       struct sp_error *err)
{
	static const char vendor[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*?";
	size_t length = strspn(text, vendor);
	bool is_all = strcmp(text, "*") == 0;
	(void)reading;
	if (!is_all && (length == 0 || text[length] != ':'))
		return sp_fail(err, SP_INVALID,
			       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, "
			       "ec2, etc., and \"%.128s\" is not",
			       text);
	const char *name = is_all ? text : text + length + 1;
	if (*name == '\0' || name[strspn(name, letters)] != '\0')
		return sp_fail(err, SP_INVALID, "\"%.128s\" is no action", text);
	return access_pattern_read(text, PATTERN_WILDCARDS | PATTERN_IGNORES_CASE, out, err);
}

static int take_resource(const struct reading *reading, const char *text, char **out,
			 struct sp_error *err)
{
	size_t colons = 0;
	for (const char *at = text; *at != '\0'; at++)
		colons += *at == ':';
	bool is_arn = sp_text_starts_with(text, "arn:") && colons >= 5;
	if (strcmp(text, "*") != 0 && !is_arn)
		return sp_fail(err, SP_INVALID, "Resource %.128s must be in ARN format or \"*\".",
			       text);
	if (is_arn && !sp_text_starts_with(text, "arn:aws:") &&
	    !sp_text_starts_with(text, "arn:*:"))
		return sp_fail(err, SP_INVALID,
			       "Partition \"%.*s\" is not valid for resource \"%.128s\".",
			       (int)strcspn(text + 4, ":"), text + 4, text);
	return access_pattern_read(text, flags_of(reading), out, err);
}

/* ---- principals ----------------------------------------------------------------------------------------------------- */

static int take_service(const struct reading *reading, const char *text, char **out,
			struct sp_error *err)
{
	(void)reading;
	if (!sp_text_ends_with(text, ".amazonaws.com"))
		return sp_fail(err, SP_INVALID,
			       "Invalid principal in policy: \"SERVICE\":\"%.128s\"", text);
	*out = sp_strdup(text);
	return 0;
}

/* An account's number is another way to write its root. */
static int take_aws(const struct reading *reading, const char *text, char **out,
		    struct sp_error *err)
{
	(void)reading;
	bool is_account = strlen(text) == 12 && strspn(text, "0123456789") == 12;
	bool is_arn = sp_text_starts_with(text, "arn:aws:iam::") ||
		      sp_text_starts_with(text, "arn:aws:sts::");
	if (!is_account && !is_arn && strcmp(text, "*") != 0)
		return sp_fail(err, SP_INVALID, "Invalid principal in policy: \"AWS\":\"%.128s\"",
			       text);
	if (is_arn && strpbrk(text, "*?") != NULL)
		return sp_fail(err, SP_INVALID,
			       "Invalid principal in policy: \"AWS\":\"%.128s\": it cannot have "
			       "wildcards",
			       text);
	*out = sp_strdup(text);
	return 0;
}

static int read_principals(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	struct access_principals *out = &reading->out->principals;
	const char *name;
	json_t *value;
	out->anybody = json_is_string(json) && strcmp(json_string_value(json), "*") == 0;
	if (out->anybody)
		return 0;
	if (!json_is_object(json) || json_object_size(json) == 0)
		return sp_fail(err, SP_INVALID,
			       "Principal must be \"*\" or an object with Service or AWS");
	json_object_foreach ((json_t *)json, name, value) {
		bool is_service = strcmp(name, "Service") == 0;
		if (!is_service && strcmp(name, "AWS") != 0)
			return sp_fail(err, SP_INVALID,
				       "there are no principals of the type \"%.64s\" here: there "
				       "are Service and AWS",
				       name);
		if (take_texts(reading, value, "Principal", is_service ? take_service : take_aws,
			       is_service ? &out->services : &out->aws, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- elements ------------------------------------------------------------------------------------------------------- */

static int read_sid(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	(void)reading;
	const char *text = json_string_value(json);
	if (text == NULL)
		return sp_fail(err, SP_INVALID, "Sid must be a text");
	if (text[strspn(text, letters)] != '\0')
		return sp_fail(err, SP_INVALID,
			       "Statement IDs (SID) must be letters and digits: \"%.64s\" is not",
			       text);
	return 0;
}

static int read_effect(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	const char *text = json_string_value(json);
	reading->out->denies = sp_text_equal(text, "Deny");
	if (reading->out->denies || sp_text_equal(text, "Allow"))
		return 0;
	return sp_fail(err, SP_INVALID, "Invalid effect: it is \"Allow\" or \"Deny\"");
}

static int read_action(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	return take_texts(reading, json, "Action", take_action, &reading->out->actions, err);
}

static int read_not_action(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	reading->out->not_action = true;
	return take_texts(reading, json, "NotAction", take_action, &reading->out->actions, err);
}

static int read_resource(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	return take_texts(reading, json, "Resource", take_resource, &reading->out->resources, err);
}

static int read_not_resource(const struct reading *reading, const json_t *json,
			     struct sp_error *err)
{
	reading->out->not_resource = true;
	return take_texts(reading, json, "NotResource", take_resource, &reading->out->resources,
			  err);
}

static int read_condition(const struct reading *reading, const json_t *json, struct sp_error *err)
{
	return access_conditions_read(json, reading->has_variables, &reading->out->conditions, err);
}

enum { IN_IDENTITY = 1 << ACCESS_IDENTITY, IN_TRUST = 1 << ACCESS_TRUST };

/* clang-format off */
static const struct element {
	const char *name;
	unsigned kinds; /* in which it may be */
	int (*read)(const struct reading *reading, const json_t *json, struct sp_error *err);
	const char *prohibited; /* in the others */
} elements[] = {
	{ "Sid",         IN_IDENTITY | IN_TRUST, read_sid,          NULL },
	{ "Effect",      IN_IDENTITY | IN_TRUST, read_effect,       NULL },
	{ "Principal",   IN_TRUST,               read_principals,   "Policy document should not specify a principal." },
	{ "Action",      IN_IDENTITY | IN_TRUST, read_action,       NULL },
	{ "NotAction",   IN_IDENTITY,            read_not_action,   "Has prohibited field NotAction" },
	{ "Resource",    IN_IDENTITY,            read_resource,     "Has prohibited field Resource" },
	{ "NotResource", IN_IDENTITY,            read_not_resource, "Has prohibited field NotResource" },
	{ "Condition",   IN_IDENTITY | IN_TRUST, read_condition,    NULL },
};
/* clang-format on */

static const struct element *find_element(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(elements); i++)
		if (strcmp(elements[i].name, name) == 0)
			return &elements[i];
	return NULL;
}

static int check_pair(const json_t *json, const char *one, const char *other, struct sp_error *err)
{
	bool has_one = json_object_get(json, one) != NULL;
	bool has_other = json_object_get(json, other) != NULL;
	if (has_one && has_other)
		return sp_fail(err, SP_INVALID, "a statement cannot have both %s and %s", one,
			       other);
	if (!has_one && !has_other)
		return sp_fail(err, SP_INVALID, "Missing required field %s", one);
	return 0;
}

static int check_complete(enum access_policy_kind kind, const json_t *json, struct sp_error *err)
{
	if (json_object_get(json, "Effect") == NULL)
		return sp_fail(err, SP_INVALID, "Missing required field Effect");
	if (check_pair(json, "Action", "NotAction", err) != 0)
		return -1;
	if (kind == ACCESS_IDENTITY)
		return check_pair(json, "Resource", "NotResource", err);
	if (json_object_get(json, "Principal") == NULL)
		return sp_fail(err, SP_INVALID, "Missing required field Principal");
	return 0;
}

int access_statement_read(enum access_policy_kind kind, bool has_variables, const json_t *json,
			  struct access_statement *out, struct sp_error *err)
{
	const struct reading reading = { kind, has_variables, out };
	const char *name;
	json_t *value;
	if (!json_is_object(json))
		return sp_fail(err, SP_INVALID, "a statement must be an object");
	json_object_foreach ((json_t *)json, name, value) {
		const struct element *element = find_element(name);
		if (element == NULL)
			return sp_fail(err, SP_INVALID, "there is no element \"%.64s\" here", name);
		if ((element->kinds & 1U << kind) == 0)
			return sp_fail(err, SP_INVALID, "%s", element->prohibited);
		if (element->read(&reading, value, err) != 0)
			return -1;
	}
	return check_complete(kind, json, err);
}

void access_statement_finish(struct access_statement *statement)
{
	finish_texts(&statement->actions);
	finish_texts(&statement->resources);
	finish_texts(&statement->principals.services);
	finish_texts(&statement->principals.aws);
	access_conditions_finish(&statement->conditions);
}
