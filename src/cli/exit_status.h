#pragma once
/** With which number the program ends. Scripts go by these: a number never changes its meaning. */

#include "base/error.h"

enum exit_status {
	STATUS_OK = 0,
	STATUS_REFUSED = 1,
	STATUS_WRONG_USE = 2,
	STATUS_NOT_THERE = 3,
	STATUS_DENIED = 4,
	STATUS_UNREACHABLE = 5,
	STATUS_FILES_FAILED = 6,
	STATUS_TEST_FAILED = 7,
	STATUS_LEFT_OUT = 8,
	STATUS_INTERRUPTED = 130,
};

struct exit_status_row {
	enum exit_status status;
	const char *meaning; /* for the manual and for help */
};

/** In ascending order; the last one has no meaning. */
extern const struct exit_status_row exit_statuses[];

enum exit_status exit_status_of(enum sp_code code);
