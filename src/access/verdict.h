#pragma once
/** May it, or may it not: what policies say about a request. Pure. */

#include "access/facts.h"
#include "base/buffer.h"

/** One thing that somebody wants to do. All borrowed. */
struct access_request {
	const char *action;   /* "transfer:StartFileTransfer" */
	const char *resource; /* an ARN, or "*" where there is none */
	struct access_facts facts;
};

/** A denial wins over everything; without any word for it, it is not allowed. */
enum access_verdict { ACCESS_ALLOWED, ACCESS_NOT_ALLOWED, ACCESS_DENIED };

/**
 * AWS's sentence for a verdict that is not ACCESS_ALLOWED: "User: arn:… is not authorized to perform: … on resource: …
 * because …".
 *
 * @principal  the ARN of who asked
 */
void access_add_sentence(enum access_verdict verdict, const char *principal,
			 const struct access_request *request, struct sp_buffer *out);
