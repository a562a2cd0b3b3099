#pragma once
/** The command line of sallyportd, and the settings that come of it. */

#include <stdbool.h>
#include <stddef.h>

#include "config/settings.h"

enum { OPTIONS_GO_ON = -1, EXIT_WRONG_USE = 2, OPTIONS_SET_MAX = 256 };

/** What is done: COMMAND_SERVE unless a word behind the options names something else. */
enum command { COMMAND_SERVE, COMMAND_BACKUP, COMMAND_RESTORE };

struct options {
	enum command command;
	const char *file;     /* of the others; borrowed from argv, as all below */
	bool replace;         /* backup: a file that is there already */
	bool fail_unfinished; /* restore: what had not ended FAILS and is not tried again */
	const char *state;    /* NULL: not given */
	const char *config;   /* NULL: none */
	const char *set[OPTIONS_SET_MAX];
	size_t set_count;
	bool only_check;
};

/** OPTIONS_GO_ON, or the status to end with: what there was to say was printed. */
int options_parse(int argc, char **argv, struct options *out);

/** Defaults, file, --set, in this order, and checked. @out is the caller's to finish, also after a failure. */
int options_read_settings(const struct options *options, struct settings *out,
			  struct sp_error *err);
