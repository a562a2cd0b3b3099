/** Used while building: copies a manual page and puts the table of settings where it says @SETTINGS@. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

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
	while (getline(&line, &room, page) != -1) {
		if (strcmp(line, "@SETTINGS@\n") == 0)
			settings_print_manual(stdout);
		else
			fputs(line, stdout);
	}
	free(line);
	fclose(page);
	return fflush(stdout) == 0 ? 0 : 1;
}
