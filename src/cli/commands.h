#pragma once
/** The table of all commands. */

#include "cli/command.h"

extern const struct command all_commands[];
