#pragma once
/** TestConnection: one worker for one try, beside the connector's transfers. transfer_engine_test() is its door. */

#include "transfer/internal.h"

/** Those under way are answered with SP_CANCELLED. */
void test_runs_stop(struct transfer_engine *engine);
