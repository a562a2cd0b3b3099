#pragma once
/**
 * Within service/ec2/: a call's way into the store and back. An operation is one function that runs inside a read or
 * a write; what it refuses has EC2's error code beside the sentence.
 */

#include <stdbool.h>

#include "api/call.h"
#include "db/db.h"
#include "service/context.h"

/* Codes that several operations answer. The HTTP statuses of those that are not 400: service.c. */
#define EC2_DEPENDENCY_VIOLATION  "DependencyViolation"
#define EC2_INVALID_COMBINATION   "InvalidParameterCombination"
#define EC2_INVALID_VALUE         "InvalidParameterValue"
#define EC2_MISSING_PARAMETER     "MissingParameter"
#define EC2_NOT_PERMITTED         "OperationNotPermitted"
#define EC2_UNSUPPORTED_OPERATION "UnsupportedOperation"

struct ec2_request {
	const struct service_context *context;
	const json_t *input;
	json_t *output;   /* an object: what is answered; empty: <return>true</return> */
	const char *code; /* of the refusal: ec2_refuse() */
};

/** Inside a read or a write of the store. @ctx: the operation's own. */
typedef int ec2_fn(struct ec2_request *request, struct db *db, void *ctx, struct sp_error *err);

/**
 * Runs @fn and answers the call. With DryRun everything is done and checked, nothing is kept, and what would have
 * been done is answered with DryRunOperation.
 */
void ec2_read(struct api_call *call, ec2_fn *fn, void *ctx);
/** As a write; networks are told that there is something new. */
void ec2_write(struct api_call *call, ec2_fn *fn, void *ctx);

/** Notes the code and the sentence; -1, so that a refusal is one line. */
int ec2_refuse(struct ec2_request *request, struct sp_error *err, const char *code,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/** The same for a parameter that an operation needs: "The request must contain the parameter X". */
int ec2_refuse_missing(struct ec2_request *request, struct sp_error *err, const char *parameter);

/* As with sp_fail(): compilers are to know that nothing else comes back. */
#define ec2_refuse(...)         sp_failed(ec2_refuse(__VA_ARGS__))
#define ec2_refuse_missing(...) sp_failed(ec2_refuse_missing(__VA_ARGS__))

/* Members of the input. */

const char *ec2_text(const struct ec2_request *request, const char *name); /* NULL: absent */
/** Is the truth value there, and true? */
bool ec2_flag(const struct ec2_request *request, const char *name);
/** As EnableDnsSupport.Value: false when it is absent. */
bool ec2_attribute(const struct ec2_request *request, const char *name, bool *out);
