#pragma once
/** Within service/sts/: the operations. */

#include "api/call.h"

#define STS_DENIED   "AccessDenied"
#define STS_INTERNAL "InternalFailure"
#define STS_INVALID  "ValidationError"

void sts_assume_role(struct api_call *call);
void sts_get_caller_identity(struct api_call *call);
