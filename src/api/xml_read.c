#include "api/xml_read.h"

#include <expat.h>
#include <string.h>

#include "api/form.h"
#include "base/buffer.h"
#include "base/scope.h"

enum { DEPTH_MAX = 8 };

/* An element that is open. */
struct level {
	const struct shape *shape; /* NULL: nobody asks for it, or for what is in it */
	bool in_list;
	json_t *value; /* owned; of structures */
};

struct reading {
	XML_Parser parser;
	const struct shape *shape;
	struct level levels[DEPTH_MAX];
	size_t depth;
	struct sp_buffer text; /* of the element that is open */
	json_t *root;          /* owned */
	bool failed;
	struct sp_error *err;
};

static void stop(struct reading *reading, const char *what, const char *name)
{
	if (!reading->failed)
		sp_fail(reading->err, SP_PROTOCOL, "%s%.64s", what, name);
	reading->failed = true;
	XML_StopParser(reading->parser, XML_FALSE);
}

static const struct shape *find_member(const struct shape *structure, const char *name)
{
	for (const struct shape_member *at = structure->members; at->name != NULL; at++)
		if (strcmp(at->name, name) == 0)
			return at->shape;
	return NULL;
}

/* One entry more than may be is enough for it to be told: what comes behind takes no memory, however much a body has. */
static bool is_overfull(const struct shape *list, const json_t *structure, const char *name)
{
	return list->max > 0 &&
	       json_array_size(json_object_get(structure, name)) > (size_t)list->max;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *reading = ctx;
	(void)attributes;
	if (reading->depth == DEPTH_MAX) {
		stop(reading, "the XML is too deep at the element ", name);
		return;
	}
	struct level level = { 0 };
	if (reading->depth == 0) {
		level.shape = reading->shape;
	} else {
		const struct shape *above = reading->levels[reading->depth - 1].shape;
		if (above != NULL && above->type == SHAPE_STRUCTURE)
			level.shape = find_member(above, name);
	}
	level.in_list = level.shape != NULL && level.shape->type == SHAPE_LIST;
	if (level.in_list)
		level.shape =
			is_overfull(level.shape, reading->levels[reading->depth - 1].value, name)
				? NULL
				: level.shape->element;
	if (level.shape != NULL && level.shape->type == SHAPE_STRUCTURE)
		level.value = json_object();
	reading->levels[reading->depth++] = level;
	sp_buffer_clear(&reading->text);
}

/* @value is taken. */
static void put(struct reading *reading, const char *name, const struct level *level, json_t *value)
{
	json_t *object = reading->levels[reading->depth - 1].value;
	json_t *there = json_object_get(object, name);
	if (level->in_list && there == NULL)
		json_object_set_new(object, name, there = json_array());
	if (level->in_list)
		json_array_append_new(there, value);
	else if (there == NULL)
		json_object_set_new(object, name, value);
	else
		json_decref(value);
	if (!level->in_list && there != NULL)
		stop(reading, "the XML has an element twice that may come once: ", name);
}

static void on_end(void *ctx, const XML_Char *name)
{
	struct reading *reading = ctx;
	if (reading->failed)
		return;
	struct level level = reading->levels[--reading->depth];
	if (reading->depth == 0)
		reading->root = level.value;
	else if (level.value != NULL)
		put(reading, name, &level, level.value);
	else if (level.shape != NULL)
		put(reading, name, &level,
		    form_scalar(level.shape, sp_buffer_text(&reading->text)));
	sp_buffer_clear(&reading->text);
}

static void on_text(void *ctx, const XML_Char *text, int length)
{
	struct reading *reading = ctx;
	sp_buffer_add(&reading->text, text, (size_t)length);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
		       const XML_Char *public_id, int has_subset)
{
	(void)system_id, (void)public_id, (void)has_subset;
	stop(ctx, "the XML must have no document type, and has ", name);
}

static int parse(struct reading *reading, const char *text, size_t length)
{
	XML_SetUserData(reading->parser, reading);
	XML_SetElementHandler(reading->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reading->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reading->parser, on_doctype);
	if (XML_Parse(reading->parser, text, (int)length, 1) == XML_STATUS_OK && !reading->failed)
		return 0;
	if (!reading->failed)
		sp_fail(reading->err, SP_PROTOCOL, "the body is no XML: %s in line %lu",
			XML_ErrorString(XML_GetErrorCode(reading->parser)),
			(unsigned long)XML_GetCurrentLineNumber(reading->parser));
	return -1;
}

int xml_read(const char *text, size_t length, const struct shape *shape, json_t **out,
	     struct sp_error *err)
{
	struct reading reading = { .shape = shape, .err = err };
	reading.parser = XML_ParserCreate(NULL);
	if (reading.parser == NULL)
		sp_die("out of memory");
	int result = parse(&reading, text, length);
	XML_ParserFree(reading.parser);
	sp_buffer_finish(&reading.text);
	while (reading.depth > 0)
		json_decref(reading.levels[--reading.depth].value);
	if (result != 0) {
		json_decref(reading.root);
		return -1;
	}
	*out = reading.root;
	return 0;
}
