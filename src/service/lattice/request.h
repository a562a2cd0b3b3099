#pragma once
/**
 * Within service/lattice/: a call's way into the store and back. What an operation refuses is noted here with the
 * exception's name and members, beside the sentence in the error.
 */

#include "api/call.h"
#include "model/network.h"
#include "service/context.h"

struct lattice_request {
	const struct service_context *context;
	const json_t *input;
	json_t *output; /* an object: what is answered */
	/* Set by a write: networks, and connections that are open, are made of what it changed. */
	bool changes_networks, changes_connections;
	const char *exception; /* of the refusal; NULL: by the error's code */
	json_t *members;       /* of the exception */
};

/** What identifiers name and exceptions speak of. */
enum lattice_resource {
	LATTICE_GATEWAY,
	LATTICE_CONFIGURATION,
	LATTICE_VPC,
	LATTICE_SUBNET,
	LATTICE_GROUP,
};

/** "resource gateway": for sentences. */
const char *lattice_noun(enum lattice_resource resource);

/** Inside a read or a write of the store. */
typedef int lattice_fn(struct lattice_request *request, struct db *db, void *ctx,
		       struct sp_error *err);

/** Runs @fn and answers the call. */
void lattice_read(struct api_call *call, lattice_fn *fn, void *ctx);
void lattice_write(struct api_call *call, lattice_fn *fn, void *ctx);

/* The same in pieces, for an operation that does more than one thing. */
void lattice_begin(struct lattice_request *request, const struct api_call *call);
int lattice_in_read(struct lattice_request *request, lattice_fn *fn, void *ctx,
		    struct sp_error *err);
int lattice_in_write(struct lattice_request *request, lattice_fn *fn, void *ctx,
		     struct sp_error *err);
/** Answers: the output when @result is 0, else the refusal. The request is empty afterwards. */
void lattice_end(struct lattice_request *request, struct api_call *call, int result,
		 const struct sp_error *err);

/* Refusals. All return -1, so that each is one line. */

/** ValidationException: "field: sentence". */
int lattice_refuse_field(struct lattice_request *request, struct sp_error *err, const char *field,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
int lattice_refuse_missing(struct lattice_request *request, enum lattice_resource resource,
			   const char *id, struct sp_error *err);
/** ConflictException. */
int lattice_refuse_conflict(struct lattice_request *request, enum lattice_resource resource,
			    const char *id, struct sp_error *err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/** ServiceQuotaExceededException with the sentence that is in the error already. */
int lattice_refuse_quota(struct lattice_request *request, enum lattice_resource resource,
			 const char *id, const char *service_code, const char *quota_code);

/** "arn:aws:vpc-lattice:…:resourcegateway/rgw-…" of a gateway or configuration, owned by the caller. */
char *lattice_arn(const struct service_context *context, enum lattice_resource resource,
		  const char *id);

/** "rgw-" or "rcfg-" and digits. */
void lattice_draw_id(enum lattice_resource resource, char out[NETWORK_ID_SIZE]);

/** A name of a gateway or configuration must not look like an id. */
int lattice_check_name(struct lattice_request *request, enum lattice_resource resource,
		       struct sp_error *err);

/**
 * The id of a gateway or configuration that the member @field gives as id or ARN. An ARN of elsewhere names nothing
 * that is here.
 */
int lattice_read_identifier(struct lattice_request *request, enum lattice_resource resource,
			    const char *field, char out[NETWORK_ID_SIZE], struct sp_error *err);

/** Which of our resources an ARN names: a gateway or a configuration. */
int lattice_read_arn(struct lattice_request *request, const char *field,
		     enum lattice_resource *out_resource, char out[NETWORK_ID_SIZE],
		     struct sp_error *err);
