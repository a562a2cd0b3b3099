#pragma once
/**
 * The protocols: which operation a verified request names, and what its input is; and how an output and a refusal are
 * written. They look at the call and write answers; who asked is answered elsewhere.
 */

#include "api/exchange.h"
#include "api/form.h"

struct protocol {
	/**
	 * Fills @call's operation and input. Returns 0, or -1 with @err and the reason of the refusal; the service is
	 * known. SP_NOT_FOUND: the service has no such operation, and the refusal shall name what it has.
	 */
	int (*read)(struct api_call *call, enum refusal_reason *reason, struct sp_error *err);
	/** @output is borrowed; NULL: no output. */
	void (*write)(const struct api_call *call, const json_t *output, struct api_answer *out);
	/** What read() refused. */
	void (*refuse)(const struct api_call *call, enum refusal_reason reason,
		       const struct sp_error *err, struct api_answer *out);
	/** An input that does not fit the operation's shape. */
	void (*refuse_input)(const struct api_call *call, const struct shape_fault *fault,
			     struct api_answer *out);
};

extern const struct protocol protocol_json, protocol_query, protocol_ec2, protocol_rest,
	protocol_s3;

const struct protocol *protocol_of(enum api_protocol protocol);

/** The operation that the head of a request to S3 names. -1 with @err: SP_UNSUPPORTED, or SP_INVALID for a path that is none. */
int s3_find_operation(struct api_call *call, struct sp_error *err);

/* protocol_parts.c: what protocols share. */

/** NULL when the service has none of this name. */
const struct api_operation *protocol_find_operation(const struct api_service *service,
						    const char *name);

/** -1 with SP_NOT_FOUND. */
int protocol_unknown_operation(const struct api_service *service, const char *name,
			       struct sp_error *err);

/** The sentence of @err; that of an unknown operation goes on with the names of those that are there. */
void protocol_add_sentence(const struct api_service *service, const struct sp_error *err,
			   struct sp_buffer *out);

/** With the code that refusals have in the protocol's form. */
void protocol_refuse(const struct api_call *call, enum refusal_reason reason,
		     const struct sp_error *err, struct api_answer *out);

/** As the service's validation error, a wrong type as a malformed request. */
void protocol_refuse_input(const struct api_call *call, const struct shape_fault *fault,
			   struct api_answer *out);

/** Reads what the Query protocols have in common; @form is filled as far as it could be read. */
int protocol_read_form(struct api_call *call, struct form *form, enum refusal_reason *reason,
		       struct sp_error *err);

/** An answer of status 200; @xml is empty afterwards. */
void protocol_give_xml(struct sp_buffer *xml, struct api_answer *out);
