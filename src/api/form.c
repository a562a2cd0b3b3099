#include "api/form.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/scope.h"
#include "base/text.h"
#include "sign/canonical.h"

bool form_is_at_root(const char *target)
{
	return strcmp(target, "/") == 0 || sp_text_starts_with(target, "/?");
}

char *form_decode(const char *text, size_t length, bool plus_is_space)
{
	SP_AUTO_BUFFER out = { 0 };
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '%') {
			sp_buffer_add_char(&out, text[i] == '+' && plus_is_space ? ' ' : text[i]);
			continue;
		}
		int high = length - i > 2 ? sp_hex_value(text[i + 1]) : -1;
		int low = high >= 0 ? sp_hex_value(text[i + 2]) : -1;
		if (low < 0)
			return NULL;
		sp_buffer_add_char(&out, (char)(high << 4 | low));
		i += 2;
	}
	const char *bytes = sp_buffer_text(&out);
	if (strlen(bytes) != out.length || !sp_utf8_valid(bytes, out.length))
		return NULL;
	return sp_buffer_take(&out);
}

char *form_encode(const char *text, bool keep_slashes)
{
	struct sp_buffer out = { 0 };
	sign_encode(text, strlen(text), keep_slashes, &out);
	return sp_buffer_take(&out);
}

static int add_field(struct form *form, const char *pair, size_t length, struct sp_error *err)
{
	const char *equals = memchr(pair, '=', length);
	size_t name_length = equals == NULL ? length : (size_t)(equals - pair);
	size_t value_at = name_length + (equals != NULL);

	SP_AUTO_FREE char *name = form_decode(pair, name_length, true);
	SP_AUTO_FREE char *value = form_decode(pair + value_at, length - value_at, true);
	if (name == NULL || value == NULL)
		return sp_fail(err, SP_PROTOCOL, "the form's field %zu is no encoded UTF-8",
			       form->count + 1);
	if (!form->may_repeat && form_value(form, name) != NULL)
		return sp_fail(err, SP_PROTOCOL, "the form has the field \"%.64s\" twice", name);
	if (form->count == FORM_FIELDS_MAX)
		return sp_fail(err, SP_PROTOCOL, "the form has more than %d fields",
			       FORM_FIELDS_MAX);
	form->fields = sp_realloc(form->fields, (form->count + 1) * sizeof(*form->fields));
	form->fields[form->count++] = (struct form_field){ .name = sp_take_pointer(&name),
							   .value = sp_take_pointer(&value) };
	return 0;
}

int form_add(struct form *form, const char *text, size_t length, struct sp_error *err)
{
	while (length > 0) {
		const char *end = memchr(text, '&', length);
		size_t size = end == NULL ? length : (size_t)(end - text);
		if (size > 0 && add_field(form, text, size, err) != 0)
			return -1;
		text += size + (end != NULL);
		length -= size + (end != NULL);
	}
	return 0;
}

void form_finish(struct form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		free(form->fields[i].name);
		free(form->fields[i].value);
	}
	free(form->fields);
	*form = (struct form){ 0 };
}

const char *form_value(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0)
			return form->fields[i].value;
	return NULL;
}

/* Is there anything called @name, or below it? */
static bool is_there(const struct form *form, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < form->count; i++) {
		const char *other = form->fields[i].name;
		if (strncmp(other, name, length) == 0 &&
		    (other[length] == '\0' || other[length] == '.'))
			return true;
	}
	return false;
}

json_t *form_scalar(const struct shape *shape, const char *text)
{
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (shape->type == SHAPE_INTEGER && *text != '\0' && *end == '\0' && errno == 0)
		return json_integer(number);
	if (shape->type == SHAPE_BOOLEAN && strcmp(text, "true") == 0)
		return json_true();
	if (shape->type == SHAPE_BOOLEAN && strcmp(text, "false") == 0)
		return json_false();
	return json_string(text);
}

static json_t *build(struct form *form, const struct shape *shape, const char *name);

static json_t *build_list(struct form *form, const struct shape *shape, const char *name)
{
	json_t *list = json_array();
	SP_AUTO_BUFFER element = { 0 };
	sp_buffer_format(&element, "%s.member.1", name);
	const char *infix = is_there(form, sp_buffer_text(&element)) ? ".member" : "";
	for (size_t i = 1; i <= form->count; i++) {
		sp_buffer_clear(&element);
		sp_buffer_format(&element, "%s%s.%zu", name, infix, i);
		if (!is_there(form, sp_buffer_text(&element)))
			break;
		json_array_append_new(list, build(form, shape->element, sp_buffer_text(&element)));
	}
	return list;
}

static json_t *build_structure(struct form *form, const struct shape *shape, const char *name)
{
	json_t *structure = json_object();
	for (const struct shape_member *member = shape->members; member->name != NULL; member++) {
		SP_AUTO_BUFFER inner = { 0 };
		sp_buffer_format(&inner, "%s%s%s", name, *name == '\0' ? "" : ".", member->name);
		if (is_there(form, sp_buffer_text(&inner)))
			json_object_set_new(structure, member->name,
					    build(form, member->shape, sp_buffer_text(&inner)));
	}
	return structure;
}

/* The value of a field that has found its place; NULL when there is no such field. */
static const char *take_value(struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++) {
		if (strcmp(form->fields[i].name, name) == 0) {
			form->fields[i].is_read = true;
			return form->fields[i].value;
		}
	}
	return NULL;
}

/* A list or structure that is not there as such, but as a plain field, is empty or text: shape_find_fault() tells. */
static json_t *build(struct form *form, const struct shape *shape, const char *name)
{
	const char *text = take_value(form, name);
	if (shape->type == SHAPE_LIST && (text == NULL || *text == '\0'))
		return build_list(form, shape, name);
	if (shape->type == SHAPE_STRUCTURE && text == NULL)
		return build_structure(form, shape, name);
	return text == NULL ? json_object() : form_scalar(shape, text);
}

json_t *form_to_json(struct form *form, const struct shape *shape)
{
	return build_structure(form, shape, "");
}
