#pragma once
/** How the program is used, out of the table of commands. */

#include <stdio.h>

#include "cli/command.h"

/** All commands, a line each, and the options of all of them. */
void usage_print_all(FILE *out, const struct command *commands);

/** One command: its synopsis, what it does, its options and what the program may end with. */
void usage_print_one(FILE *out, const struct command *command);

/** The manual's sections of commands, options and statuses, in mdoc. @what: "COMMANDS", "OPTIONS", "STATUSES". */
void usage_print_manual(FILE *out, const struct command *commands, const char *what);
