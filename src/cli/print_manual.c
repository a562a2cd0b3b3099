/** Used while building: copies a manual page and puts the tables of commands, options and statuses where it says so. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/usage.h"

static const struct {
	const char *line, *what;
} places[] = {
	{ "@COMMANDS@\n", "COMMANDS" },
	{ "@OPTIONS@\n", "OPTIONS" },
	{ "@STATUSES@\n", "STATUSES" },
};

static void copy_line(const char *line)
{
	for (size_t i = 0; i < SP_COUNT_OF(places); i++) {
		if (strcmp(line, places[i].line) == 0) {
			usage_print_manual(stdout, all_commands, places[i].what);
			return;
		}
	}
	fputs(line, stdout);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s PAGE\n", argv[0]);
		return 2;
	}
	FILE *page = fopen(argv[1], "re");
	if (page == NULL) {
		perror(argv[1]);
		return 1;
	}
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, page) != -1)
		copy_line(line);
	free(line);
	fclose(page);
	return fflush(stdout) == 0 ? 0 : 1;
}
