#pragma once
/** sallyportd backup and restore: the commands, and what they tell people on standard output. */

#include "daemon/options.h"

int copies_back_up(const struct options *options, const struct settings *settings,
		   struct sp_error *err);
int copies_restore(const struct options *options, const struct settings *settings,
		   struct sp_error *err);
