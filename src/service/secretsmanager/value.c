#include "service/secretsmanager/request.h"

#include <assert.h>
#include <string.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/id.h"
#include "base/scope.h"
#include "service/page_token.h"

enum {
	VALUE_MAX = 65536, /* bytes */
	DAY_MS = 24 * 3600 * 1000,
	VERSIONS_PAGE_MAX = 100,
};

static_assert(SP_UUID_SIZE <= SECRET_VERSION_ID_MAX + 1, "a UUID is a version's id");

static void cleanup_value(struct secret_value *value)
{
	secret_value_finish(value);
}

static void cleanup_version(struct secret_version *version)
{
	secret_version_finish(version);
}

#define AUTO_VALUE   __attribute__((cleanup(cleanup_value))) struct secret_value
#define AUTO_VERSION __attribute__((cleanup(cleanup_version))) struct secret_version

int value_from_input(const json_t *input, struct secret_value *out, struct sp_error *err)
{
	const json_t *text = json_object_get(input, "SecretString");
	const json_t *binary = json_object_get(input, "SecretBinary");
	if (json_is_string(text) && json_is_string(binary))
		return sp_fail(err, SP_INVALID,
			       "SecretString and SecretBinary cannot be used together");
	if (!json_is_string(text) && !json_is_string(binary))
		return 0;

	const json_t *given = json_is_string(text) ? text : binary;
	size_t length = json_string_length(given);
	struct secret_value value = { .length = length, .is_binary = given == binary };
	value.data = sp_alloc(length + 1);
	bool good = true;
	if (value.is_binary)
		good = sp_base64_decode(json_string_value(given), length, value.data,
					&value.length);
	else
		memcpy(value.data, json_string_value(given), length);
	if (!good || value.length > VALUE_MAX) {
		value.length = length;
		secret_value_finish(&value);
		return sp_fail(err, SP_INVALID,
			       good ? "the secret's value has more than %d bytes"
				    : "SecretBinary is no base64 of up to %d bytes",
			       VALUE_MAX);
	}
	*out = value;
	return 1;
}

void value_id_from_input(const json_t *input, char out[SECRET_VERSION_ID_MAX + 1])
{
	const char *token = sp_json_string(input, "ClientRequestToken");
	if (token == NULL)
		sp_random_uuid(out);
	else
		memcpy(out, token, strlen(token) + 1); /* the shape has checked its length */
}

static json_t *stages_to_json(const struct secret_version *version)
{
	json_t *stages = json_array();
	for (size_t i = 0; i < version->stage_count; i++)
		json_array_append_new(stages, json_string(version->stages[i]));
	return stages;
}

/* ---- GetSecretValue ---- */

struct access {
	char *arn;
	char id[SECRET_VERSION_ID_MAX + 1];
	int64_t day_ms;
};

static int note_access(struct db *db, void *ctx, struct sp_error *err)
{
	const struct access *access = ctx;
	return secret_versions_note_access(db, access->arn, access->id, access->day_ms, err);
}

static void access_noted(void *ctx, int result, const struct sp_error *err)
{
	(void)result; /* the reader was served; that the day is not noted harms nobody */
	(void)err;
	struct access *access = ctx;
	free(access->arn);
	free(access);
}

/* Once a day for each version. */
static void submit_access(const struct request *request, const struct secret *secret,
			  const struct secret_version *version)
{
	int64_t day_ms = request->now_ms - request->now_ms % DAY_MS;
	if (version->accessed_ms >= day_ms && secret->accessed_ms >= day_ms)
		return;
	struct access *access = sp_alloc(sizeof(*access));
	access->arn = sp_strdup(secret->arn);
	memcpy(access->id, version->id, sizeof(access->id));
	access->day_ms = day_ms;
	store_submit(request->context->store, note_access, access, access_noted, access);
}

static void reply_value(struct request *request, const struct secret_value *value)
{
	if (!value->is_binary) {
		json_object_set_new(request->output, "SecretString",
				    json_stringn(value->data, value->length));
		return;
	}
	SP_AUTO_FREE char *text = sp_base64_encode(value->data, value->length);
	sp_json_set_text(request->output, "SecretBinary", text);
	explicit_bzero(text, strlen(text));
}

static int get_value(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const char *id = sp_json_string(request->input, "VersionId");
	const char *stage = sp_json_string(request->input, "VersionStage");
	AUTO_SECRET secret = { 0 };
	AUTO_VERSION version = { 0 };
	AUTO_VALUE value = { 0 };
	if (request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	if (secret_versions_find(db, request->context->vault, secret.arn, id, stage, &version,
				 &value, err) != 0) {
		if (err->code != SP_NOT_FOUND)
			return -1;
		/* Clients look for the first words. */
		return sp_fail(err, SP_NOT_FOUND,
			       "Secrets Manager can't find the specified secret value for %s: %s",
			       id != NULL ? "VersionId" : "staging label",
			       id != NULL      ? id
			       : stage != NULL ? stage
					       : SECRET_CURRENT);
	}
	request_reply_secret(request, &secret);
	sp_json_set_text(request->output, "VersionId", version.id);
	reply_value(request, &value);
	json_object_set_new(request->output, "VersionStages", stages_to_json(&version));
	request_set_time(request->output, "CreatedDate", version.created_ms);
	submit_access(request, &secret, &version);
	return 0;
}

void get_secret_value(struct api_call *call)
{
	request_read(call, get_value);
}

/* ---- PutSecretValue ---- */

static int put_value(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	AUTO_SECRET secret = { 0 };
	AUTO_VERSION version = { 0 };
	AUTO_VALUE value = { 0 };
	int given = value_from_input(request->input, &value, err);
	if (given < 0 || request_find_secret(db, request, false, &secret, err) != 0)
		return -1;
	if (given == 0)
		return sp_fail(err, SP_INVALID, "either SecretString or SecretBinary is needed");

	const char *stages[SECRET_STAGES_MAX];
	const json_t *list = json_object_get(request->input, "VersionStages");
	size_t count = json_array_size(list);
	for (size_t i = 0; i < count && i < SECRET_STAGES_MAX; i++)
		stages[i] = json_string_value(json_array_get(list, i));
	char id[SECRET_VERSION_ID_MAX + 1];
	bool is_new;
	value_id_from_input(request->input, id);
	if (secret_versions_put(db, request->context->vault, secret.arn, id, &value, stages, count,
				request->now_ms, &is_new, err) != 0 ||
	    (is_new && request_touch_secret(db, request, &secret, err) != 0) ||
	    secret_versions_find(db, NULL, secret.arn, id, NULL, &version, NULL, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	sp_json_set_text(request->output, "VersionId", id);
	json_object_set_new(request->output, "VersionStages", stages_to_json(&version));
	return 0;
}

void put_secret_value(struct api_call *call)
{
	request_write_value(call, put_value);
}

/* ---- ListSecretVersionIds ---- */

static json_t *version_to_json(const struct secret_version *version)
{
	json_t *object = json_object();
	sp_json_set_text(object, "VersionId", version->id);
	if (version->stage_count > 0)
		json_object_set_new(object, "VersionStages", stages_to_json(version));
	request_set_time(object, "LastAccessedDate", version->accessed_ms);
	request_set_time(object, "CreatedDate", version->created_ms);
	return object;
}

static int list_versions(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const char *token = sp_json_string(request->input, "NextToken");
	bool deprecated = json_is_true(json_object_get(request->input, "IncludeDeprecated"));
	size_t max = (size_t)sp_json_integer(request->input, "MaxResults",
					     (json_int_t)VERSIONS_PAGE_MAX);
	AUTO_SECRET secret = { 0 };
	if (request_find_secret(db, request, true, &secret, err) != 0)
		return -1;

	SP_AUTO_BUFFER list = { 0 };
	SP_AUTO_FREE char *after = NULL;
	sp_buffer_format(&list, "ListSecretVersionIds|%s|%d", secret.arn, deprecated);
	const unsigned char *key = request->context->token_key;
	if (token != NULL && page_token_read(key, sp_buffer_text(&list), token, &after, err) != 0)
		return sp_fail(err, SP_UNTRUSTED, "NextToken was not given out for this list");

	/* One more than asked for, to know whether there is another page. */
	struct secret_version versions[VERSIONS_PAGE_MAX + 1];
	size_t count;
	if (secret_versions_list(db, secret.arn, deprecated, after, versions, max + 1, &count,
				 err) != 0)
		return -1;
	json_t *array = json_array();
	for (size_t i = 0; i < count && i < max; i++)
		json_array_append_new(array, version_to_json(&versions[i]));
	if (count > max) {
		SP_AUTO_FREE char *next =
			page_token_make(key, sp_buffer_text(&list), versions[max - 1].id);
		sp_json_set_text(request->output, "NextToken", next);
	}
	for (size_t i = 0; i < count; i++)
		secret_version_finish(&versions[i]);
	json_object_set_new(request->output, "Versions", array);
	request_reply_secret(request, &secret);
	return 0;
}

void list_secret_version_ids(struct api_call *call)
{
	request_read(call, list_versions);
}

/* ---- UpdateSecretVersionStage ---- */

static int move_stage(struct db *db, void *ctx, struct sp_error *err)
{
	struct request *request = ctx;
	const char *stage = sp_json_string(request->input, "VersionStage");
	const char *from = sp_json_string(request->input, "RemoveFromVersionId");
	const char *to = sp_json_string(request->input, "MoveToVersionId");
	AUTO_SECRET secret = { 0 };
	if (from == NULL && to == NULL)
		return sp_fail(err, SP_INVALID,
			       "either RemoveFromVersionId or MoveToVersionId is needed");
	if (request_find_secret(db, request, false, &secret, err) != 0 ||
	    secret_versions_move_stage(db, secret.arn, stage, from, to, err) != 0 ||
	    request_touch_secret(db, request, &secret, err) != 0)
		return -1;
	request_reply_secret(request, &secret);
	return 0;
}

void update_secret_version_stage(struct api_call *call)
{
	request_write_value(call, move_stage);
}
