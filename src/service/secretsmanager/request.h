#pragma once
/** What the operations of Secrets Manager share. */

#include "api/service.h"
#include "service/context.h"
#include "store/secret_versions.h"
#include "store/secrets.h"
#include "store/tags.h"

/** An operation under way: a closure on the store reads @input and fills @output. */
struct request {
	const struct service_context *context;
	const json_t *input;
	json_t *output; /* owned; an object, empty at first */
	int64_t now_ms;
};

/** Runs @fn with a struct request on the writer, or on a reader, and answers the call with its output or its error. */
void request_write(struct api_call *call, store_fn *fn);
void request_read(struct api_call *call, store_fn *fn);

/** As request_write(), and once it is committed connectors read their secrets anew before they use them again. */
void request_write_value(struct api_call *call, store_fn *fn);

/**
 * The secret that the input names.
 * SP_NOT_FOUND; SP_CONFLICT when it is scheduled for deletion, unless @deleted_too.
 */
int request_find_secret(struct db *db, const struct request *request, bool deleted_too,
			struct secret *out, struct sp_error *err);

/** Notes that the secret was changed just now. */
int request_touch_secret(struct db *db, const struct request *request, struct secret *secret,
			 struct sp_error *err);

/** Puts ARN and Name into the output. */
void request_reply_secret(struct request *request, const struct secret *secret);

/** A member of type timestamp: seconds since 1970. 0 leaves it out. */
void request_set_time(json_t *object, const char *name, int64_t time_ms);

static inline void request_cleanup_secret(struct secret *secret)
{
	secret_finish(secret);
}

/** AUTO_SECRET secret = { 0 }; */
#define AUTO_SECRET __attribute__((cleanup(request_cleanup_secret))) struct secret

/**
 * The value in SecretString or SecretBinary: 1 and @out, 0 when there is none, or -1 with SP_INVALID.
 */
int value_from_input(const json_t *input, struct secret_value *out, struct sp_error *err);

/** The id of the version to be made: ClientRequestToken, or a new one. */
void value_id_from_input(const json_t *input, char out[SECRET_VERSION_ID_MAX + 1]);

/**
 * What DescribeSecret and ListSecrets tell of a secret; owned by the caller.
 * @stages_name  they call the versions' stages differently
 */
int secret_to_json(struct db *db, const struct secret *secret, const char *stages_name,
		   json_t **out, struct sp_error *err);

/** api_service.resolve: a secret's whole ARN in the place of what else names it. */
void secret_resolve(void *context, const struct api_operation *operation, json_t *input);

/** api_service.list_values: secretsmanager:VersionStage */
size_t secret_list_stages(const struct api_operation *operation, const json_t *input,
			  enum access_fact *out_key, const char *out[API_VALUES_MAX]);

/** api_service.find_arn: a secret is named by its name, its ARN, or the ARN without its last characters. */
char *secret_find_arn(void *context, const json_t *input, const char *kind, const char *value);

/* The operations, one function each. */
void create_secret(struct api_call *call);
void describe_secret(struct api_call *call);
void update_secret(struct api_call *call);
void delete_secret(struct api_call *call);
void restore_secret(struct api_call *call);
void get_resource_policy(struct api_call *call);
void list_secrets(struct api_call *call);
void get_secret_value(struct api_call *call);
void put_secret_value(struct api_call *call);
void list_secret_version_ids(struct api_call *call);
void update_secret_version_stage(struct api_call *call);
void tag_resource(struct api_call *call);
void untag_resource(struct api_call *call);
