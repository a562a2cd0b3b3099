#pragma once
/** The room's own: one setting, by name. Files and --set both end here. */

#include "config/settings.h"

int settings_assign(struct settings *settings, const char *name, const char *value,
		    struct sp_error *err);
