#pragma once
/** What a command writes to standard output: text for people and scripts, or JSON. */

#include "base/json.h"
#include "cli/command.h"

enum { OUTPUT_COLUMNS_MAX = 8 };

/** A JSON value on lines of its own; taken. */
void output_json(json_t *value);

/** As output_json() on one line: of many values each. */
void output_json_line(json_t *value);

/** Rows of text whose columns are as wide as their widest entry; without rows nothing is written. */
struct output_table {
	const char *const *titles; /* kept; in capitals; the last one is NULL */
	char **cells;              /* owned */
	size_t count, room;        /* cells */
};

/** One cell; copied. NULL is written as "-". */
void output_table_add(struct output_table *table, const char *text);
void output_table_print(const struct output_table *table);
void output_table_finish(struct output_table *table);

#define AUTO_TABLE __attribute__((cleanup(output_table_finish))) struct output_table

/** One line to standard error for people, with the program's name in front. */
void output_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
