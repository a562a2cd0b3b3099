#include "service/secretsmanager/request.h"

#include <inttypes.h>
#include <string.h>

#include "base/arn.h"
#include "base/id.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/tag_list.h"

enum {
	ARN_SUFFIX_LENGTH = 6,
	RECOVERY_DAYS_MIN = 7,
	RECOVERY_DAYS_MAX = 30,
	DAY_MS = 24 * 3600 * 1000,
};

/* What we do not have must not look as if it had been done. */
static int refuse_foreign(const json_t *input, struct sp_error *err)
{
	if (json_array_size(json_object_get(input, "AddReplicaRegions")) > 0)
		return sp_fail(err, SP_UNSUPPORTED,
			       "AddReplicaRegions cannot be used: there is one region here");
	const char *type = sp_json_string(input, "Type");
	if (type != NULL && *type != '\0')
		return sp_fail(
			err, SP_UNSUPPORTED,
			"Type cannot be used: secrets of other services are not managed here");
	return 0;
}

/* An empty text stands for none. */
static void set_from_input(char **member, const json_t *input, const char *name)
{
	const char *text = sp_json_string(input, name);
	if (text == NULL)
		return;
	free(*member);
	*member = *text != '\0' ? sp_strdup(text) : NULL;
}

/* Makes a version of the value, if the input has one, and tells its id. */
static int put_value(struct db *db, struct request *request, const struct secret *secret,
		     bool must_be_new, struct sp_error *err)
{
	struct secret_value value = { 0 };
	int given = value_from_input(request->input, &value, err);
	if (given <= 0)
		return given;

	char id[SECRET_VERSION_ID_MAX + 1];
	bool is_new;
	value_id_from_input(request->input, id);
	int result = secret_versions_put(db, request->context->vault, secret->arn, id, &value, NULL,
					 0, request->now_ms, &is_new, err);
	secret_value_finish(&value);
	if (result == 0 && must_be_new && !is_new)
		result = sp_fail(err, SP_EXISTS,
				 "version \"%s\" exists already: a version cannot be changed", id);
	if (result == 0)
		sp_json_set_text(request->output, "VersionId", id);
	return result;
}

/* ---- CreateSecret ---- */

/* Whether the request was carried out before: then it is answered as it was then. */
static int repeat_creation(struct db *db, struct request *request, struct sp_error *err)
{
	const char *name = sp_json_string(request->input, "Name");
	const char *token = sp_json_string(request->input, "ClientRequestToken");
	AUTO_SECRET secret = { 0 };
	if (secrets_find(db, name, request->now_ms, &secret, err) != 0)
		return -1;
	int there = token == NULL ? 0 : secret_versions_has(db, secret.arn, token, err);
	if (there < 0)
		return -1;
	if (there == 0)
		return sp_fail(err, SP_EXISTS, "the secret \"%s\" already exists", name);
	if (put_value(db, request, &secret, false, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

static int check_room(struct db *db, const struct request *request, struct sp_error *err)
{
	int64_t count;
	if (secrets_count(db, &count, err) != 0)
		return -1;
	if (count <= request->context->quotas.secrets)
		return 0;
	return sp_fail(err, SP_LIMIT,
		       "the account has %" PRId64 " secrets, more cannot be made (quota.secrets)",
		       count - 1);
}

static int create(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const json_t *tags = json_object_get(request->input, "Tags");
	if (refuse_foreign(request->input, err) != 0 || tag_list_check(tags, err) != 0)
		return -1;
	const char *name = sp_json_string(request->input, "Name");
	char suffix[ARN_SUFFIX_LENGTH + 1];
	sp_random_alphanumeric(suffix, ARN_SUFFIX_LENGTH);
	AUTO_SECRET secret = { .arn = sp_arn_format("secretsmanager", request->context->region,
						    request->context->account, "secret:%s-%s", name,
						    suffix),
			       .name = sp_strdup(name),
			       .created_ms = request->now_ms,
			       .changed_ms = request->now_ms };
	set_from_input(&secret.description, request->input, "Description");
	set_from_input(&secret.kms_key_id, request->input, "KmsKeyId");

	if (secrets_insert(db, &secret, request->now_ms, err) != 0) {
		if (err->code == SP_CONFLICT)
			return sp_fail(err, SP_CONFLICT,
				       "the secret \"%s\" cannot be created because a secret with "
				       "this name is already scheduled for deletion",
				       name);
		return err->code == SP_EXISTS ? repeat_creation(db, request, err) : -1;
	}
	/* Afterwards, for what exists already is told first. */
	if (check_room(db, request, err) != 0 || put_value(db, request, &secret, true, err) != 0 ||
	    tag_list_put(db, secret.arn, tags, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

void create_secret(struct api_call *call)
{
	request_write(call, create);
}

/* ---- DescribeSecret ---- */

static void add_stage(void *ctx, const char *id, const char *stage)
{
	json_t *versions = ctx;
	json_t *stages = json_object_get(versions, id);
	if (stages == NULL) {
		stages = json_array();
		json_object_set_new(versions, id, stages);
	}
	json_array_append_new(stages, json_string(stage));
}

int secret_to_json(struct db *db, const struct secret *secret, const char *stages_name,
		   json_t **out, struct sp_error *err)
{
	SP_AUTO_JSON json_t *object = json_object();
	SP_AUTO_JSON json_t *versions = json_object();
	SP_AUTO_JSON json_t *tags = NULL;
	if (secret_versions_each_stage(db, secret->arn, add_stage, versions, err) != 0 ||
	    tag_list_read_all(db, secret->arn, &tags, err) != 0)
		return -1;
	sp_json_set_text(object, "ARN", secret->arn);
	sp_json_set_text(object, "Name", secret->name);
	sp_json_set_text(object, "Description", secret->description);
	sp_json_set_text(object, "KmsKeyId", secret->kms_key_id);
	request_set_time(object, "CreatedDate", secret->created_ms);
	request_set_time(object, "LastChangedDate", secret->changed_ms);
	request_set_time(object, "LastAccessedDate", secret->accessed_ms);
	request_set_time(object, "DeletedDate", secret->deleted_ms);
	if (json_array_size(tags) > 0)
		json_object_set(object, "Tags", tags);
	if (json_object_size(versions) > 0)
		json_object_set(object, stages_name, versions);
	*out = sp_take_pointer(&object);
	return 0;
}

static int describe(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	SP_AUTO_JSON json_t *description = NULL;
	if (request_find_secret(db, request, true, &secret, err) != 0 ||
	    secret_to_json(db, &secret, "VersionIdsToStages", &description, err) != 0)
		return -1;
	json_object_update(request->output, description);
	return 0;
}

void describe_secret(struct api_call *call)
{
	request_read(call, describe);
}

/* ---- UpdateSecret ---- */

static int update(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (refuse_foreign(request->input, err) != 0 ||
	    request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	set_from_input(&secret.description, request->input, "Description");
	set_from_input(&secret.kms_key_id, request->input, "KmsKeyId");
	if (put_value(db, request, &secret, true, err) != 0 ||
	    request_touch_secret(db, request, &secret, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

void update_secret(struct api_call *call)
{
	const json_t *input = api_input(call);
	bool has_value = json_object_get(input, "SecretString") != NULL ||
			 json_object_get(input, "SecretBinary") != NULL;
	if (has_value)
		request_write_value(call, update);
	else
		request_write(call, update);
}

/* ---- DeleteSecret and RestoreSecret ---- */

/* When the secret goes: now, or after its recovery window. */
static int read_window(const json_t *input, bool *out_force, json_int_t *out_days,
		       struct sp_error *err)
{
	const json_t *days = json_object_get(input, "RecoveryWindowInDays");
	*out_force = json_is_true(json_object_get(input, "ForceDeleteWithoutRecovery"));
	*out_days = sp_json_integer(input, "RecoveryWindowInDays", RECOVERY_DAYS_MAX);
	if (*out_force && json_is_integer(days))
		return sp_fail(err, SP_INVALID,
			       "ForceDeleteWithoutRecovery and RecoveryWindowInDays cannot be used "
			       "together");
	if (*out_days < RECOVERY_DAYS_MIN || *out_days > RECOVERY_DAYS_MAX)
		return sp_fail(err, SP_INVALID,
			       "RecoveryWindowInDays must be between %d and %d, not %lld",
			       RECOVERY_DAYS_MIN, RECOVERY_DAYS_MAX, (long long)*out_days);
	return 0;
}

/* To force the deletion of what is not there is no error: whoever asks wants it to be gone. */
static int reply_was_gone(struct request *request)
{
	const char *id = sp_json_string(request->input, "SecretId");
	bool is_arn = sp_text_starts_with(id, "arn:");
	SP_AUTO_FREE char *arn = is_arn ? sp_strdup(id)
					: sp_arn_format("secretsmanager", request->context->region,
							request->context->account, "secret:%s", id);
	const char *kind = is_arn ? strstr(id, ":secret:") : NULL;
	sp_json_set_text(request->output, "ARN", arn);
	sp_json_set_text(request->output, "Name", kind != NULL ? kind + strlen(":secret:") : id);
	request_set_time(request->output, "DeletionDate", request->now_ms);
	return 0;
}

static int delete (struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	bool force;
	json_int_t days;
	if (read_window(request->input, &force, &days, err) != 0)
		return -1;
	if (request_find_secret(db, request, force, &secret, err) != 0)
		return force && err->code == SP_NOT_FOUND ? reply_was_gone(request) : -1;

	int64_t gone_ms = force ? request->now_ms : request->now_ms + days * DAY_MS;
	secret.deleted_ms = request->now_ms;
	secret.purge_ms = gone_ms;
	int result = force ? secrets_delete(db, secret.arn, err)
			   : request_touch_secret(db, request, &secret, err);
	if (result != 0)
		return -1;
	request_reply_secret(request, &secret);
	request_set_time(request->output, "DeletionDate", gone_ms);
	return 0;
}

void delete_secret(struct api_call *call)
{
	request_write_value(call, delete);
}

static int restore(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, true, &secret, err) != 0)
		return -1;
	secret.deleted_ms = 0;
	secret.purge_ms = 0;
	if (request_touch_secret(db, request, &secret, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

void restore_secret(struct api_call *call)
{
	request_write_value(call, restore);
}

/* ---- GetResourcePolicy: there is none ---- */

static int get_policy(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

void get_resource_policy(struct api_call *call)
{
	request_read(call, get_policy);
}
