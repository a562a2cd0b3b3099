#include "api/shape.h"

#include <pthread.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"

enum { QUOTE_MAX = 64 }; /* bytes of a value that a message shows */

static const char *const type_names[] = {
	[SHAPE_STRING] = "a string",
	[SHAPE_INTEGER] = "an integer",
	[SHAPE_BOOLEAN] = "true or false",
	[SHAPE_TIMESTAMP] = "a number of seconds since 1970",
	[SHAPE_BLOB] = "a string of base64",
	[SHAPE_STRUCTURE] = "an object",
	[SHAPE_LIST] = "a list",
	[SHAPE_MAP] = "an object",
};

/* Where in the input we are: a chain through the stack, written out only when there is something to say. */
struct place {
	const struct place *outer; /* NULL: the input itself */
	const char *name;          /* NULL: an element of a list */
	size_t index;
};

static void add_place(struct sp_buffer *out, const struct place *place)
{
	if (place->outer == NULL)
		return;
	add_place(out, place->outer);
	if (place->name == NULL)
		sp_buffer_format(out, "[%zu]", place->index);
	else
		sp_buffer_format(out, "%s%s", out->length == 0 ? "" : ".", place->name);
}

/* Where a check ended: the fault is told once, by whoever meets it first. */
__attribute__((format(printf, 4, 5))) static int refuse(const struct place *place,
							struct shape_fault *fault,
							enum shape_fault_kind kind,
							const char *format, ...)
{
	SP_AUTO_BUFFER path = { 0 };
	add_place(&path, place);
	fault->kind = kind;
	snprintf(fault->member, sizeof(fault->member), "%s", sp_buffer_text(&path));
	va_list args;
	va_start(args, format);
	vsnprintf(fault->reason, sizeof(fault->reason), format, args);
	va_end(args);
	return -1;
}

/* "must have at least 1 character": the same sentence for characters, bytes and entries. */
static int check_size(const struct shape *shape, size_t size, const char *unit,
		      const struct place *place, struct shape_fault *fault)
{
	bool too_small = shape->min > 0 && size < (size_t)shape->min;
	bool too_large = shape->max > 0 && size > (size_t)shape->max;
	if (!too_small && !too_large)
		return 0;
	const char *bound = shape->min == shape->max ? "exactly"
			    : too_small              ? "at least"
						     : "at most";
	int64_t limit = too_small ? shape->min : shape->max;
	return refuse(place, fault, SHAPE_UNFIT, "must have %s %lld %s%s, not %zu", bound,
		      (long long)limit, unit, limit == 1 ? "" : "s", size);
}

/* Each pattern is compiled once in the life of the program. Compiled, it is only read, by any thread. */
static const regex_t *compiled(const char *pattern)
{
	static struct entry {
		const char *pattern;
		regex_t regex;
		struct entry *next;
	} * entries;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	struct entry *entry = entries;
	while (entry != NULL && entry->pattern != pattern)
		entry = entry->next;
	if (entry == NULL) {
		SP_AUTO_BUFFER whole = { 0 };
		sp_buffer_format(&whole, "^(%s)$", pattern);
		entry = sp_alloc(sizeof(*entry));
		if (regcomp(&entry->regex, sp_buffer_text(&whole), REG_EXTENDED | REG_NOSUB) != 0)
			sp_die("the pattern \"%s\" is no regular expression", pattern);
		entry->pattern = pattern;
		entry->next = entries;
		entries = entry;
	}
	pthread_mutex_unlock(&lock);
	return &entry->regex;
}

static int check_string(const struct shape *shape, const json_t *value, const struct place *place,
			struct shape_fault *fault)
{
	const char *text = json_string_value(value);
	if (check_size(shape, sp_utf8_count(text), "character", place, fault) != 0)
		return -1;
	if (shape->pattern == NULL || regexec(compiled(shape->pattern), text, 0, NULL, 0) == 0)
		return 0;
	if (shape->is_secret || strlen(text) > QUOTE_MAX)
		return refuse(place, fault, SHAPE_UNFIT, "must match %s", shape->pattern);
	return refuse(place, fault, SHAPE_UNFIT, "must match %s, and \"%s\" does not",
		      shape->pattern, text);
}

static int check_integer(const struct shape *shape, const json_t *value, const struct place *place,
			 struct shape_fault *fault)
{
	json_int_t number = json_integer_value(value);
	bool bounded = shape->min != 0 || shape->max != 0;
	if (!bounded || (number >= shape->min && number <= shape->max))
		return 0;
	return refuse(place, fault, SHAPE_UNFIT, "must be between %lld and %lld, not %lld",
		      (long long)shape->min, (long long)shape->max, (long long)number);
}

static int check_blob(const struct shape *shape, const json_t *value, const struct place *place,
		      struct shape_fault *fault)
{
	size_t length = json_string_length(value), decoded = 0;
	SP_AUTO_FREE char *bytes = sp_alloc(sp_base64_decoded_max(length));
	bool good = sp_base64_decode(json_string_value(value), length, bytes, &decoded);
	explicit_bzero(bytes, sp_base64_decoded_max(length));
	if (!good)
		return refuse(place, fault, SHAPE_WRONG_TYPE, "must be %s", type_names[SHAPE_BLOB]);
	return check_size(shape, decoded, "byte", place, fault);
}

static int check(const struct shape *shape, const json_t *value, const struct place *place,
		 struct shape_fault *fault);

static int check_list(const struct shape *shape, const json_t *list, const struct place *place,
		      struct shape_fault *fault)
{
	if (check_size(shape, json_array_size(list), "element", place, fault) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct place inner = { .outer = place, .index = i };
		if (check(shape->element, json_array_get(list, i), &inner, fault) != 0)
			return -1;
	}
	return 0;
}

static int check_map(const struct shape *shape, const json_t *map, const struct place *place,
		     struct shape_fault *fault)
{
	const char *key;
	json_t *value;
	if (check_size(shape, json_object_size(map), "element", place, fault) != 0)
		return -1;
	json_object_foreach ((json_t *)map, key, value) {
		struct place inner = { .outer = place, .name = key };
		if (check(shape->element, value, &inner, fault) != 0)
			return -1;
	}
	return 0;
}

static int check_structure(const struct shape *shape, const json_t *structure,
			   const struct place *place, struct shape_fault *fault)
{
	size_t present = 0;
	for (const struct shape_member *member = shape->members; member->name != NULL; member++) {
		struct place inner = { .outer = place, .name = member->name };
		const json_t *value = json_object_get(structure, member->name);
		bool absent = value == NULL || json_is_null(value);
		if (absent && member->required)
			return refuse(&inner, fault, SHAPE_MISSING, "is required");
		if (absent)
			continue;
		present++;
		if (check(member->shape, value, &inner, fault) != 0)
			return -1;
	}
	if (shape->is_union && present != 1)
		return refuse(place, fault, SHAPE_UNFIT, "must have exactly one member, not %zu",
			      present);
	return 0;
}

static bool has_type(enum shape_type type, const json_t *value)
{
	switch (type) {
	case SHAPE_STRING:
	case SHAPE_BLOB:
		return json_is_string(value);
	case SHAPE_INTEGER:
		return json_is_integer(value);
	case SHAPE_BOOLEAN:
		return json_is_boolean(value);
	case SHAPE_TIMESTAMP:
		return json_is_number(value);
	case SHAPE_STRUCTURE:
	case SHAPE_MAP:
		return json_is_object(value);
	case SHAPE_LIST:
		return json_is_array(value);
	}
	return false;
}

static int check(const struct shape *shape, const json_t *value, const struct place *place,
		 struct shape_fault *fault)
{
	if (!has_type(shape->type, value))
		return refuse(place, fault, SHAPE_WRONG_TYPE, "must be %s",
			      type_names[shape->type]);
	switch (shape->type) {
	case SHAPE_STRING:
		return check_string(shape, value, place, fault);
	case SHAPE_INTEGER:
		return check_integer(shape, value, place, fault);
	case SHAPE_BLOB:
		return check_blob(shape, value, place, fault);
	case SHAPE_STRUCTURE:
		return check_structure(shape, value, place, fault);
	case SHAPE_LIST:
		return check_list(shape, value, place, fault);
	case SHAPE_MAP:
		return check_map(shape, value, place, fault);
	case SHAPE_BOOLEAN:
	case SHAPE_TIMESTAMP:
		return 0;
	}
	return 0;
}

int shape_find_fault(const struct shape *shape, const json_t *value, struct shape_fault *out)
{
	const struct place input = { .outer = NULL };
	return check(shape, value, &input, out);
}

int shape_tell_fault(const struct shape_fault *fault, struct sp_error *err)
{
	return sp_fail(err, fault->kind == SHAPE_WRONG_TYPE ? SP_PROTOCOL : SP_INVALID, "%s: %s",
		       fault->member[0] == '\0' ? "the input" : fault->member, fault->reason);
}

void shape_drop_nulls(json_t *value)
{
	const char *key;
	json_t *member;
	void *next;
	json_object_foreach_safe(value, next, key, member)
	{
		if (json_is_null(member))
			json_object_del(value, key);
		else
			shape_drop_nulls(member);
	}
	for (size_t i = 0; i < json_array_size(value); i++)
		shape_drop_nulls(json_array_get(value, i));
}

/* NULL: it has no such member. */
static const struct shape *find_member(const struct shape *shape, const char *name)
{
	if (shape->type == SHAPE_MAP)
		return shape->element;
	for (size_t i = 0; shape->type == SHAPE_STRUCTURE && shape->members[i].name != NULL; i++)
		if (strcmp(shape->members[i].name, name) == 0)
			return shape->members[i].shape;
	return NULL;
}

void shape_drop_strangers(const struct shape *shape, json_t *value)
{
	const char *key;
	json_t *member;
	void *next;
	json_object_foreach_safe(value, next, key, member)
	{
		const struct shape *known = find_member(shape, key);
		if (known == NULL)
			json_object_del(value, key);
		else
			shape_drop_strangers(known, member);
	}
	for (size_t i = 0; shape->type == SHAPE_LIST && i < json_array_size(value); i++)
		shape_drop_strangers(shape->element, json_array_get(value, i));
}
