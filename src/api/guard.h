#pragma once
/**
 * The check that stands between a verified signature and the handler: may who asks do this? What is asked for stands in
 * the operation's row (api_operation.resource), who asks and what they may is known to whoever made the server.
 *
 * A row's words, with spaces between them, must all be allowed:
 *
 *   *                             the operation, on no resource in particular
 *   connector/{ConnectorId}       on arn:aws:<service>:<region>:<account>:connector/…; when the member is itself an ARN, on that;
 *                                 when it is a list, on each of it, or with {List.Member} on that of each of its
 *                                 structures; {A|B}: the first of them that is there; when none is,
 *                                 on connector/ and a star
 *   user/{UserName|@}             the same, but when none is there, on whoever asks
 *   iam:PassRole={AccessRole}     another action; when the member is not there, nothing is asked
 *   GUARD_ANYBODY                 nothing is asked: whoever can sign may
 */

#include "access/verdict.h"
#include "api/service.h"
#include "base/clock.h"
#include "base/error.h"
#include "sign/verify.h"

#define GUARD_ANYBODY "anybody"

/** All functions are required, and called on the pools' threads. */
struct api_guard {
	void *ctx;
	/** Whether @who owns the account and may do everything, so that nothing needs to be looked up. */
	bool (*is_owner)(void *ctx, const struct sign_identity *who);
	/**
	 * Returns 0, or -1: with @err SP_DENIED and the whole sentence in @refusal; with another code when it could not be
	 * found out. Adds what it knows of @who to the request's facts, which nobody looks at afterwards. A request without
	 * a resource is about @who.
	 */
	int (*check)(void *ctx, const struct sign_identity *who, struct access_request *request,
		     struct sp_buffer *refusal, struct sp_error *err);
};

/** One thing that an operation's row asks for. */
struct guard_wish {
	char *action, *resource; /* owned; without a resource it is about whoever asks */
};

enum { GUARD_WISHES_MAX = 1024 };

struct guard_wishes {
	struct guard_wish *list; /* owned */
	size_t count;
};

void guard_wishes_finish(struct guard_wishes *wishes);

/** Where an operation's resources are. */
struct guard_place {
	const struct api_service *service;
	void *context; /* the service's */
	const char *region, *account;
};

/** What @operation with @input asks for. SP_LIMIT: for more than GUARD_WISHES_MAX things; SP_INTERNAL: its row says nothing. */
int guard_list_wishes(const struct guard_place *place, const struct api_operation *operation,
		      const json_t *input, struct guard_wishes *out, struct sp_error *err);

/**
 * What policies may ask of the request itself, for an operation that judges them on its own.
 *
 * @now  filled, and borrowed by @out
 */
void guard_add_facts(const struct api_call *call, char now[SP_ISO_TIME_SIZE],
		     struct access_facts *out);

/** False when the call was refused. Its input is checked against its shape already. */
bool guard_lets(struct api_call *call);
