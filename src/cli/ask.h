#pragma once
/**
 * Calls of the service's APIs. What it refuses comes back as its own sentence, unchanged; the code says what kind of
 * refusal it is: SP_NOT_FOUND, SP_DENIED, SP_AUTH, SP_LIMIT (throttled), SP_EXISTS, SP_CONFLICT (any other refusal),
 * SP_SYSTEM (its own failure); and those of http_send().
 *
 * A request that creates may be sent again when there was no answer: its tries have one id, by which the service knows them
 * (service/request_token.h).
 */

#include "base/json.h"
#include "cli/http.h"

struct ask {
	struct account account;
	struct http *http; /* NULL: not open */
};

/** What a command does with the service: opens, calls @command, and closes. */
typedef int ask_command_fn(struct ask *ask, struct run *run, struct sp_error *err);
int ask_within(struct run *run, ask_command_fn *command, struct sp_error *err);

enum ask_service { ASK_TRANSFER, ASK_SECRETS };

/** AWS JSON 1.1. @input is taken; @out is owned by the caller and may be NULL. */
int ask_json(struct ask *ask, enum ask_service service, const char *operation, json_t *input,
	     json_t **out, struct sp_error *err);

/** Our own API (doc/native-api.md). @target: path and query. @out as above. */
int ask_native(struct ask *ask, const char *method, const char *target, json_t **out,
	       struct sp_error *err);

/** One parameter of a Query protocol. */
struct ask_parameter {
	const char *name, *value;
};

/** @service "iam" or "sts". @parameters end with one that has no name. @out: XML. */
int ask_query(struct ask *ask, const char *service, const char *action,
	      const struct ask_parameter *parameters, struct sp_buffer *out, struct sp_error *err);

/** The S3 calls. @target: path and query. @out: XML. */
int ask_s3(struct ask *ask, const char *method, const char *target, struct sp_buffer *out,
	   struct sp_error *err);

/** Text as it may stand in a path or a query. */
void ask_add_encoded(struct sp_buffer *out, const char *text);

/** "?name=value" or "&name=value"; nothing for NULL. */
void ask_add_parameter(struct sp_buffer *out, const char *name, const char *value);
