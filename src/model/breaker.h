#pragma once
/** What is kept of a partner that does not let us in: why a connector's files wait, since when, and until when. */

#include <stdint.h>

#include "base/error.h"
#include "model/failure.h"

struct breaker_record {
	int openings;           /* in a row: the first, and every file that tried again in vain */
	int64_t since_ms;       /* wall clock: when the first connection in a row failed */
	int64_t next_ms;        /* wall clock: when one file tries again */
	enum failure_step step; /* of the last failure, with … */
	enum sp_code code;
	char reason[SP_ERROR_MESSAGE_MAX];
};
