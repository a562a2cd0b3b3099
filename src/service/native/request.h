#pragma once
/** Within service/native/: what its operations read and refuse alike. */

#include "api/service.h"
#include "service/transfer/answer.h"

#define CONFLICT_EXCEPTION "ConflictException"

/** As answer_error(), with SP_CONFLICT as what it is. */
void native_error(struct api_call *call, const struct sp_error *err);

/**
 * The connector that the member ConnectorId of an input means may be named by the value of its tag Name: from here on it is
 * its id. An id stays as it is, also that of a connector that was deleted: what it left is looked for. api_service.resolve
 */
void native_resolve(void *context, const struct api_operation *operation, json_t *input);

/** -1 when the call was answered, for its ConnectorId was the Name of no connector, or of several. */
int native_check_connector(struct api_call *call);

/** A member with a time, "2026-11-23" or "2026-11-23T15:41:48Z"; @fallback when it is absent. -1 when the call was answered. */
int native_read_time(struct api_call *call, const char *name, int64_t fallback, int64_t *out_ms);

/** Sets a member to a time; 0 leaves it out. */
void native_set_time(json_t *out, const char *name, int64_t time_ms);
