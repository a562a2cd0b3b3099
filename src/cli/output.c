#include "cli/output.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"

void output_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	fputc('\n', stdout);
	json_decref(value);
}

void output_json_line(json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(value);
}

void output_table_add(struct output_table *table, const char *text)
{
	if (table->count == table->room) {
		table->room = table->room == 0 ? 64 : 2 * table->room;
		table->cells = sp_realloc(table->cells, table->room * sizeof(*table->cells));
	}
	char *copy = sp_strdup(text == NULL || text[0] == '\0' ? "-" : text);
	sp_text_make_readable(copy);
	table->cells[table->count++] = copy;
}

static size_t columns_of(const struct output_table *table)
{
	size_t count = 0;
	while (table->titles[count] != NULL)
		count++;
	return count;
}

/* The last column is not filled up: no line ends in spaces. */
static void print_cell(const char *text, size_t width, bool is_last)
{
	fputs(text, stdout);
	for (size_t i = sp_utf8_count(text); !is_last && i < width + 2; i++)
		fputc(' ', stdout);
	if (is_last)
		fputc('\n', stdout);
}

void output_table_print(const struct output_table *table)
{
	size_t columns = columns_of(table), widths[OUTPUT_COLUMNS_MAX] = { 0 };
	if (table->count == 0)
		return;
	assert(columns > 0 && columns <= OUTPUT_COLUMNS_MAX);
	for (size_t i = 0; i < columns; i++)
		widths[i] = strlen(table->titles[i]);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = sp_utf8_count(table->cells[i]);
		if (width > widths[i % columns])
			widths[i % columns] = width;
	}
	for (size_t i = 0; i < columns; i++)
		print_cell(table->titles[i], widths[i], i + 1 == columns);
	for (size_t i = 0; i < table->count; i++)
		print_cell(table->cells[i], widths[i % columns], i % columns + 1 == columns);
}

void output_table_finish(struct output_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct output_table){ 0 };
}

void output_note(const char *format, ...)
{
	SP_AUTO_FREE char *text = NULL;
	va_list args;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		sp_die("there is no memory for a sentence");
	va_end(args);
	sp_text_make_readable(text);
	fprintf(stderr, "sallyport: %s\n", text);
}
