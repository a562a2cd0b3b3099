#include <assert.h>
#include <string.h>

#include "base/arn.h"
#include "base/clock.h"
#include "base/scope.h"
#include "base/text.h"
#include "service/secretsmanager/request.h"

static_assert((int)API_VALUES_MAX >= (int)SECRET_STAGES_MAX,
	      "all stages of a request are asked for");

struct search {
	const char *id;
	char *arn; /* owned by the caller; NULL: there is none */
};

static int find(struct db *db, void *ctx, struct sp_error *err)
{
	struct search *search = ctx;
	AUTO_SECRET secret = { 0 };
	if (secrets_find(db, search->id, sp_now_ms(), &secret, err) != 0)
		return -1;
	search->arn = sp_take_pointer(&secret.arn);
	return 0;
}

static char *find_secret(const struct service_context *context, const char *id)
{
	struct search search = { .id = id };
	struct sp_error err = { 0 };
	return store_read(context->store, find, &search, &err) == 0 ? search.arn : NULL;
}

void secret_resolve(void *context, const struct api_operation *operation, json_t *input)
{
	(void)operation;
	const char *id = sp_json_string(input, "SecretId");
	SP_AUTO_FREE char *arn = id == NULL ? NULL : find_secret(context, id);
	if (arn != NULL)
		sp_json_set_text(input, "SecretId", arn);
}

/* What operations say of stages. Those that are not here have no such key, whatever a request has besides its members. */
static const struct {
	const char *operation, *member;
	const char *otherwise; /* NULL: nothing */
	const char *instead;   /* who has this member asks for no stage; NULL: there is none */
} stage_members[] = {
	{ "GetSecretValue", "VersionStage", SECRET_CURRENT, "VersionId" },
	{ "PutSecretValue", "VersionStages", SECRET_CURRENT, NULL },
	{ "UpdateSecretVersionStage", "VersionStage", NULL, NULL },
};

static size_t list_values(const json_t *member, const char *otherwise,
			  const char *out[API_VALUES_MAX])
{
	size_t count = json_array_size(member);
	for (size_t i = 0; i < count && i < API_VALUES_MAX; i++)
		out[i] = json_string_value(json_array_get(member, i));
	if (count > 0)
		return count;
	out[0] = json_is_string(member) ? json_string_value(member) : otherwise;
	return out[0] == NULL ? 0 : 1;
}

size_t secret_list_stages(const struct api_operation *operation, const json_t *input,
			  enum access_fact *out_key, const char *out[API_VALUES_MAX])
{
	*out_key = ACCESS_VERSION_STAGE;
	for (size_t i = 0; i < SP_COUNT_OF(stage_members); i++) {
		if (strcmp(operation->name, stage_members[i].operation) != 0)
			continue;
		const char *instead = stage_members[i].instead;
		bool by_other = instead != NULL && json_object_get(input, instead) != NULL;
		return list_values(json_object_get(input, stage_members[i].member),
				   by_other ? NULL : stage_members[i].otherwise, out);
	}
	return 0;
}

char *secret_find_arn(void *context, const json_t *input, const char *kind, const char *value)
{
	const struct service_context *service = context;
	(void)input;
	if (sp_text_starts_with(value, "arn:"))
		return NULL; /* of one that there is, or of none: secret_resolve() */
	char *arn = find_secret(service, value);
	if (arn != NULL)
		return arn;
	/* One that is yet to be made, whose last six characters nobody knows: "name-*" and "name-??????" fit it. */
	return sp_arn_format("secretsmanager", service->region, service->account, "%s%.512s-??????",
			     kind, value);
}
