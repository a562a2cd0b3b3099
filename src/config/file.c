#include "config/settings.h"

#include <ini.h>
#include <string.h>

#include "base/buffer.h"
#include "config/assign.h"

enum { LINE_MAX_BYTES = 8192 };

/* inih tells its handler no line number and cuts long lines in two, so the lines are fed to it one by one. */
struct reading {
	FILE *file;
	const char *path;
	int line;
	struct settings *settings;
	struct sp_error *err;
	bool failed; /* @err has the first failure */
};

static char *next_line(char *line, int room, void *ctx)
{
	struct reading *reading = ctx;
	if (reading->failed || fgets(line, room, reading->file) == NULL)
		return NULL;
	reading->line++;
	if (strchr(line, '\n') == NULL && !feof(reading->file)) {
		sp_fail(reading->err, SP_LIMIT,
			"cannot read \"%s\" line %d: it is longer than %d bytes", reading->path,
			reading->line, LINE_MAX_BYTES);
		reading->failed = true;
		return NULL;
	}
	return line;
}

/* "[egress]" in front of "connect_timeout" is the same as "egress.connect_timeout". */
static int take_pair(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *reading = ctx;
	if (reading->failed)
		return 0;
	SP_AUTO_BUFFER full = { 0 };
	if (section[0] != '\0')
		sp_buffer_format(&full, "%s.", section);
	sp_buffer_add_text(&full, name);
	if (settings_assign(reading->settings, sp_buffer_text(&full), value, reading->err) == 0)
		return 1;
	sp_wrap(reading->err, "\"%s\" line %d", reading->path, reading->line);
	reading->failed = true;
	return 0;
}

static void close_file(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

int settings_read_file(struct settings *settings, const char *path, struct sp_error *err)
{
	__attribute__((cleanup(close_file))) FILE *file = fopen(path, "re");
	if (file == NULL)
		return sp_fail_errno(err, "could not open \"%s\"", path);

	/* inih's own switches: one value a line, and a semicolon in a value is part of it. */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_use_stack = false;
	ini_initial_alloc = LINE_MAX_BYTES;
	ini_max_line = LINE_MAX_BYTES;

	struct reading reading = { .file = file, .path = path, .settings = settings, .err = err };
	int first_bad_line = ini_parse_stream(next_line, &reading, take_pair, &reading);
	if (reading.failed)
		return -1;
	if (ferror(file))
		return sp_fail_errno(err, "could not read \"%s\"", path);
	if (first_bad_line < 0)
		return sp_fail(err, SP_NO_MEMORY, "could not read \"%s\": out of memory", path);
	if (first_bad_line > 0)
		return sp_fail(
			err, SP_INVALID,
			"cannot read \"%s\" line %d: needed is name = value, [section], or a "
			"comment after #",
			path, first_bad_line);
	return 0;
}
