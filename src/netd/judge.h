#pragma once
/** Whether a message makes sense, and gets along with what was named before. Pure. */

#include "base/error.h"
#include "ipc/netd_message.h"
#include "netd/plan.h"

/**
 * @message  a VPC, SUBNET, INTERNET, TABLE or ENI
 * SP_INVALID: malformed. SP_NOT_FOUND: what it stands on was not named. SP_CONFLICT: another one is in its way.
 */
int judge(const struct plan *plan, const struct netd_message *message, struct sp_error *err);
