/* doc/openapi.json says of our own API what its tables say: every operation and parameter, and none more. */
#include "test.h"

#include <strings.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/scope.h"
#include "service/services.h"

static json_t *document;

static int read_document(void **state)
{
	(void)state;
	json_error_t error;
	document = json_load_file(OPENAPI, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		fail_msg("%s:%d: %s", OPENAPI, error.line, error.text);
	return 0;
}

static int forget_document(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

/* What the document has at the operation's place. */
static const json_t *described(const struct api_operation *operation)
{
	char method[16] = "";
	for (size_t i = 0; operation->method[i] != '\0'; i++)
		method[i] = (char)(operation->method[i] | 0x20);
	const json_t *path = json_object_get(json_object_get(document, "paths"), operation->path);
	const json_t *found = json_object_get(path, method);
	if (found == NULL)
		fail_msg("%s %s is not described", operation->method, operation->path);
	return found;
}

static const json_t *find_parameter(const json_t *parameters, const char *name)
{
	for (size_t i = 0; i < json_array_size(parameters); i++) {
		const json_t *parameter = json_array_get(parameters, i);
		if (strcmp(sp_json_string(parameter, "name"), name) == 0)
			return parameter;
	}
	fail_msg("the parameter %s is not described", name);
	return NULL;
}

static bool is_label(const struct api_operation *operation, const char *name)
{
	SP_AUTO_BUFFER label = { 0 };
	sp_buffer_format(&label, "{%s}", name);
	return strstr(operation->path, sp_buffer_text(&label)) != NULL;
}

/* "A|B|C" of a shape's pattern is an enum there. */
static void check_pattern(const struct shape *shape, const json_t *schema)
{
	const json_t *words = json_object_get(schema, "enum");
	if (words == NULL) {
		const char *pattern = sp_json_string(schema, "pattern");
		assert_true((shape->pattern == NULL) == (pattern == NULL));
		if (pattern != NULL)
			assert_string_equal(pattern, shape->pattern);
		return;
	}
	SP_AUTO_BUFFER joined = { 0 };
	for (size_t i = 0; i < json_array_size(words); i++)
		sp_buffer_format(&joined, "%s%s", i == 0 ? "" : "|",
				 json_string_value(json_array_get(words, i)));
	assert_string_equal(sp_buffer_text(&joined), shape->pattern);
}

static void check_schema(const struct shape *shape, const json_t *schema)
{
	const char *type = sp_json_string(schema, "type");
	switch (shape->type) {
	case SHAPE_STRING:
		assert_string_equal(type, "string");
		assert_int_equal(sp_json_integer(schema, "minLength", -1), shape->min);
		assert_int_equal(sp_json_integer(schema, "maxLength", -1), shape->max);
		check_pattern(shape, schema);
		return;
	case SHAPE_INTEGER:
		assert_string_equal(type, "integer");
		assert_int_equal(sp_json_integer(schema, "minimum", -1), shape->min);
		assert_int_equal(sp_json_integer(schema, "maximum", -1), shape->max);
		return;
	case SHAPE_BOOLEAN:
		assert_string_equal(type, "boolean");
		return;
	case SHAPE_TIMESTAMP:
	case SHAPE_BLOB:
	case SHAPE_STRUCTURE:
	case SHAPE_LIST:
	case SHAPE_MAP:
		fail_msg("no parameter is of such a shape yet");
	}
}

static bool is_required(const json_t *schema, const char *name)
{
	const json_t *required = json_object_get(schema, "required");
	for (size_t i = 0; i < json_array_size(required); i++)
		if (strcmp(json_string_value(json_array_get(required, i)), name) == 0)
			return true;
	return false;
}

/* What is no label of a POST is in its body. */
static const json_t *body_of(const json_t *described_as)
{
	return json_object_get(
		json_object_get(
			json_object_get(json_object_get(described_as, "requestBody"), "content"),
			"application/json"),
		"schema");
}

static void check_operation(const struct api_operation *operation)
{
	const json_t *described_as = described(operation);
	const json_t *parameters = json_object_get(described_as, "parameters");
	const json_t *body = body_of(described_as);
	bool has_body = strcmp(operation->method, "POST") == 0;
	assert_string_equal(sp_json_string(described_as, "operationId"), operation->name);
	size_t count = 0, in_body = 0;
	for (const struct shape_member *at = operation->input->members; at->name != NULL; at++) {
		if (has_body && !is_label(operation, at->name)) {
			in_body++;
			assert_true(is_required(body, at->name) == at->required);
			check_schema(at->shape, json_object_get(json_object_get(body, "properties"),
								at->name));
			continue;
		}
		count++;
		const json_t *parameter = find_parameter(parameters, at->name);
		assert_string_equal(sp_json_string(parameter, "in"),
				    is_label(operation, at->name) ? "path" : "query");
		assert_true(json_is_true(json_object_get(parameter, "required")) == at->required);
		check_schema(at->shape, json_object_get(parameter, "schema"));
	}
	assert_int_equal(json_array_size(parameters), count);
	assert_int_equal(json_object_size(json_object_get(body, "properties")), in_body);

	/* Whoever may ask without a signature has a security requirement that is empty. */
	const json_t *security = json_object_get(described_as, "security");
	assert_true((operation->is_open != NULL) == (security != NULL));
	char status[8];
	snprintf(status, sizeof(status), "%d", operation->status == 0 ? 200 : operation->status);
	assert_non_null(json_object_get(json_object_get(described_as, "responses"), status));
}

static void every_operation_is_described_as_it_is(void **state)
{
	(void)state;
	for (const struct api_operation *at = service_native.operations; at->name != NULL; at++)
		check_operation(at);
}

static size_t count_operations(void)
{
	size_t count = 0;
	for (const struct api_operation *at = service_native.operations; at->name != NULL; at++)
		count++;
	return count;
}

static void nothing_is_described_that_is_not_there(void **state)
{
	(void)state;
	size_t count = 0;
	const char *path;
	json_t *methods;
	json_object_foreach (json_object_get(document, "paths"), path, methods)
		count += json_object_size(methods);
	assert_int_equal(count, count_operations());
}

/* Every error that an operation may answer is of one form. */
static void every_reference_leads_somewhere(void **state)
{
	(void)state;
	SP_AUTO_FREE char *text = sp_json_text(document);
	const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
	static const char prefix[] = "\"#/components/schemas/";
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, prefix)) != NULL; count++) {
		at += strlen(prefix);
		SP_AUTO_FREE char *name = strndup(at, strcspn(at, "\""));
		if (json_object_get(schemas, name) == NULL)
			fail_msg("there is no schema \"%s\"", name);
	}
	assert_true(count > count_operations());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_is_described_as_it_is),
		cmocka_unit_test(nothing_is_described_that_is_not_there),
		cmocka_unit_test(every_reference_leads_somewhere),
	};
	return cmocka_run_group_tests(tests, read_document, forget_document);
}
