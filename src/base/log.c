#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/scope.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 2048 };

static struct {
	const char *program;
	_Atomic enum sp_log_level level; /* other threads log while it is changed */
} sink = { "sallyport", SP_LOG_INFO };

/* journald reads the number in front as a priority (sd-daemon(3)). */
static const struct {
	const char *name;
	int priority;
} levels[] = {
	[SP_LOG_ERROR] = { "error", 3 },
	[SP_LOG_WARNING] = { "warning", 4 },
	[SP_LOG_INFO] = { "info", 6 },
	[SP_LOG_DEBUG] = { "debug", 7 },
};

void sp_log_init(const char *program, enum sp_log_level level)
{
	sink.program = program;
	sink.level = level;
}

int sp_log_level_from_name(const char *name)
{
	for (size_t i = 0; i < SP_COUNT_OF(levels); i++)
		if (strcmp(levels[i].name, name) == 0)
			return (int)i;
	return -1;
}

void sp_log(enum sp_log_level level, const char *format, ...)
{
	if (level > sink.level)
		return;

	char text[LINE_MAX_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	SP_AUTO_FREE char *safe = sp_name_escape(text);

	char line[4 * LINE_MAX_BYTES + 128];
	int length;
	if (getenv("JOURNAL_STREAM") != NULL)
		length = snprintf(line, sizeof(line), "<%d>%s\n", levels[level].priority, safe);
	else {
		char now[SP_ISO_TIME_SIZE];
		sp_time_to_iso(sp_now_ms(), now);
		length = snprintf(line, sizeof(line), "%s %s %s: %s\n", now, sink.program,
				  levels[level].name, safe);
	}
	/* One write a line, so that lines of several threads never mix. Nobody could be told of a failure. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)length);
	(void)written;
}
