#include "access/condition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access/pattern.h"
#include "access/values.h"
#include "base/scope.h"
#include "base/text.h"

enum { OPERATOR_MAX_BYTES = 64 };
static const char if_exists[] = "IfExists";

/* In front of an operator, for keys with several values. Here a request is asked about for each of them on its own, so that what is
 * left of these words is what they say of a key that is not there. */
enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL };
static const char *const quantifiers[] = {
	[QUANTIFIER_NONE] = "",
	[QUANTIFIER_ANY] = "ForAnyValue:",
	[QUANTIFIER_ALL] = "ForAllValues:",
};

/* One value that a key is compared with. */
struct value {
	char *pattern; /* owned; NULL with operators that compare no texts */
	struct access_network network;
	int64_t time_ms;
	bool truth;
};

/* What an operator makes of a key's value and one of its own. */
typedef bool compare_fn(const struct value *value, const char *fact,
			const struct access_facts *facts);
/* Reads one of its own. SP_INVALID. */
typedef int read_fn(const char *text, unsigned flags, struct value *out, struct sp_error *err);

struct access_condition {
	const struct operator* operator;
	enum access_fact key;
	bool if_exists;
	enum quantifier quantifier;
	struct value *values; /* owned */
	size_t count;
};

/* ---- comparing ------------------------------------------------------------------------------------------------------ */

static bool same_text(const struct value *value, const char *fact, const struct access_facts *facts)
{
	return access_pattern_fits(value->pattern, fact, facts);
}

static bool same_letters(const struct value *value, const char *fact,
			 const struct access_facts *facts)
{
	SP_AUTO_FREE char *small = NULL;
	return access_pattern_read(fact, PATTERN_IGNORES_CASE, &small, NULL) == 0 &&
	       access_pattern_fits(value->pattern, small, facts);
}

static bool same_arn(const struct value *value, const char *fact, const struct access_facts *facts)
{
	return access_pattern_fits_arn(value->pattern, fact, facts);
}

static bool in_network(const struct value *value, const char *fact,
		       const struct access_facts *facts)
{
	(void)facts;
	return access_network_has(&value->network, fact);
}

static bool same_truth(const struct value *value, const char *fact,
		       const struct access_facts *facts)
{
	(void)facts;
	return (strcmp(fact, "true") == 0) == value->truth;
}

static int64_t time_of(const char *fact)
{
	int64_t time_ms = 0;
	access_time_read(fact, &time_ms);
	return time_ms;
}

static bool at_time(const struct value *value, const char *fact, const struct access_facts *facts)
{
	(void)facts;
	return time_of(fact) == value->time_ms;
}

static bool before_time(const struct value *value, const char *fact,
			const struct access_facts *facts)
{
	(void)facts;
	return time_of(fact) < value->time_ms;
}

static bool after_time(const struct value *value, const char *fact,
		       const struct access_facts *facts)
{
	(void)facts;
	return time_of(fact) > value->time_ms;
}

static bool not_after_time(const struct value *value, const char *fact,
			   const struct access_facts *facts)
{
	return !after_time(value, fact, facts);
}

static bool not_before_time(const struct value *value, const char *fact,
			    const struct access_facts *facts)
{
	return !before_time(value, fact, facts);
}

/* ---- reading values ------------------------------------------------------------------------------------------------- */

static int read_text(const char *text, unsigned flags, struct value *out, struct sp_error *err)
{
	return access_pattern_read(text, flags, &out->pattern, err);
}

static int read_arn(const char *text, unsigned flags, struct value *out, struct sp_error *err)
{
	size_t colons = 0;
	for (const char *at = text; *at != '\0'; at++)
		colons += *at == ':';
	if (colons < 5)
		return sp_fail(err, SP_INVALID, "\"%.128s\" is no ARN", text);
	return read_text(text, flags, out, err);
}

static int read_network(const char *text, unsigned flags, struct value *out, struct sp_error *err)
{
	(void)flags;
	if (access_network_read(text, &out->network))
		return 0;
	return sp_fail(err, SP_INVALID, "\"%.64s\" is no address and no block of addresses", text);
}

static int read_truth(const char *text, unsigned flags, struct value *out, struct sp_error *err)
{
	(void)flags;
	out->truth = strcasecmp(text, "true") == 0;
	if (out->truth || strcasecmp(text, "false") == 0)
		return 0;
	return sp_fail(err, SP_INVALID, "\"%.64s\" is neither \"true\" nor \"false\"", text);
}

static int read_time(const char *text, unsigned flags, struct value *out, struct sp_error *err)
{
	(void)flags;
	if (access_time_read(text, &out->time_ms))
		return 0;
	return sp_fail(err, SP_INVALID, "\"%.64s\" is no time such as 2026-11-30T12:00:00Z", text);
}

/* ---- the operators -------------------------------------------------------------------------------------------------- */

enum { ANY_TYPE = -1 };
#define LIKE PATTERN_WILDCARDS
#define FOLD PATTERN_IGNORES_CASE

/* clang-format off */
static const struct operator {
	const char *name;
	bool negated;    /* holds when none of the values fits */
	int type;        /* an enum access_type: of the keys it is for; ANY_TYPE: all */
	unsigned flags;  /* of its patterns */
	read_fn *read;
	compare_fn *compare; /* NULL: whether there is the key at all */
} operators[] = {
	{ "StringEquals",              false, ANY_TYPE,       0,    read_text,    same_text },
	{ "StringNotEquals",           true,  ANY_TYPE,       0,    read_text,    same_text },
	{ "StringEqualsIgnoreCase",    false, ANY_TYPE,       FOLD, read_text,    same_letters },
	{ "StringNotEqualsIgnoreCase", true,  ANY_TYPE,       FOLD, read_text,    same_letters },
	{ "StringLike",                false, ANY_TYPE,       LIKE, read_text,    same_text },
	{ "StringNotLike",             true,  ANY_TYPE,       LIKE, read_text,    same_text },
	{ "ArnEquals",                 false, ACCESS_ARN,     LIKE, read_arn,     same_arn },
	{ "ArnNotEquals",              true,  ACCESS_ARN,     LIKE, read_arn,     same_arn },
	{ "ArnLike",                   false, ACCESS_ARN,     LIKE, read_arn,     same_arn },
	{ "ArnNotLike",                true,  ACCESS_ARN,     LIKE, read_arn,     same_arn },
	{ "IpAddress",                 false, ACCESS_ADDRESS, 0,    read_network, in_network },
	{ "NotIpAddress",              true,  ACCESS_ADDRESS, 0,    read_network, in_network },
	{ "Bool",                      false, ACCESS_TRUTH,   0,    read_truth,   same_truth },
	{ "DateEquals",                false, ACCESS_TIME,    0,    read_time,    at_time },
	{ "DateNotEquals",             true,  ACCESS_TIME,    0,    read_time,    at_time },
	{ "DateLessThan",              false, ACCESS_TIME,    0,    read_time,    before_time },
	{ "DateLessThanEquals",        false, ACCESS_TIME,    0,    read_time,    not_after_time },
	{ "DateGreaterThan",           false, ACCESS_TIME,    0,    read_time,    after_time },
	{ "DateGreaterThanEquals",     false, ACCESS_TIME,    0,    read_time,    not_before_time },
	{ "Null",                      false, ANY_TYPE,       0,    read_truth,   NULL },
};
/* clang-format on */

static const struct operator* find_operator(const char *name, bool *out_if_exists)
{
	size_t length = strlen(name);
	*out_if_exists = sp_text_ends_with(name, if_exists) && length > strlen(if_exists);
	if (*out_if_exists)
		length -= strlen(if_exists);
	for (size_t i = 0; i < SP_COUNT_OF(operators); i++)
		if (strlen(operators[i].name) == length &&
		    strncasecmp(operators[i].name, name, length) == 0)
			return &operators[i];
	return NULL;
}

/* ---- reading the block ---------------------------------------------------------------------------------------------- */

static int read_value(const struct access_condition *condition, const json_t *json, unsigned flags,
		      struct value *out, struct sp_error *err)
{
	char number[32];
	const char *text = json_string_value(json);
	if (json_is_boolean(json))
		text = json_is_true(json) ? "true" : "false";
	if (json_is_integer(json)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		text = number;
	}
	if (text == NULL || (json_is_string(json) && strlen(text) != json_string_length(json)))
		return sp_fail(err, SP_INVALID, "a value is no text");
	return condition->operator->read(text, condition->operator->flags | flags, out, err);
}

static int read_values(struct access_condition *condition, const json_t *values, unsigned flags,
		       struct sp_error *err)
{
	size_t count = json_is_array(values) ? json_array_size(values) : 1;
	if (count == 0 || count > ACCESS_VALUES_MAX)
		return sp_fail(err, SP_INVALID, "there must be 1 to %d values", ACCESS_VALUES_MAX);
	condition->values = sp_alloc(count * sizeof(*condition->values));
	condition->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *json = json_is_array(values) ? json_array_get(values, i) : values;
		if (read_value(condition, json, flags, &condition->values[i], err) != 0)
			return -1;
	}
	return 0;
}

/* @name goes on behind it. */
static enum quantifier take_quantifier(const char **name)
{
	for (enum quantifier i = QUANTIFIER_ANY; i <= QUANTIFIER_ALL; i++) {
		size_t length = strlen(quantifiers[i]);
		if (strncasecmp(*name, quantifiers[i], length) != 0)
			continue;
		*name += length;
		return i;
	}
	return QUANTIFIER_NONE;
}

static int read_condition(const char *name, const char *key, const json_t *values, unsigned flags,
			  struct access_condition *out, struct sp_error *err)
{
	const char *rest = name;
	out->quantifier = take_quantifier(&rest);
	out->operator= find_operator(rest, &out->if_exists);
	bool is_null = out->operator!= NULL && out->operator->compare == NULL;
	if (out->operator== NULL ||(is_null && out->quantifier != QUANTIFIER_NONE))
		return sp_fail(err, SP_INVALID, "there is no condition operator \"%.64s\" here",
			       name);
	if (!access_fact_find(key, &out->key))
		return sp_fail(err, SP_INVALID,
			       "there is no condition key \"%.64s\" here, and a condition that is "
			       "not known cannot be kept",
			       key);
	if (out->operator->type != ANY_TYPE && out->operator->type !=(int)
		    access_fact_type(out->key))
		return sp_fail(err, SP_INVALID,
			       "the condition operator %s is not for the condition key %s",
			       out->operator->name, access_fact_name(out->key));
	if (read_values(out, values, flags, err) != 0)
		return sp_wrap(err, "%s of %s", out->operator->name, access_fact_name(out->key));
	return 0;
}

static int read_keys(const char *name, const json_t *keys, unsigned flags,
		     struct access_conditions *out, struct sp_error *err)
{
	const char *key;
	json_t *values;
	if (!json_is_object(keys) || json_object_size(keys) == 0)
		return sp_fail(err, SP_INVALID,
			       "the condition operator \"%.64s\" must have an object of condition "
			       "keys",
			       name);
	json_object_foreach ((json_t *)keys, key, values) {
		if (out->count == ACCESS_CONDITIONS_MAX)
			return sp_fail(err, SP_INVALID, "a statement has more than %d conditions",
				       ACCESS_CONDITIONS_MAX);
		out->list = sp_realloc(out->list, (out->count + 1) * sizeof(*out->list));
		struct access_condition *condition = &out->list[out->count++];
		*condition = (struct access_condition){ 0 };
		if (read_condition(name, key, values, flags, condition, err) != 0)
			return -1;
	}
	return 0;
}

int access_conditions_read(const json_t *block, bool has_variables, struct access_conditions *out,
			   struct sp_error *err)
{
	const char *name;
	json_t *keys;
	if (!json_is_object(block))
		return sp_fail(err, SP_INVALID, "Condition must be an object");
	json_object_foreach ((json_t *)block, name, keys)
		if (read_keys(name, keys, has_variables ? PATTERN_VARIABLES : 0, out, err) != 0)
			return -1;
	return 0;
}

void access_conditions_finish(struct access_conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++) {
		struct access_condition *condition = &conditions->list[i];
		for (size_t j = 0; j < condition->count; j++)
			free(condition->values[j].pattern);
		free(condition->values);
	}
	free(conditions->list);
	*conditions = (struct access_conditions){ 0 };
}

/* ---- holding -------------------------------------------------------------------------------------------------------- */

static bool holds(const struct access_condition *condition, const struct access_facts *facts)
{
	const struct operator* operator= condition->operator;
	const char *fact = facts->values[condition->key];
	if (operator->compare == NULL) {
		for (size_t i = 0; i < condition->count; i++)
			if (condition->values[i].truth == (fact == NULL))
				return true;
		return false;
	}
	if (fact == NULL && condition->quantifier != QUANTIFIER_NONE)
		return condition->quantifier == QUANTIFIER_ALL;
	if (fact == NULL)
		return condition->if_exists || operator->negated;
	for (size_t i = 0; i < condition->count; i++)
		if (operator->compare(&condition->values[i], fact, facts))
			return !operator->negated;
	return operator->negated;
}

bool access_conditions_hold(const struct access_conditions *conditions,
			    const struct access_facts *facts)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (!holds(&conditions->list[i], facts))
			return false;
	return true;
}
